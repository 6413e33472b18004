"""Payloads that only agent and worker can read, with the codec of Temporal's own samples, over a rotation of keys."""
import base64
import json
import unittest

from site_of_tests import Site

CONFIG = """
[device]
name = "site"
[temporal]
address = "http://127.0.0.1:<temporal>"
signals_per_second = 0
encryption = [{ key_id = "k1", key_file = "<folder>/k1.key" }, { key_id = "k2", key_file = "<folder>/k2.key" }]
[mqtt]
url = "mqtt://127.0.0.1:<broker>"
[rule.hot]
topic = "hot/{device}"
[rule.hot.start]
workflow = "Overheat"
id = "hot-{topic.device}"
args = ["{payload}"]
memo = { place = "{payload.place}" }
result_to.topic = "answer"
[rule.watch]
topic = "watch/{device}"
signal_with_start = { workflow = "DeviceWatch", id = "watch-{topic.device}", start_args = ["{topic.device}"], name = "seen", args = ["{payload}"] }
[rule.merged]
topic = "merged/{device}"
signal = { id = "watch-{topic.device}", name = "many", args = ["{payload}"], merge = "list" }
"""
SECRET = "attic-4711"


class Encryption(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.site = Site(CONFIG, keys={"k1": b"1" * 32, "k2": b"2" * 32},
                        worker_env={"WORKER_CODEC_KEYS": "k2=<folder>/k2.key,k1=<folder>/k1.key"})
        cls.addClassCleanup(cls.site.stop)

    def history(self, workflow):
        """As the server has it."""
        return json.dumps(self.site.temporal.history(workflow))

    def test_both_directions(self):
        answers = self.site.listen("answer")
        self.addCleanup(answers.stop)
        self.site.publish("hot/oven", {"device": SECRET, "temperature": 90.5, "place": SECRET})
        self.site.until(lambda: self.site.temporal.describe("hot-oven"), "the workflow")
        self.assertEqual(self.site.result("hot-oven"), {"alert": f"notified: {SECRET} reads 90.5", "temperature": 90.5})
        self.assertEqual(json.loads(answers.wait()[0])["temperature"], 90.5)
        self.assertEqual(self.site.describe("hot-oven")["details"]["memo"]["place"], SECRET)
        keys = self.keys_in("hot-oven")
        self.assertEqual(keys, {"k1", "k2"}, "the agent's and the worker's")
        self.assertNotIn(SECRET, self.decoded("hot-oven"))

    def test_signals_queries_and_what_waits_merged(self):
        self.site.publish("watch/d1", {"n": SECRET})
        self.site.until(lambda: self.site.temporal.describe("watch-d1"), "the workflow")
        self.site.temporal.stop()
        for number in range(3):
            self.site.publish("merged/d1", {"n": number, "place": SECRET})
        self.site.until(lambda: self.site.entries() >= 1, "the signals to wait")
        stored = b"".join(file.read_bytes() for file in self.site.agent.state.glob("sundial.db*"))
        self.assertNotIn(f'"place":"{SECRET}"'.encode(), stored)
        self.site.temporal.start()
        self.site.until(lambda: self.site.entries() == 0, "the signals to arrive")
        seen = self.site.until(lambda: self.events("watch-d1"), "the events")
        merged = [one for name, *arguments in seen[1:] for one in arguments[0]]
        self.assertEqual([one["n"] for one in merged], [0, 1, 2])
        self.site.signal("watch-d1", "close", SECRET)
        self.assertEqual(self.site.result("watch-d1")["events"][-1], ["close", SECRET])
        self.assertNotIn(SECRET, self.decoded("watch-d1"))

    def events(self, workflow):
        seen = self.site.query(workflow, "events")["result"]
        return seen if sum(len(arguments[0]) for name, *arguments in seen[1:]) == 3 else None

    def test_a_rotation_of_keys(self):
        before = self.site.start("Versioned", SECRET)
        self.assertEqual(self.site.result(before), f"hello {SECRET}")
        config = self.site.agent.config.read_text()
        both = ('[{ key_id = "k2", key_file = "%s/k2.key" }, { key_id = "k1", key_file = "%s/k1.key" }]'
                % (self.site.folder.path, self.site.folder.path))
        start, rest = config.split("encryption = ", 1)
        self.site.agent.config.write_text(start + "encryption = " + both + "\n" + rest.split("\n", 1)[1])
        self.addCleanup(self.restart_with, config)
        self.site.agent.stop()
        self.site.agent.start()
        after = self.site.start("Versioned", SECRET)
        self.assertEqual(self.site.result(after), f"hello {SECRET}")
        self.assertEqual(self.keys_in(after), {"k2"})
        self.assertEqual(self.site.result(before), f"hello {SECRET}", "what an older key encrypted")

    def restart_with(self, config):
        self.site.agent.stop()
        self.site.agent.config.write_text(config)
        self.site.agent.start()

    def payloads(self, workflow):
        found = []

        def walk(value):
            if isinstance(value, dict):
                if set(value) >= {"metadata", "data"} and "encoding" in value["metadata"]:
                    found.append(value)
                for member in value.values():
                    walk(member)
            elif isinstance(value, list):
                for member in value:
                    walk(member)
        walk(self.site.temporal.history(workflow))
        return found

    def keys_in(self, workflow):
        return {base64.b64decode(payload["metadata"]["encryption-key-id"]).decode() for payload in self.payloads(workflow)
                if "encryption-key-id" in payload["metadata"]}

    def decoded(self, workflow):
        return " ".join(base64.b64decode(payload["data"]).decode(errors="replace") for payload in self.payloads(workflow))


if __name__ == "__main__":
    unittest.main()

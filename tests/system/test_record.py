"""`sundial record`: what it takes from a live agent replays to what that agent decided; and from a broker alone."""
import json
import subprocess
import time
import unittest

from support import PATIENCE, Agent, Folder, Mosquitto, Program, free_port, required, wait_for

CONFIG = """
[device]
name = "recorded"
[temporal]
address = "http://127.0.0.1:{temporal}"
[mqtt]
url = "mqtt://127.0.0.1:{broker}"
[rule.hot]
topic = "sensors/{{device}}/t"
when = "payload.t > 80"
cooldown = "300ms"
start = {{ workflow = "Hot", args = ["{{payload}}", "{{now}}", "{{message.time}}"] }}
[rule.held]
topic = "sensors/{{device}}/t"
when = "payload.t > 50"
hold = "200ms"
start = {{ workflow = "Held", args = ["{{payload.t}}", "{{message.id}}"] }}
[rule.batch]
topic = "sensors/+/t"
window = {{ count = 7, timeout = "400ms" }}
collect = {{ all = "list(payload.t)", mean = "avg(payload.t)" }}
start = {{ workflow = "Batch", args = ["{{window.all}}", "{{window.mean}}", "{{window.start}}"] }}
[rule.sum]
topic = "sensors/{{device}}/t"
window = {{ every = "1s", over = "2s" }}
collect = {{ sum = "sum(payload.t)" }}
signal = {{ id = "sum-{{topic.device}}", name = "sum", args = ["{{window.sum}}", "{{window.end}}"] }}
[rule.lost]
topic = "sensors/{{device}}/t"
silent_for = "700ms"
signal = {{ id = "watch", name = "lost", args = ["{{topic.device}}", "{{now}}"] }}
back = {{ signal = {{ id = "watch", name = "found", args = ["{{topic.device}}"] }} }}
"""


class Record(unittest.TestCase):
    def setUp(self):
        self.folder = Folder()
        self.broker = Mosquitto(self.folder.path)
        self.programs = []

    def tearDown(self):
        for program in self.programs:
            program.stop()
        self.broker.stop()
        self.folder.close()

    def record(self, *arguments):
        """The recording's file, once it goes on."""
        file = self.folder.path / f"recording{len(self.programs)}.jsonl"
        program = Program(["sh", "-c", 'exec "$@" 2>"$0.err" >"$0"', str(file), required("SUNDIAL_BINARY"), "record",
                           *arguments], self.folder.path / "record.log")
        self.programs.append(program)
        return file, program

    def lines(self, file):
        return [json.loads(line) for line in file.read_text().splitlines()] if file.exists() else []

    def decided(self, agent):
        status, answer = agent.http.call("GET", "/api/v1/outbox?limit=1000")
        self.assertEqual(status, 200)
        return [(item["decided"], item["origin"]["id"], item["origin"]["key"],
                 json.dumps({"kind": item["kind"], **item["action"]})) for item in answer["items"]]

    def test_what_a_live_agent_heard_replays_to_what_it_decided(self):
        agent = Agent(self.folder.path, CONFIG.format(temporal=free_port(), broker=self.broker.port)).start()
        self.programs.append(agent.program)
        file, recorder = self.record("--server", f"http://127.0.0.1:{agent.port}")
        wait_for(lambda: self.lines(file), "the first line")
        self.assertIs(self.lines(file)[0]["away"], False)
        sent = 0
        for turn in range(12):
            readings = [f'{{"t": {(turn * 37 + n * 13) % 100}}}' for n in range(turn % 4 + 1)]
            self.broker.publish_lines(f"sensors/{'ab'[turn % 2]}/t", readings)
            sent += len(readings)
            time.sleep(0.06 * (turn % 5))
        heard = lambda: sum("topic" in line for line in self.lines(file))
        wait_for(lambda: heard() == sent, f"{sent} lines, also of what no rule kept")

        # Until all that the recording will lead to has been decided: three seconds hold every timer.
        replay = subprocess.run([required("SUNDIAL_BINARY"), "replay", str(file), "--config", str(agent.config)],
                                capture_output=True, text=True, timeout=PATIENCE)
        self.assertEqual(replay.returncode, 0, replay.stderr)
        wanted = [(line["time"], line["rule"], line["key"], json.dumps(line["action"]))
                  for line in map(json.loads, replay.stdout.splitlines())]
        self.assertGreater(len({rule for _, rule, _, _ in wanted}), 4)
        wait_for(lambda: len(self.decided(agent)) >= len(wanted), "the decisions")
        self.assertEqual(self.decided(agent), wanted)
        # When the recorder is gone, what no rule keeps costs nothing again.
        recorder.stop()

    def test_only_the_topics_that_were_asked_for(self):
        agent = Agent(self.folder.path, CONFIG.format(temporal=free_port(), broker=self.broker.port)).start()
        self.programs.append(agent.program)
        file, _ = self.record("--server", f"http://127.0.0.1:{agent.port}", "--topic", "sensors/b/#")
        wait_for(lambda: self.lines(file), "the first line")
        self.broker.publish("sensors/a/t", '{"t": 1}')
        self.broker.publish("sensors/b/t", '{"t": 2}')
        wait_for(lambda: len(self.lines(file)) > 1, "the message")
        line = self.lines(file)[1]
        self.assertEqual((line["topic"], line["payload"], line["qos"], line["retained"]), ("sensors/b/t", '{"t": 2}', 1, False))

    def test_straight_from_a_broker(self):
        self.broker.publish("kept/x", "old", retain=True)
        file, recorder = self.record("--broker", f"mqtt://127.0.0.1:{self.broker.port}", "--topic", "kept/+", "--topic",
                                     "+/x", "--topic", "bytes")
        wait_for(lambda: self.lines(file), "what is retained")
        subprocess.run(["mosquitto_pub", "-V", "5", "-p", str(self.broker.port), "-t", "kept/x", "-m", "ü\n", "-q", "1",
                        "-D", "publish", "user-property", "unit", "C", "-D", "publish", "content-type", "text/plain"],
                       check=True, timeout=PATIENCE)
        self.broker.publish("other", "unheard")
        subprocess.run(["mosquitto_pub", "-p", str(self.broker.port), "-t", "bytes", "-s"], input=b"\xff\x00", check=True,
                       timeout=PATIENCE)
        wait_for(lambda: len(self.lines(file)) >= 3, "three lines")
        old, text, raw = self.lines(file)
        self.assertTrue(old["retained"])
        self.assertEqual(text["payload"], "ü\n")
        self.assertEqual(text["properties"], {"content_type": "text/plain", "user": {"unit": "C"}})
        self.assertEqual(raw["payload_base64"], "/wA=")
        self.broker.restart()
        wait_for(lambda: [line["away"] for line in self.lines(file) if "away" in line] == [True, False], "the absence")
        self.assertTrue(recorder.running())

    def test_what_cannot_be_recorded_is_said(self):
        run = lambda *arguments: subprocess.run([required("SUNDIAL_BINARY"), "record", *arguments], capture_output=True,
                                                text=True, timeout=PATIENCE)
        self.assertEqual(run("--broker", f"mqtt://127.0.0.1:{free_port()}").returncode, 69)
        self.assertEqual(run("--server", f"http://127.0.0.1:{free_port()}").returncode, 69)
        self.assertEqual(run("--broker", "http://x").returncode, 64)
        wrong = run("--broker", "mqtt://127.0.0.1:1", "--topic", "a/#/b")
        self.assertEqual(wrong.returncode, 64)
        self.assertIn("last level", wrong.stderr)


if __name__ == "__main__":
    unittest.main()

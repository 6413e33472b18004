"""What was acknowledged happens once: real processes killed, cut off, starved of disk, and given ruins to start from."""
import base64
import contextlib
import json
import os
import random
import shutil
import sqlite3
import subprocess
import sys
import threading
import time
import unittest

from proxy import Proxy
from support import PATIENCE, ROOT, Agent, Folder, Http, Mosquitto, wait_for

KILLS = int(os.environ.get("SUNDIAL_TEST_KILLS", "8"))

CONFIG = """
[device]
name = "faults-{name}"
[temporal]
address = "http://127.0.0.1:{temporal}"
[mqtt]
url = "mqtt://127.0.0.1:{broker}"
[store]
max_size = "{max_size}"
on_full = "{on_full}"
sync = "{sync}"
[rule.each]
topic = "{topic}"
start = {{ workflow = "Each", args = ["{{payload}}"] }}
{more}
"""


class FakeTemporal:
    """The repository's own fake frontend: it keeps what it was asked for as long as it runs."""

    def __init__(self, folder):
        command = [sys.executable, "-u", str(ROOT / "tests/support/fake_temporal.py")]
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        self.port = int(self.process.stdout.readline())
        self.http = Http(self.port)

    def call(self, path):
        """Asked again where the answer is a fault that was meant for the agent."""
        def answer():
            status, body = self.http.call("GET", "/api/v1/namespaces/default" + path)
            return status == 200 and isinstance(body, dict) and (body, True)
        return wait_for(answer, "the fake Temporal's answer")[0]

    def fault(self, **fault):
        self.http.call("POST", "/fault", fault)

    def count(self):
        return int(self.call("/workflow-count").get("count", 0))

    def payloads(self):
        """The payload of each start, as often as it was started."""
        found = []
        for execution in self.call("/workflows")["executions"]:
            event = self.call(f"/workflows/{execution['execution']['workflowId']}/history")["history"]["events"][0]
            data = event["workflowExecutionStartedEventAttributes"]["input"]["payloads"][0]["data"]
            found.append(json.loads(base64.b64decode(data)))
        return found

    def stop(self):
        self.process.stdin.close()
        self.process.wait(PATIENCE)
        self.process.stdout.close()


class Faults(unittest.TestCase):
    def setUp(self):
        self.folder = Folder()
        self.agents, self.proxies = [], []
        self.broker = Mosquitto(self.folder.path)
        self.temporal = FakeTemporal(self.folder.path)

    def tearDown(self):
        for agent in self.agents:
            agent.stop()
        for proxy in self.proxies:
            proxy.close()
        self.broker.stop()
        self.temporal.stop()
        self.folder.close()

    def agent(self, name="one", start=True, folder=None, **settings):
        settings = {"temporal": self.temporal.port, "broker": self.broker.port, "max_size": "64MiB", "sync": "always",
                    "on_full": "block", "topic": "n/+", "more": "", "name": name, **settings}
        folder = folder or self.folder.path / name
        folder.mkdir(exist_ok=True)
        agent = Agent(folder, CONFIG.format(**settings))
        self.agents.append(agent)
        return agent.start() if start else agent

    def proxy(self, target):
        self.proxies.append(Proxy(target))
        return self.proxies[-1]

    def publish(self, first, count, pad=0):
        self.broker.publish_lines("n/x", [json.dumps({"n": n, "pad": "x" * pad}) for n in range(first, first + count)])

    def expect_each_once(self, count):
        wait_for(lambda: self.temporal.count() >= count, f"{count} workflows", 600)
        wait_for(lambda: self.agents[-1].status()["outbox"]["entries"] == 0, "an empty outbox", 600)
        numbers = sorted(payload["n"] for payload in self.temporal.payloads())
        self.assertEqual(numbers, list(range(count)))

    def test_kills_under_load(self):
        agent = self.agent()
        stop = threading.Event()
        sent = [0]

        def load():
            while not stop.is_set():
                self.publish(sent[0], 20)
                sent[0] += 20
                stop.wait(0.05)

        sensor = threading.Thread(target=load)
        sensor.start()
        try:
            for _ in range(KILLS):
                time.sleep(random.uniform(0.0, 0.6))
                if random.random() < 0.3:
                    self.temporal.fault(kind="drop_after", count=5)
                agent.kill()
                agent.start(ready=random.random() < 0.5)
        finally:
            stop.set()
            sensor.join()
        agent.wait_ready()
        self.expect_each_once(sent[0])

    def test_a_broker_that_restarts_under_load(self):
        self.agent()
        self.publish(0, 200)
        self.broker.restart()
        self.publish(200, 200)
        self.expect_each_once(400)

    def test_links_that_are_cut_and_stall(self):
        to_temporal, to_broker = self.proxy(self.temporal.port), self.proxy(self.broker.port)
        self.agent(temporal=to_temporal.port, broker=to_broker.port)
        for batch in range(6):
            self.publish(batch * 30, 30)
            link = (to_temporal, to_broker)[batch % 2]
            link.cut()
            if batch >= 4:
                link.stall(True)
                time.sleep(1)
                link.stall(False)
                link.cut()
        self.expect_each_once(180)

    def test_answers_that_are_refusals_garbage_or_none(self):
        self.agent()
        for fault in ({"kind": "garbage"}, {"kind": "drop_after"}, {"kind": "drop_before"},
                      {"kind": "status", "status": 503}, {"kind": "status", "status": 401, "code": 16}):
            self.temporal.fault(count=3, **fault)
        self.publish(0, 100)
        self.expect_each_once(100)

    @contextlib.contextmanager
    def small_disk(self):
        """A file system of six megabytes."""
        place = self.folder.path / "small"
        place.mkdir()
        mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=6m", "sundial-test", str(place)], capture_output=True)
        if mounted.returncode != 0:
            self.skipTest("mounting a small file system takes root")
        try:
            yield place
        finally:
            subprocess.run(["umount", "-l", str(place)], check=False)

    def test_a_full_disk_is_said_and_survived(self):
        with self.small_disk() as place:
            agent = self.agent("small", folder=place, max_size="2MiB")
            self.publish(0, 50)
            wait_for(lambda: self.temporal.count() == 50, "the first fifty")
            filler = place / "filler"
            with open(filler, "wb", buffering=0) as file, self.assertRaises(OSError):
                while True:
                    file.write(b"x" * 4096)
            sent = 50
            publishing = threading.Thread(target=self.publish, args=(sent, 3000, 300))
            publishing.start()
            sent += 3000
            wait_for(lambda: agent.http.call("GET", "/readyz")[0] == 503, "the disk to be noticed")
            status, answer = agent.http.call("GET", "/readyz")
            self.assertRegex(answer["reason"], "can't be written|nothing more can be taken in")
            self.assertTrue(agent.program.running())
            filler.unlink()
            publishing.join()
            agent.wait_ready()
            self.expect_each_once(sent)
            agent.stop()

    def test_a_disk_smaller_than_max_size_is_a_full_store(self):
        with self.small_disk() as place:
            to_temporal = self.proxy(self.temporal.port)
            agent = self.agent("small", folder=place, temporal=to_temporal.port, max_size="64MiB")
            to_temporal.refusing = True
            to_temporal.cut()
            publishing = threading.Thread(target=self.publish, args=(0, 4000, 1500))
            publishing.start()
            wait_for(lambda: agent.status()["store"].get("full"), "the disk to be a full store")
            self.assertGreater(shutil.disk_usage(place).free, 0)
            agent.kill()
            agent.start(ready=False)
            to_temporal.refusing = False
            publishing.join()
            self.expect_each_once(4000)
            wait_for(lambda: not agent.status()["store"].get("full"), "room again")
            self.assertNotIn("store.failed", agent.program.log.read_text(), "it was full, not broken")
            agent.stop()

    def test_a_full_store_is_held_for_two_keep_alives(self):
        if not os.environ.get("SUNDIAL_TEST_SLOW_FAULTS"):
            self.skipTest("takes three minutes: SUNDIAL_TEST_SLOW_FAULTS=1 runs it")
        more = '[rule.out]\ntopic = "n/+"\npublish = { topic = "out", payload = "{payload}", qos = 1 }\n'
        to_temporal = self.proxy(self.temporal.port)
        agent = self.agent(temporal=to_temporal.port, max_size="1MiB", more=more)
        to_temporal.refusing = True
        to_temporal.cut()
        threading.Thread(target=self.publish, args=(0, 2000, 600)).start()
        wait_for(lambda: agent.status()["store"].get("full"), "the store to be full")
        held = agent.status()["outbox"]["bytes"]
        self.assertLessEqual(held, 1024 * 1024)
        status, answer = agent.http.call("POST", "/api/v1/messages", {"topic": "n/y", "payload": "{}", "qos": 1})
        self.assertEqual(status, 503, answer)
        time.sleep(65)  # the keep-alive is 30 seconds
        self.assertTrue(agent.program.running())
        self.assertLessEqual(agent.status()["outbox"]["bytes"], 1024 * 1024)
        to_temporal.refusing = False
        self.expect_each_once(2000)
        wait_for(lambda: not agent.status()["store"].get("full"), "room again")

    def test_drop_policies_count_what_they_take(self):
        for on_full, reason in (("drop_oldest", "oldest"), ("drop_newest", "newest"), ("drop_lowest_priority", "priority")):
            with self.subTest(on_full=on_full):
                agent = self.agent(on_full, temporal=1, max_size="1MiB", on_full=on_full, topic=f"{on_full}/+")
                payloads = [json.dumps({"n": n, "pad": "x" * 600}) for n in range(2000)]
                self.broker.publish_lines(f"{on_full}/x", payloads)
                def dropped():
                    for line in agent.http.call("GET", "/metrics")[1].splitlines():
                        if line.startswith(f'sundial_outbox_dropped_total{{reason="{reason}"}}'):
                            return int(float(line.split()[-1]))
                    return 0
                def settled():  # what is too much goes with the transaction behind the one that it came with
                    outbox = agent.status()["outbox"]
                    return outbox["bytes"] <= 1024 * 1024 and dropped() + outbox["entries"] == 2000
                wait_for(settled, "all to be accounted for, and no more kept than may be")
                self.assertGreater(dropped(), 0)
                records = agent.http.call("GET", "/api/v1/outbox?limit=1")[1]["items"]
                oldest = records[0]["number"]
                self.assertEqual(oldest == 1, on_full == "drop_newest", "which ones are left")
                ledger = agent.http.call("GET", "/api/v1/events?limit=50")[1]["items"]
                self.assertTrue(any(entry["what"] == "dropped" and entry["reason"] == reason for entry in ledger), ledger[:3])
                agent.stop()

    def test_two_agents_share_a_topic_and_one_is_killed(self):
        first = self.agent("first", topic="$share/site/n/+")
        self.agent("second", topic="$share/site/n/+")
        self.publish(0, 100)
        first.kill()
        self.publish(100, 100)
        first.start()
        self.publish(200, 100)
        wait_for(lambda: self.temporal.count() >= 300, "300 workflows")
        for agent in self.agents:
            wait_for(lambda: agent.status()["outbox"]["entries"] == 0, "an empty outbox")
        self.assertEqual(sorted(payload["n"] for payload in self.temporal.payloads()), list(range(300)))

    def test_a_database_in_ruins_is_set_aside_and_said(self):
        def zeros(data): return bytes(len(data))
        def garbage(data): return random.Random(1).randbytes(len(data))
        def cut(data): return data[:len(data) // 2]
        def header(data): return b"not a database!!" + data[16:]
        def flips(data):
            damaged = bytearray(data)
            for place in random.Random(2).sample(range(100, len(data)), 60):
                damaged[place] ^= 0xFF
            return bytes(damaged)
        agent = self.agent(temporal=1)
        self.publish(0, 200, 200)
        wait_for(lambda: agent.status()["outbox"]["entries"] == 200, "200 records to wait")
        agent.stop()
        with sqlite3.connect(agent.state / "sundial.db") as database:  # the log alone would mend what is ruined
            database.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        database.close()
        sound = self.folder.path / "sound"
        shutil.copytree(agent.state, sound)
        for ruin in (zeros, garbage, cut, header, flips):
            with self.subTest(ruin=ruin.__name__):
                shutil.rmtree(agent.state)
                shutil.copytree(sound, agent.state)
                database = agent.state / "sundial.db"
                before = ruin(database.read_bytes())
                database.write_bytes(before)
                agent.start()
                aside = [name for name in os.listdir(agent.state) if ".corrupt-" in name and not name.endswith(("-wal", "-shm"))]
                if aside or ruin is not flips:
                    self.assertEqual(len(aside), 1, os.listdir(agent.state))
                    self.assertEqual((agent.state / aside[0]).read_bytes(), before, "kept as it was found")
                    self.assertIn("store.set_aside", agent.program.text())
                else:  # bits within texts: the records that are damaged are left out, and that is said
                    wait_for(lambda: "store.damaged" in agent.program.text(), "the damage to be said")
                self.publish(1000, 3)
                wait_for(lambda: agent.status()["outbox"]["entries"] >= 3, "new messages to be taken")
                agent.stop()
                agent.program.log.unlink()


if __name__ == "__main__":
    unittest.main()

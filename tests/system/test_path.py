"""The path from a sensor and a clock to a workflow, with everything that may break on it broken."""
import json
import signal
import sqlite3
import subprocess
import time
import unittest

from support import PATIENCE, Agent, Folder, Mosquitto, Temporal, required, wait_for

CONFIG = """
[device]
name = "path"
[temporal]
address = "http://127.0.0.1:{temporal}"
[mqtt]
url = "mqtt://127.0.0.1:{broker}"
version = {version}
[store]
sync = "always"
[rule.hot]
topic = "sensors/{{device}}/t"
when = "payload.t > 80"
start = {{ workflow = "Hot", args = ["{{payload}}"], task_queue = "nobody" }}
[schedule.tick]
cron = "* * * * * *"
start = {{ workflow = "Tick", args = ["{{schedule.time}}"], task_queue = "nobody" }}
overlap = "allow_all"
paused = {paused}
"""


class Path(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.shared = Folder()
        cls.temporal = Temporal(cls.shared.path)

    @classmethod
    def tearDownClass(cls):
        cls.temporal.stop()
        cls.shared.close()

    def setUp(self):
        self.folder = Folder()
        self.broker = Mosquitto(self.folder.path)

    def tearDown(self):
        self.agent.stop()
        self.broker.stop()
        self.folder.close()
        for execution in self.temporal.workflows():
            if execution["status"] != "WORKFLOW_EXECUTION_STATUS_RUNNING":
                continue
            workflow = execution["execution"]["workflowId"]
            self.temporal.http.call("POST", f"/api/v1/namespaces/default/workflows/{workflow}/terminate", {})

    def start_agent(self, version=5, paused="true"):
        config = CONFIG.format(temporal=self.temporal.http_port, broker=self.broker.port, version=version, paused=paused)
        self.agent = Agent(self.folder.path, config).start()
        return self.agent

    def running(self, kind):
        """How often each argument was started, among what runs."""
        found = self.temporal.workflows(f"WorkflowType = '{kind}' AND ExecutionStatus = 'Running'")
        return sorted(execution["execution"]["workflowId"] for execution in found)

    def readings(self):
        """The readings that arrived, one number for each workflow that runs."""
        values = []
        for workflow in self.running("Hot"):
            started = self.temporal.events(workflow, "WORKFLOW_EXECUTION_STARTED")[0]
            payload = started["workflowExecutionStartedEventAttributes"]["input"]["payloads"][0]
            values.append(payload)
        return values

    def test_a_reading_beyond_the_threshold_starts_one_workflow(self):
        for version in (3, 5):
            with self.subTest(version=version):
                self.start_agent(version)
                before = len(self.running("Hot"))
                self.broker.publish("sensors/a/t", '{"t": 21}')
                self.broker.publish("sensors/a/t", '{"t": 91}')
                wait_for(lambda: len(self.running("Hot")) == before + 1, "the workflow")
                self.assertEqual(self.agent.status()["outbox"]["entries"], 0)
                self.agent.stop()

    def heard(self, topic):
        """The first message on this topic, a retained one at once."""
        return subprocess.run(["mosquitto_sub", "-p", str(self.broker.port), "-t", topic, "-C", "1", "-W", "120"],
                              capture_output=True, text=True, check=True, timeout=PATIENCE).stdout.strip()

    def test_it_tells_the_broker_how_it_is(self):
        self.start_agent()
        self.assertEqual(self.heard("sundial/path/status"), "online")
        health = json.loads(self.heard("sundial/path/health"))
        self.assertEqual(sorted(health), ["clock", "outbox", "ready", "store", "temporal", "time", "uptime_seconds", "version"])
        self.assertTrue(health["ready"])
        self.assertEqual(health["outbox"], {"entries": 0, "oldest_seconds": 0, "dead": 0})
        self.assertEqual(health["version"], self.agent.status()["version"])
        first = health["time"]
        self.broker.restart()  # told anew on each connection
        wait_for(lambda: json.loads(self.heard("sundial/path/health"))["time"] > first, "health on the new connection")
        self.agent.kill()
        wait_for(lambda: self.heard("sundial/path/status") == "offline", "the last will")

    def test_a_schedule_fires_each_second_once(self):
        self.start_agent(paused="false")
        wait_for(lambda: len(self.running("Tick")) >= 3, "three ticks")
        ids = self.running("Tick")
        self.assertEqual(len(ids), len(set(ids)))
        self.assertTrue(all(workflow.startswith("tick-20") and workflow.endswith("Z") for workflow in ids), ids)

    def test_kills_lose_and_double_nothing(self):
        self.start_agent()
        sent = 0
        for kill in range(20):
            batch = 10
            self.broker.publish_lines("sensors/a/t", [f'{{"t": {100 + sent + n}}}' for n in range(batch)])
            sent += batch
            time.sleep(0.01 * (kill % 7))  # another instant of the work each time
            self.agent.kill()
            self.agent.start(ready=kill % 2 == 0)
        self.agent.wait_ready()
        wait_for(lambda: len(self.running("Hot")) >= sent, f"{sent} workflows")
        time.sleep(1)  # a second effect would come now
        self.assertEqual(len(self.running("Hot")), sent)
        values = [payload["data"] for payload in self.readings()]
        self.assertEqual(len(set(values)), sent)

    def test_a_broker_that_restarts_is_found_again(self):
        self.start_agent()
        self.broker.stop()
        wait_for(lambda: not self.agent.status()["mqtt"]["connected"], "the loss to be seen")
        self.broker.start()
        self.agent.wait_ready()
        self.broker.publish("sensors/a/t", '{"t": 99}')
        wait_for(lambda: len(self.running("Hot")) == 1, "the workflow")

    def test_what_happens_while_temporal_is_down_arrives_later(self):
        self.start_agent()
        self.temporal.stop()
        for reading in range(5):
            self.broker.publish("sensors/a/t", f'{{"t": {90 + reading}}}')
        wait_for(lambda: self.agent.status()["outbox"]["entries"] == 5, "five records to wait")
        self.assertEqual(self.agent.http.call("GET", "/readyz")[0], 200)
        self.temporal.start()
        wait_for(lambda: len(self.running("Hot")) == 5, "five workflows")
        wait_for(lambda: self.agent.status()["temporal"]["reachable"], "the link to be seen")

    def test_it_stops_within_five_seconds_and_loses_nothing(self):
        self.start_agent()
        self.broker.publish("sensors/a/t", '{"t": 99}')
        # An alarm of its own ends it before five seconds are over, whatever it waits for.
        self.assertEqual(self.agent.stop(), 0)
        # Whether the message came before the stop or waits at the broker: it arrives, once.
        self.agent.start()
        wait_for(lambda: len(self.running("Hot")) == 1, "the workflow")

    def test_a_backup_is_made_while_it_runs(self):
        self.start_agent()
        self.broker.publish("sensors/a/t", '{"t": 99}')
        wait_for(lambda: len(self.running("Hot")) == 1, "the workflow")
        copy = self.folder.path / "copy.db"
        answer = subprocess.run([required("SUNDIAL_BINARY"), "backup", "--config", str(self.agent.config), "--state",
                                 str(self.agent.state), str(copy)], capture_output=True, text=True, timeout=PATIENCE)
        self.assertEqual(answer.returncode, 0, answer.stderr)
        self.assertEqual(copy.stat().st_mode & 0o777, 0o600)
        with sqlite3.connect(copy) as database:
            self.assertEqual(database.execute("PRAGMA integrity_check").fetchone()[0], "ok")
            self.assertGreater(database.execute("SELECT count(*) FROM ledger").fetchone()[0], 0)
        nowhere = subprocess.run([required("SUNDIAL_BINARY"), "backup", "--config", str(self.agent.config), "--state",
                                  str(self.folder.path / "none"), str(copy)], capture_output=True, text=True, timeout=PATIENCE)
        self.assertEqual(nowhere.returncode, 2)

    def test_a_second_agent_is_refused_and_told_who_holds_the_state(self):
        self.start_agent()
        second = Agent(self.folder.path, self.agent.config.read_text())
        second.start(ready=False)
        self.assertEqual(second.program.wait(), 1)
        self.assertIn(str(self.agent.program.process.pid), second.program.text())
        self.assertTrue(self.agent.program.running())

    def test_a_reload_takes_over_without_a_gap(self):
        self.start_agent()
        rule = lambda: self.agent.http.call("GET", "/api/v1/rules/hot")[1]["counters"]
        self.broker.publish("sensors/a/t", '{"t": 1}')  # turned away before it costs a write, and counted
        wait_for(lambda: rule()["matched"] == 1, "the message to be counted")
        text = self.agent.config.read_text()
        self.agent.config.write_text(text.replace("payload.t > 80", "payload.t > 10"))
        self.agent.program.signal(signal.SIGHUP)
        wait_for(lambda: "reload.done" in self.agent.program.text(), "the reload")
        self.broker.publish("sensors/a/t", '{"t": 20}')
        wait_for(lambda: len(self.running("Hot")) == 1, "the workflow")
        self.agent.config.write_text(text.replace("payload.t > 80", "payload.t >"))
        self.agent.program.signal(signal.SIGHUP)
        wait_for(lambda: "reload.refused" in self.agent.program.text(), "the refusal")
        self.broker.publish("sensors/a/t", '{"t": 20}')
        wait_for(lambda: len(self.running("Hot")) == 2, "the workflow")
        self.assertEqual((rule()["matched"], rule()["fired"]), (3, 2), "a reload takes no figure back")


if __name__ == "__main__":
    unittest.main()

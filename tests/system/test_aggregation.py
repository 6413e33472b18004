"""The aggregation patterns of the guide, each on a real broker, a real Temporal and a real worker."""
import json
import unittest

from support import Agent, Folder, Mosquitto, Temporal, Worker, wait_for

CONFIG = """
[device]
name = "aggregation"
[temporal]
address = "http://127.0.0.1:{temporal}"
task_queue = "sundial"
signals_per_second = 0
[mqtt]
url = "mqtt://127.0.0.1:{broker}"

# A threshold of five, a timeout, a stop.
[rule.batch]
topic = "events/{{device}}"
window = {{ count = 5, timeout = "2s", close_when = "payload.type == 'stop'" }}
collect = {{ messages = "list(payload.message)" }}
start = {{ workflow = "Batch", id = "batch-{{topic.device}}", args = ["{{window.messages}}"] }}

# The same by the lab's workflow: it counts the signals itself, and a stop ends it.
[rule.lab]
topic = "lab/{{task}}"
when = "payload.type != 'stop'"
signal_with_start = {{ workflow = "CronWorkflow", id = "lab-{{topic.task}}", start_args = ["{{topic.task}}"], name = "add_message", args = ["{{payload.message}}"] }}
[rule.lab-stop]
topic = "lab/{{task}}"
when = "payload.type == 'stop'"
signal = {{ id = "lab-{{topic.task}}", name = "stop_processing" }}

# A complex condition: several readings together, and what has been before.
[rule.overload]
topic = "power/{{meter}}"
when = "has(payload.watts) && payload.watts >= 0"
window = {{ count = 3 }}
collect = {{ mean = "avg(payload.watts)", peak = "max(payload.watts)", sources = "distinct(payload.source)" }}
having = "(window.mean > 1000.0 || window.peak > 5000) && window.sources >= 2"
clear_when = "window.mean < 500.0"
start = {{ workflow = "Overheat", id = "overload-{{topic.meter}}", args = [{{ device = "{{topic.meter}}", temperature = "{{window.mean}}" }}] }}

# Batches of ten, or five minutes.
[rule.tens]
topic = "meters/{{meter}}"
window = {{ count = 10, timeout = "5m" }}
collect = {{ readings = "list(payload)" }}
signal_with_start = {{ workflow = "DeviceWatch", id = "meter-{{topic.meter}}", start_args = ["{{topic.meter}}"], name = "readings", args = ["{{window.readings}}"] }}

# A coordinator: one message names the workflows that are to hear of it.
[rule.coordinator]
topic = "alerts/{{site}}"
signal = {{ each = "payload.targets", id = "{{each}}", name = "add_message", args = ["{{payload.text}}"] }}
"""


class Aggregation(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = Folder()
        cls.temporal = Temporal(cls.folder.path)
        cls.worker = Worker(cls.folder.path, cls.temporal)
        cls.broker = Mosquitto(cls.folder.path)
        cls.agent = Agent(cls.folder.path, CONFIG.format(temporal=cls.temporal.http_port, broker=cls.broker.port)).start()

    @classmethod
    def tearDownClass(cls):
        cls.agent.stop()
        cls.broker.stop()
        cls.worker.stop()
        cls.temporal.stop()
        cls.folder.close()

    def publish(self, topic, *payloads):
        self.broker.publish_lines(topic, [json.dumps(payload) for payload in payloads])

    def result(self, workflow):
        return wait_for(lambda: self.temporal.result(workflow), f"the result of {workflow}")

    def messages(self, *texts):
        return [{"type": "status", "message": text} for text in texts]

    def test_a_threshold_of_five(self):
        self.publish("events/five", *self.messages("a", "b", "c", "d", "e"))
        self.assertEqual(self.result("batch-five"), {"count": 5, "readings": ["a", "b", "c", "d", "e"]})

    def test_a_timeout_sends_what_came(self):
        self.publish("events/few", *self.messages("a", "b"))
        self.assertEqual(self.result("batch-few"), {"count": 2, "readings": ["a", "b"]})

    def test_a_stop_closes_early(self):
        self.publish("events/stop", *self.messages("a"), {"type": "stop", "message": "z"})
        self.assertEqual(self.result("batch-stop"), {"count": 2, "readings": ["a", "z"]})

    def test_the_labs_workflow_counts_to_five(self):
        self.publish("lab/count", *self.messages("1", "2", "3", "4", "5"))
        result = self.result("lab-count")
        self.assertEqual((result["task"], result["messages"]), ("count", ["1", "2", "3", "4", "5"]))

    def test_the_labs_workflow_is_stopped(self):
        self.publish("lab/halt", *self.messages("1", "2"), {"type": "stop"})
        self.assertEqual(self.result("lab-halt")["messages"], ["1", "2"])

    def test_a_complex_condition(self):
        readings = lambda *watts: [{"watts": each, "source": "ab"[n % 2]} for n, each in enumerate(watts)]
        # Calm; high but of one source; then all of it together, and once only until it is calm again.
        self.publish("power/house", *readings(100, 200, 300), *[{"watts": 9000, "source": "a"}] * 3, {"source": "a"},
                     *readings(900, 1200, 1500), *readings(2000, 2000, 2000))
        self.assertEqual(self.result("overload-house")["temperature"], 1200.0)
        self.publish("power/house", *readings(100, 100, 100), *readings(6000, 10, 20))
        started = lambda: [each for each in self.temporal.workflows("WorkflowId = 'overload-house'")]
        wait_for(lambda: len(started()) == 2, "the second alarm")

    def test_batches_of_ten(self):
        self.publish("meters/m1", *range(25))
        signals = lambda: self.temporal.events("meter-m1", "WORKFLOW_EXECUTION_SIGNALED")
        wait_for(lambda: len(signals()) == 2, "two batches")
        self.assertEqual(self.agent.http.call("GET", "/api/v1/rules/tens/keys")[1]["items"][0]["window"]["messages"], 5)

    def test_a_coordinator_signals_a_list_of_workflows(self):
        targets = [f"lab-target{n}" for n in range(3)]
        for target in targets:
            self.publish("lab/" + target.removeprefix("lab-"), *self.messages("first"))
            wait_for(lambda: self.temporal.describe(target), target)
        self.publish("alerts/roof", {"targets": targets, "text": "storm"})
        for target in targets:
            self.publish("lab/" + target.removeprefix("lab-"), {"type": "stop"})
            self.assertEqual(self.result(target)["messages"], ["first", "storm"])


if __name__ == "__main__":
    unittest.main()

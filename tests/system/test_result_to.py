"""`result_to`: the workflow's end comes back as a message, over outages of all three others."""
import json
import unittest

from site_of_tests import Site

CONFIG = """
[device]
name = "site"
[temporal]
address = "http://127.0.0.1:<temporal>"
task_queue = "sundial"
[mqtt]
url = "mqtt://127.0.0.1:<broker>"
[rule.ask]
topic = "ask/{device}"
[rule.ask.start]
workflow = "{payload.workflow}"
args = ["{payload.argument}"]
id = "ask-{payload.id}"
result_to.topic = "answer/{topic.device}"
result_to.payload = { id = "{payload.id}", status = "{status}", result = "{result}" }
[rule.plain]
topic = "plain"
start = { workflow = "Versioned", args = ["{payload.device}"], result_to = { topic = "plain/answer" } }
"""


class ResultTo(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.site = Site(CONFIG)
        cls.addClassCleanup(cls.site.stop)

    def setUp(self):
        self.answers = self.site.listen("answer/+")
        self.addCleanup(self.answers.stop)

    def ask(self, name, workflow, argument):
        self.site.publish("ask/oven", {"id": name, "workflow": workflow, "argument": argument})

    def heard(self, count=1):
        return [json.loads(line) for line in self.answers.wait(count)]

    def test_a_result_is_published(self):
        self.ask("1", "Versioned", "oven")
        self.assertEqual(self.heard(), [{"id": "1", "status": "completed", "result": "hello oven"}])

    def test_a_failure_is_published_as_the_error_object(self):
        self.ask("2", "Failing", {"final": True, "type": "TooHot"})
        answer, = self.heard()
        self.assertEqual(answer["status"], "failed")
        self.assertEqual(answer["result"]["type"], "failed")
        self.assertEqual(answer["result"]["cause"]["cause"]["type"], "TooHot")

    def test_text_goes_as_that_text(self):
        plain = self.site.listen("plain/answer")
        self.addCleanup(plain.stop)
        self.site.publish("plain", {"device": "fan"})
        self.assertEqual(plain.wait(), ["hello fan"])

    def test_a_start_over_http_has_it_too(self):
        self.site.start("Versioned", "pump", id="http-1", result_to={"topic": "answer/http", "payload": "{status} {result}"})
        self.assertEqual(self.answers.wait(), ["completed hello pump"])

    def test_it_survives_a_kill_while_the_workflow_runs_and_one_while_the_broker_is_away(self):
        names = {f"kill-{number}" for number in range(20)}
        for name in names:
            self.ask(name, "TimerOrSignal", 600)
        self.site.until(lambda: self.site.entries() == 0 and self.site.temporal.describe("ask-kill-19"), "the starts")
        self.site.agent.kill()
        self.site.agent.start()
        self.site.broker.stop()
        for name in sorted(names):
            self.site.signal(f"ask-{name}", "beat", "a friend")
        self.site.until(lambda: self.site.entries() == 20, "the messages to wait for the broker")
        self.site.agent.kill()
        self.site.agent.start(ready=False)
        self.site.broker.start()
        heard = self.heard(20)
        self.assertEqual(sorted(one["id"] for one in heard), sorted(names))
        self.assertEqual({one["result"] for one in heard}, {"signal: a friend"})


if __name__ == "__main__":
    unittest.main()

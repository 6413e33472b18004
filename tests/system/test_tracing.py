"""One trace id from a message's user property, or a call's header, to the activity's log."""
import json
import unittest
import uuid

from patterns import fresh, site


def traceparent():
    trace = uuid.uuid4().hex
    return trace, f"00-{trace}-{uuid.uuid4().hex[:16]}-01"


class Tracing(unittest.TestCase):
    def setUp(self):
        self.site = site()

    def lines(self, program, trace):
        return [line for line in program.text().splitlines() if trace in line]

    def test_from_a_user_property_to_the_activitys_log(self):
        trace, parent = traceparent()
        device = fresh("d")
        self.site.publish(f"traced/{device}", {"device": device, "temperature": 90},
                          [["user-property", "traceparent", parent]])
        self.site.until(lambda: self.site.temporal.describe(f"traced-{device}"), "the workflow")
        self.site.result(f"traced-{device}")
        log, = self.site.until(lambda: self.lines(self.site.worker.program, trace), "the activity's line")
        self.assertIn(f"trace={trace} notify: {device} reads 90", log)
        started = self.site.temporal.events(f"traced-{device}", "WORKFLOW_EXECUTION_STARTED")[0]
        self.assertIn("_tracer-data", started["workflowExecutionStartedEventAttributes"]["header"]["fields"])
        ledger = self.site.api("GET", "/events?origin=rule&id=traced")["items"]
        self.assertTrue(any(trace in json.dumps(entry) for entry in ledger), ledger[:3])
        line = json.loads(self.site.until(lambda: self.lines(self.site.agent.program, trace), "the agent's line")[0])
        self.assertEqual(line["trace"], trace)

    def test_from_headers_of_http(self):
        for start in (self.over_messages, self.over_workflows):
            trace, parent = traceparent()
            start(parent)
            self.site.until(lambda: self.lines(self.site.worker.program, trace), "the activity's line")

    def over_messages(self, parent):
        device = fresh("m")
        self.site.api("POST", "/messages", {"topic": f"traced/{device}", "payload": {"device": device}},
                      headers={"traceparent": parent}, expect=202)

    def over_workflows(self, parent):
        self.site.api("POST", "/workflows", {"workflow": "Overheat", "args": [{"device": "w"}]},
                      headers={"traceparent": parent})

    def test_what_is_no_traceparent_is_left_out(self):
        workflow = self.site.api("POST", "/workflows", {"workflow": "Overheat", "args": [{"device": "w"}]},
                                 headers={"traceparent": "00-" + "0" * 32 + "-" + "1" * 16 + "-01"})["workflow_id"]
        started = self.site.temporal.events(workflow, "WORKFLOW_EXECUTION_STARTED")[0]
        self.assertNotIn("header", {key for key, value in started["workflowExecutionStartedEventAttributes"].items() if value})


if __name__ == "__main__":
    unittest.main()

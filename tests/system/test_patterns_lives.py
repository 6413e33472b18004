"""Temporal's patterns of long lives, each driven by messages, rules, API and command line, and read back the same way."""
import json
import unittest

from patterns import fresh, site


class Lives(unittest.TestCase):
    def setUp(self):
        self.site = site()

    def cleaned_up(self, workflow, device):
        self.assertEqual(self.site.result(workflow, expect=409)["type"], "canceled")
        self.assertIn(f"notified: {device} was switched off", json.dumps(self.site.api("GET", f"/workflows/{workflow}/history")))

    def test_cancelled_by_a_rule_it_cleans_up(self):
        workflow = self.site.start("CleanUp", "pump")
        self.site.publish(f"off/{workflow}", {"why": "too hot"})
        self.cleaned_up(workflow, "pump")
        self.assertIn("too hot", json.dumps(self.site.api("GET", f"/workflows/{workflow}/history")))

    def test_cancelled_over_the_api_it_cleans_up(self):
        workflow = self.site.start("CleanUp", "fan")
        self.site.api("POST", f"/workflows/{workflow}/cancel", {"reason": "holiday"})
        self.cleaned_up(workflow, "fan")

    def test_a_counter_that_continues_as_new_loses_no_reading(self):
        workflow = self.site.start("ReadingCounter", {"each_run": 40})
        first = self.site.describe(workflow)["run_id"]
        self.site.broker.publish_lines(f"count/{workflow}", [str(number) for number in range(300)])
        self.site.until(lambda: self.site.query(workflow, "total")["result"] == 300, "all readings")
        self.assertNotEqual(self.site.describe(workflow)["run_id"], first)
        self.site.signal(workflow, "finish")
        self.assertEqual(self.site.result(workflow), {"count": 300})

    def test_an_entity_lives_as_long_as_its_device(self):
        device = fresh("d")
        workflow = "entity-" + device
        for value in (20.5, 21.0, 22):
            self.site.publish(f"entity/{device}", value)
        self.site.until(lambda: self.site.temporal.describe(workflow), "the entity")
        self.site.until(lambda: self.site.query(workflow, "latest")["result"] == 22, "the last reading")
        self.assertEqual(self.site.update(workflow, "set_threshold", 70.5), {"result": 80.0})
        refused = self.site.update(workflow, "set_threshold", -1, expect=422)
        self.assertIn("above zero", refused["error"]["message"])
        update = ("workflow", "update", "--workflow-id", workflow, "--name", "set_threshold", "--input")
        self.assertEqual(self.site.command(*update, "60").stdout.strip(), "70.5")
        self.assertEqual(self.site.command(*update, "0", check=False).returncode, 1)
        query = self.site.command("workflow", "query", "--workflow-id", workflow, "--name", "latest")
        self.assertEqual(query.stdout.strip(), "22")
        self.site.signal(workflow, "retire")
        self.assertEqual(self.site.result(workflow), {"device": device, "readings": 3, "threshold": 60.0})

    def test_recurring_timers_each_in_its_own_time(self):
        fired = self.site.run("RecurringTimers", {"fast": 0.2, "slow": 0.7})
        self.assertEqual((len(fired), fired[0]), (5, "fast"))
        self.assertGreater(fired.count("fast"), fired.count("slow"))
        self.assertEqual(self.site.run("RecurringTimers", {"often": 0.1, "once": 60}), ["often"] * 5)

    def test_a_timer_against_a_signal(self):
        signalled, timed = self.site.start("TimerOrSignal", 60), self.site.start("TimerOrSignal", 0.5)
        self.site.signal(signalled, "beat", "a friend")
        self.assertEqual(self.site.result(signalled), "signal: a friend")
        self.assertEqual(self.site.result(timed), "timer")

    def test_children_and_one_that_outlives_its_parent(self):
        self.assertEqual(self.site.run("Parent", ["a", "b"]), ["hello from a", "hello from b"])
        parent = self.site.start("ParentOfLasting", 8)
        child = self.site.result(parent)
        self.assertEqual(self.site.describe(parent)["status"], "completed")
        self.assertEqual(self.site.describe(child)["status"], "running")
        self.assertEqual(self.site.result(child), "still here")

    def test_a_patched_workflow(self):
        self.assertEqual(self.site.run("Versioned", "oven"), "hello oven")

    def test_approval_over_the_api_by_a_button_and_by_update(self):
        asked = self.site.start("Approval", "open the door")
        self.assertEqual(self.site.query(asked, "status"), {"result": "waiting"})
        self.site.signal(asked, "approve", "from the page")
        self.assertEqual(self.site.result(asked), {"request": "open the door", "status": "approved", "comment": "from the page"})
        for press, status in (("short", "approved"), ("long", "rejected")):
            pressed = self.site.start("Approval", press)
            self.site.publish(f"button/{pressed}", press)
            self.assertEqual(self.site.result(pressed), {"request": press, "status": status, "comment": "by the button"})
        decided = self.site.start("Approval", "by update")
        self.assertEqual(self.site.update(decided, "decide", True), {"result": "approved"})
        self.assertEqual(self.site.result(decided)["comment"], "by update")


class DeviceAsActivity(unittest.TestCase):
    """The worker's activity waits; the agent makes a command of it, and of the device's replies its end."""

    def setUp(self):
        self.site = site()
        self.device = fresh("valve")
        self.commands = self.site.listen(f"devices/{self.device}/command")
        self.addCleanup(self.commands.stop)

    def ask(self, **more):
        workflow = self.site.start("DeviceCommand", {"device": self.device, "open": True, **more})
        command = json.loads(self.commands.wait()[0])
        self.assertEqual((command["workflow_id"], command["activity_id"], command["open"]), (workflow, "command", True))
        return workflow, {"workflow_id": workflow, "activity_id": "command"}

    def reply(self, **payload):
        self.site.publish(f"devices/{self.device}/reply", payload)

    def test_a_reply_completes_it(self):
        workflow, ids = self.ask()
        self.reply(state="done", result={"position": 90}, **ids)
        self.assertEqual(self.site.result(workflow), {"status": "done", "answer": {"position": 90}})

    def test_a_broken_device_fails_it(self):
        workflow, ids = self.ask()
        self.reply(state="broken", why="the motor is stuck", **ids)
        result = self.site.result(workflow)
        self.assertEqual((result["status"], result["kind"]), ("failed", "ApplicationError"))
        self.assertIn("the motor is stuck", result["reason"])

    def test_heartbeats_keep_it_alive_and_show_how_far_it_is(self):
        workflow, ids = self.ask(silence=60)
        for step in range(5):
            self.reply(state="busy", progress={"step": step}, **ids)
            self.site.until(lambda: f'"step": {step}' in json.dumps(
                self.site.describe(workflow)["details"]["pending_activities"]), f"heartbeat {step}", 3)
        self.reply(state="done", result="open", **ids)
        self.assertEqual(self.site.result(workflow)["answer"], "open")

    def test_a_device_that_says_nothing_times_out(self):
        workflow, ids = self.ask(patience=2)
        result = self.site.result(workflow)
        self.assertEqual((result["status"], result["kind"]), ("failed", "TimeoutError"))
        self.reply(state="done", result="too late", **ids)  # a dead letter, and nothing else
        self.site.until(lambda: any(workflow in json.dumps(one) for one in self.site.api("GET", "/outbox?state=dead")["items"]),
                        "the dead letter")

    def test_the_link_is_cut_in_the_middle(self):
        self.site.broker.stop()
        workflow = self.site.start("DeviceCommand", {"device": self.device, "open": True})
        self.site.until(lambda: self.site.entries() > 0, "the command to wait")
        self.site.broker.start()
        command = json.loads(self.commands.wait()[0])
        self.site.temporal.stop()
        self.reply(state="done", result="open", workflow_id=workflow, activity_id=command["activity_id"])
        self.site.until(lambda: self.site.entries() > 0, "the answer to wait")
        self.site.temporal.start()
        self.assertEqual(self.site.until(lambda: self.site.result_if_there(workflow), "the result", 60),
                         {"status": "done", "answer": "open"})


if __name__ == "__main__":
    unittest.main()

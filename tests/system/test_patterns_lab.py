"""The lab's own patterns: its workflow by trigger, cron and push, batches, a coordinator; and schedules on the device."""
import hashlib
import hmac
import json
import unittest
from datetime import datetime, timedelta, timezone

from patterns import fresh, site
from site_of_tests import quote
from support import PATIENCE


class Lab(unittest.TestCase):
    def setUp(self):
        self.site = site()

    def call(self, method, path, body=None, expect=200, headers=None):
        status, answer = self.site.http.call(method, path, body, headers, timeout=PATIENCE)
        self.assertEqual(status, expect, answer)
        return answer

    def test_five_messages_a_stop_or_thirty_seconds(self):
        five, stopped, waits = fresh("five"), fresh("stopped"), fresh("waits")
        for workflow in (five, stopped, waits):
            self.assertEqual(self.call("POST", f"/trigger-workflow/{workflow}?name=batch"),
                             {"workflow_id": workflow, "status": "started"})
        self.call("POST", f"/trigger-workflow/{five}", expect=400)
        for number in range(5):
            self.call("POST", f"/signal-workflow/{five}?message=m{number}")
        self.assertEqual(self.call("GET", f"/workflow-result/{five}")["messages"], ["m0", "m1", "m2", "m3", "m4"])
        self.call("POST", f"/signal-workflow/{stopped}?message=last")
        self.call("POST", f"/stop-workflow/{stopped}")
        self.assertEqual(self.call("GET", f"/workflow-result/{stopped}")["messages_processed"], 1)
        self.call("POST", f"/signal-workflow/{waits}?message=kept")
        self.assertEqual(self.call("GET", f"/workflow-result/{waits}?wait=1s", expect=202)["status"], "running")
        self.assertEqual(self.call("GET", f"/workflow-result/{waits}?wait=150s")["messages"], ["kept"])
        self.call("POST", f"/signal-workflow/{waits}?message=late", expect=404)

    def test_cron_starts_it(self):
        name = fresh("every-second")
        self.call("POST", f"/schedule-workflow/{name}?cron={quote('* * * * * *')}")
        workflow = self.site.until(lambda: self.site.named("cron-" + name), "the first run")[0]
        self.call("DELETE", f"/schedule-workflow/{name}")
        self.assertRegex(workflow, rf"^cron-{name}-\d{{4}}-\d\d-\d\dT\d\d:\d\d:\d\dZ$")
        self.call("POST", f"/stop-workflow/{workflow}")
        self.assertEqual(self.site.result(workflow)["task"], "Cron Triggered")

    def test_batches_of_ten_until_it_is_stopped(self):
        workflow = self.site.start("BatchWorkflow", "collect", 300)
        for number in range(13):
            self.site.signal(workflow, "add_message", number)
        self.site.signal(workflow, "stop_processing")
        self.assertEqual(self.site.result(workflow)["batches"], [10, 3])

    def test_a_batch_that_is_not_full_goes_after_its_time(self):
        workflow = self.site.start("BatchWorkflow", "collect", 1)
        self.site.signal(workflow, "add_message", "alone")
        self.site.until(lambda: "process_batch" in json.dumps(self.site.api("GET", f"/workflows/{workflow}/history")),
                        "the batch")
        self.site.signal(workflow, "stop_processing")
        self.assertEqual(self.site.result(workflow)["batches"], [1])

    def test_a_coordinator_signals_its_children_and_describe_shows_them(self):
        workflow = self.site.start("Coordinator", {"children": 2, "messages": 5})
        self.site.until(lambda: len(self.site.describe(workflow)["details"]["pending_children"]) == 2, "its children")
        for number in range(5):
            self.site.signal(workflow, "add_message", number)
        self.assertEqual(self.site.result(workflow), {"children": 2, "messages": [5, 5]})

    def test_a_push_deploys(self):
        repository = fresh("site")
        push = {"repository": {"name": repository}, "ref": "refs/heads/main"}
        for _ in range(2):  # no second one while that runs
            self.assertEqual(self.call("POST", "/webhook/github", push, headers={"X-GitHub-Event": "push"}),
                             {"status": "processed"})
        self.call("POST", f"/stop-workflow/deploy-{repository}")
        self.assertEqual(self.site.result(f"deploy-{repository}")["task"], f"Deploy {repository}")
        self.call("POST", "/webhook/github", {}, expect=400, headers={"X-GitHub-Event": "push"})

    def test_a_signed_webhook_starts_what_its_rule_says(self):
        body = json.dumps({"id": fresh("h"), "temperature": 99})
        self.call("POST", "/webhook/hooked", body, expect=401)
        mark = "sha256=" + hmac.new(b"hooked", body.encode(), hashlib.sha256).hexdigest()
        self.call("POST", "/webhook/hooked", body, headers={"X-Hub-Signature-256": mark})
        workflow = "hooked-" + json.loads(body)["id"]
        self.site.until(lambda: self.site.temporal.describe(workflow), "the workflow")
        self.assertEqual(self.site.result(workflow)["temperature"], 99)


class Schedules(unittest.TestCase):
    """On the device, over its API."""

    def setUp(self):
        self.site = site()
        self.name = fresh("s")

    def create(self, **keys):
        self.site.api("POST", "/schedules", {"id": self.name, **keys}, expect=None)
        self.addCleanup(self.site.api, "DELETE", f"/schedules/{self.name}", expect=None)

    def runs(self):
        return self.site.named(self.name)

    def greet(self, **more):
        return {"workflow": "Versioned", "args": ["{schedule.time}"], **more}

    def test_cron_and_interval_in_one_fire_by_themselves(self):
        self.create(cron="*/2 * * * * *", every="1h", start=self.greet())
        workflow = self.site.until(self.runs, "a run")[-1]
        self.assertEqual(self.site.result(workflow), "hello " + workflow[len(self.name) + 1:])

    def test_trigger_pause_with_a_note_and_update(self):
        self.create(every="1d", overlap="buffer_one", start=self.greet(id=self.name + "-{schedule.time}"))
        self.site.api("POST", f"/schedules/{self.name}/pause", {"note": "holiday"})
        document = self.site.api("GET", f"/schedules/{self.name}")
        self.assertEqual((document["paused"], document["note"]), (True, "holiday"))
        self.site.api("POST", f"/schedules/{self.name}/trigger", {})
        first = self.site.until(self.runs, "the triggered run")[0]
        self.assertTrue(self.site.result(first).startswith("hello 20"))
        self.site.api("PATCH", f"/schedules/{self.name}", {"start": self.greet(args=["after the update"],
                                                                              id=self.name + "-{schedule.time}")})
        self.site.api("POST", f"/schedules/{self.name}/unpause", {"note": "back"})
        self.site.api("POST", f"/schedules/{self.name}/trigger", {})
        self.site.until(lambda: len(self.runs()) == 2, "the second run")
        results = {self.site.result(workflow) for workflow in self.runs()}
        self.assertIn("hello after the update", results)

    def test_backfill_makes_up_for_each_due_time_once(self):
        self.create(every="1h", paused=True, overlap="allow_all", start=self.greet(id=self.name + "-{schedule.time}"))
        end = datetime.now(timezone.utc).replace(minute=0, second=0, microsecond=0)
        body = {"start": (end - timedelta(hours=3)).isoformat(), "end": end.isoformat(), "overlap": "allow_all"}
        self.site.api("POST", f"/schedules/{self.name}/backfill", body)
        self.site.until(lambda: len(self.runs()) >= 4, "the runs")
        self.assertEqual(len(set(self.runs())), 4)
        for workflow in self.runs():
            self.assertEqual(self.site.result(workflow), "hello " + workflow[len(self.name) + 1:])

    def test_overlap_skips_while_the_last_one_runs(self):
        self.create(every="1d", paused=True, overlap="skip",
                    start={"workflow": "TimerOrSignal", "args": [600], "id": self.name})
        self.site.api("POST", f"/schedules/{self.name}/trigger", {})
        self.site.until(lambda: self.site.temporal.describe(self.name), "the run")
        first = self.site.describe(self.name)["run_id"]
        self.site.api("POST", f"/schedules/{self.name}/trigger", {})
        self.site.signal(self.name, "beat", "the end")
        self.assertEqual(self.site.result(self.name), "signal: the end")
        self.assertEqual(self.site.describe(self.name)["run_id"], first)

    def trigger(self):
        self.site.api("POST", f"/schedules/{self.name}/trigger", {})

    def states(self):
        return sorted(self.site.describe(workflow)["status"] for workflow in self.runs())

    def test_overlap_ends_the_other(self):
        for overlap, end in (("cancel_other", "canceled"), ("terminate_other", "terminated")):
            with self.subTest(overlap):
                self.name = fresh("s")
                self.create(every="1d", paused=True, overlap=overlap,
                            start={"workflow": "CleanUp", "args": ["fan"], "id": self.name + "-{schedule.time}"})
                for count in (1, 2):
                    self.trigger()
                    self.site.until(lambda: len(self.runs()) == count and self.site.entries() == 0, f"run {count}")
                self.site.until(lambda: self.states() == sorted([end, "running"]), "the end of the first")

    def test_overlap_keeps_what_is_due_meanwhile(self):
        """buffer_one keeps one, buffer_all keeps each, allow_all waits for nobody."""
        for overlap, at_once, in_the_end in (("buffer_one", 1, 2), ("buffer_all", 1, 3), ("allow_all", 3, 3)):
            with self.subTest(overlap):
                self.name = fresh("s")
                self.create(every="1d", paused=True, overlap=overlap,
                            start={"workflow": "TimerOrSignal", "args": [600], "id": self.name + "-{schedule.time}"})
                for _ in range(3):
                    self.trigger()
                self.site.until(lambda: len(self.runs()) == at_once and self.site.entries() == 0, f"{at_once} at once")
                self.assertEqual(self.states(), ["running"] * at_once)
                ended = set()
                while len(ended) < in_the_end:
                    workflow = self.site.until(lambda: [one for one in self.runs() if one not in ended], "the next run")[0]
                    self.site.signal(workflow, "beat", "next")
                    self.assertEqual(self.site.result(workflow), "signal: next")
                    ended.add(workflow)
                self.site.until(lambda: len(self.runs()) == in_the_end and self.states() == ["completed"] * in_the_end, "the end")


class ServerSchedules(unittest.TestCase):
    """As Temporal's own, by the same command line; what they start is read back through the agent."""

    def setUp(self):
        self.site = site()
        self.name = fresh("server")

    def schedule(self, verb, *arguments):
        return self.site.command("schedule", verb, "--on", "server", "--schedule-id", self.name, *arguments)

    def runs(self):
        return self.site.named(self.name)

    def create(self, *arguments):
        self.schedule("create", "--type", "Versioned", "--task-queue", "sundial", "--workflow-id", self.name, *arguments)
        self.addCleanup(self.schedule, "delete")

    def test_interval_and_cron_in_one_fire_by_themselves(self):
        self.create("--interval", "1s", "--cron", "0 0 1 1 *", "--input", '"oven"')
        self.assertEqual(self.site.result(self.site.until(self.runs, "a run")[0]), "hello oven")

    def test_trigger_update_pause_and_backfill(self):
        self.create("--interval", "1h", "--paused", "--notes", "not yet", "--input", '"oven"')
        self.schedule("trigger")
        first = self.site.until(self.runs, "the triggered run")[0]
        self.assertEqual(self.site.result(first), "hello oven")
        self.schedule("update", "--input", '"fan"')
        end = datetime.now(timezone.utc).replace(minute=0, second=0, microsecond=0)
        self.schedule("backfill", "--start-time", (end - timedelta(hours=2, minutes=30)).isoformat(),
                      "--end-time", (end - timedelta(minutes=30)).isoformat(), "--overlap-policy", "AllowAll")
        self.site.until(lambda: len(self.runs()) == 3, "the backfill")
        self.assertEqual({self.site.result(workflow) for workflow in self.runs() if workflow != first}, {"hello fan"})
        self.schedule("unpause", "--note", "now")
        self.schedule("pause", "--note", "holiday")
        described = self.site.until(
            lambda: (lambda found: found if found["state"]["note"] == "holiday" else None)(
                json.loads(self.schedule("describe", "--json").stdout)), "the note")
        self.assertTrue(described["state"]["paused"])


if __name__ == "__main__":
    unittest.main()

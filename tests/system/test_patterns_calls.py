"""Temporal's patterns of calling activities, each started and read back through the agent."""
import json
import unittest
import urllib.request

from patterns import fresh, site
from support import PATIENCE


class Calls(unittest.TestCase):
    def setUp(self):
        self.site = site()

    def test_the_sensors_kind_chooses_the_activity(self):
        self.assertEqual(self.site.run("ReadingByKind", {"kind": "temperature", "value": 21.5}),
                         {"kind": "temperature", "text": "21.5 °C"})
        several = [{"kind": "humidity", "value": 40}, {"kind": "pressure", "value": 1013}]
        self.assertEqual(self.site.run("ReadingByKind", several),
                         [{"kind": "humidity", "text": "40 %"}, {"kind": "pressure", "text": "unknown"}])

    def test_a_windows_list_goes_to_parallel_activities(self):
        device = fresh("d")
        for value in (1, 2, 3.5, 4, 5):
            self.site.publish(f"batch/{device}", {"value": value})
        self.site.until(lambda: self.site.temporal.describe(f"batch-{device}"), "the batch")
        self.assertEqual(self.site.result(f"batch-{device}"), {"count": 5, "total": 31.0})

    def test_a_local_activity(self):
        self.assertEqual(self.site.run("LocalActivity", 21.0), 42.0)

    def test_a_fallback_answers_where_the_first_fails(self):
        self.assertEqual(self.site.run("Fallback", {}), "by the slow way")

    def test_a_second_call_says_already_done(self):
        self.assertEqual(self.site.run("Idempotent", fresh("key")), ["done", "already done"])

    def test_describe_shows_the_heartbeat_of_a_long_activity(self):
        workflow = self.site.start("LongActivity", 40)

        def heartbeat():
            pending = self.site.describe(workflow)["details"]["pending_activities"]
            return pending and pending[0].get("heartbeatDetails")
        self.assertEqual(list(self.site.until(heartbeat, "a heartbeat")[0]), ["step"])
        self.assertEqual(self.site.result(workflow), "40 steps")

    def test_polling_frequent_and_infrequent(self):
        frequent, infrequent = self.site.start("FrequentPolling", "pump"), self.site.start("InfrequentPolling", "fan")
        self.assertEqual(self.site.result(frequent), "pump is ready")
        self.assertEqual(self.site.result(infrequent), "fan is ready")

    def test_exceptions_come_back_with_their_cause(self):
        final = self.site.result(self.site.start("Failing", {"final": True, "type": "TooHot"}), expect=409)
        self.assertEqual(final["type"], "failed")
        self.assertEqual(final["cause"]["cause"], {"message": "attempt 1 failed", "type": "TooHot"})
        tired = self.site.result(self.site.start("Failing", {}), expect=409)
        self.assertEqual(tired["cause"]["cause"]["message"], "attempt 3 failed")
        self.assertEqual(self.site.run("Failing", {"succeed_at": 3}), "attempt 3 succeeded")
        answer = self.site.command("workflow", "execute", "--type", "Failing", "--input", '{"final":true}', check=False)
        self.assertEqual(answer.returncode, 1)
        self.assertIn("caused by: Told: attempt 1 failed", answer.stderr)

    def test_the_order_saga_in_all_its_branches(self):
        self.assertEqual(self.site.run("OrderSaga", {"order_id": "o1"}),
                         {"status": "completed", "order_id": "o1", "tracking_number": "TRACK-o1"})
        sold_out = self.site.start("OrderSaga", {"order_id": "o2", "quantity": 99})
        result = self.site.result(sold_out)
        self.assertEqual(result["status"], "failed")
        self.assertIn("not enough in stock", result["reason"])
        history = json.dumps(self.site.api("GET", f"/workflows/{sold_out}/history"))
        self.assertIn("refunded payment-o2", history)
        declined = self.site.run("OrderSaga", {"order_id": "o3", "card": "declined"})
        self.assertEqual((declined["status"], "declined" in declined["reason"]), ("failed", True))

    def test_typed_payloads_both_ways(self):
        taken = "2026-01-01T12:00:00Z"
        self.assertEqual(self.site.run("TypedReading", {"device": "oven", "temperature": 90.5, "taken": taken}),
                         {"device": "oven", "too_hot": True, "taken": taken, "look_again": "PT5M"})

    def test_a_pipeline_with_a_structured_result(self):
        config = json.dumps({"sources": ["a", "bad-b", "c"], "deploy": True})
        answer = self.site.command("workflow", "execute", "--type", "ScrapeAndDeploy", "--task-queue", "processing",
                                   "--workflow-id", fresh("scrape"), "--input", config)
        self.assertEqual(json.loads(answer.stdout), {
            "success": True, "message": "2 of 3 scraped", "events_count": 2, "errors": ["bad-b did not answer"],
            "deployed": True})
        started = self.site.command("workflow", "start", "--type", "ScrapeAndDeploy", "--json",
                                    "--input", '{"sources":["bad-a"],"deploy":true}')
        workflow = json.loads(started.stdout)["workflow_id"]
        self.assertRegex(workflow, r"^ScrapeAndDeploy-\d{8}-\d{6}-\w+$")
        self.assertEqual(self.site.result(workflow), {
            "success": False, "message": "0 of 1 scraped", "events_count": 0, "errors": ["bad-a did not answer"],
            "deployed": False})

    def test_the_pipeline_keeps_its_time_limit(self):
        result = self.site.run("ScrapeAndDeploy", {"sources": ["a"], "deploy": True, "scrape_seconds": 1, "slow_seconds": 600})
        self.assertEqual(result, {"success": False, "message": "the scrape took longer than 0:00:01", "events_count": 0,
                                  "errors": ["the scrape took longer than 0:00:01"], "deployed": False})

    def test_the_pipeline_on_a_schedule(self):
        name = fresh("scrape")
        self.site.command("schedule", "create", "--schedule-id", name, "--interval", "60m", "--paused", "--type",
                          "ScrapeAndDeploy", "--input", '{"sources":["a"]}', "--workflow-id", name + "-{schedule.time}")
        self.site.command("schedule", "trigger", "--schedule-id", name)
        workflow, = self.site.until(lambda: self.site.named(name), "the triggered run")
        self.assertEqual(self.site.result(workflow)["events_count"], 1)
        self.site.command("schedule", "delete", "--schedule-id", name)

    def measured(self):
        """The worker's own samples: a number each."""
        with urllib.request.urlopen(f"http://127.0.0.1:{self.site.metrics_port}/metrics", timeout=PATIENCE) as answer:
            lines = answer.read().decode().splitlines()
        return {name: float(value) for name, _, value in (line.rpartition(" ") for line in lines if line[:1] != "#")}

    def executions(self, kind, status):
        labels = (f'activity_type="{kind}"', f'status="{status}"')
        return sum(value for name, value in self.measured().items()
                   if name.startswith("activity_executions_total{") and all(label in name for label in labels))

    def test_the_workers_own_metrics(self):
        before = {status: self.executions(kind, status) for kind, status in (("charge", "completed"), ("charge", "failed"))}
        self.site.run("OrderSaga", {"order_id": "measured"})
        self.site.run("OrderSaga", {"order_id": "measured", "card": "declined"})
        for status, count in before.items():
            self.site.until(lambda: self.executions("charge", status) == count + 1, f"one more that {status}")
        waited = [name for name in self.measured() if name.startswith("activity_schedule_to_start_latency_count{")]
        self.assertTrue(any('activity_type="charge"' in name for name in waited), waited)

    def test_a_queue_for_heavy_work_runs_ten_at_once(self):
        workflows = [self.site.start("LongActivity", 1400, task_queue="processing") for _ in range(12)]
        self.addCleanup(lambda: [self.site.api("POST", f"/workflows/{one}/terminate", {}) for one in workflows])

        def states():
            return sorted(self.site.describe(one)["details"]["pending_activities"][0]["state"] for one in workflows)
        full = ["PENDING_ACTIVITY_STATE_SCHEDULED"] * 2 + ["PENDING_ACTIVITY_STATE_STARTED"] * 10
        self.site.until(lambda: all(self.site.describe(one)["details"]["pending_activities"] for one in workflows), "all activities")
        self.site.until(lambda: states() == full, "ten that run and two that wait")
        beats = lambda: [self.site.describe(one)["details"]["pending_activities"][0].get("heartbeatDetails") for one in workflows]
        self.site.until(lambda: sum(beat is not None for beat in beats()) == 10, "the heartbeats of ten")
        self.assertEqual(states(), full)


if __name__ == "__main__":
    unittest.main()

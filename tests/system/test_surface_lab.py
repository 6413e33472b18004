"""The root paths: the lab's calls word for word, against a real Temporal, and what is added to them."""
import hashlib
import hmac
import json
import subprocess
import threading
import time
import urllib.parse

from support import PATIENCE, payload_values, wait_for
from surface import SurfaceTest, ask


class LabCommands(SurfaceTest):
    """The lab's curl commands verbatim, but for the port."""

    def curl(self, command):
        """(status, body) of a command line as the lab prints it."""
        done = subprocess.run(command.replace("localhost:8000", f"localhost:{self.agent.port}")
                              + " -sS -w '\\n%{http_code}'", shell=True, capture_output=True, text=True, timeout=PATIENCE)
        self.assertEqual(done.returncode, 0, done.stderr)
        body, _, status = done.stdout.rpartition("\n")
        return int(status), json.loads(body)

    def test_a_workflow_from_its_trigger_to_its_result(self):
        self.assertEqual(self.curl('curl -X POST "http://localhost:8000/trigger-workflow/my-workflow-1?name=My%20Task"'),
                         (200, {"workflow_id": "my-workflow-1", "status": "started"}))
        for n in range(5):
            self.assertEqual(
                self.curl(f'curl -X POST "http://localhost:8000/signal-workflow/my-workflow-1?message=Hello+{n}"'),
                (200, {"workflow_id": "my-workflow-1", "signal": "sent", "message": f"Hello {n}"}))
        status, result = self.curl('curl "http://localhost:8000/workflow-result/my-workflow-1"')
        self.assertEqual(status, 200)
        self.assertEqual(set(result), {"task", "messages_processed", "messages", "completed_at"})
        self.assertEqual((result["task"], result["messages_processed"]), ("My Task", 5))
        self.assertEqual(result["messages"], [f"Hello {n}" for n in range(5)])
        described = self.temporal.describe("my-workflow-1")
        self.assertEqual(described["type"]["name"], "CronWorkflow")
        self.assertEqual(described["taskQueue"], "lab6-queue")

    def test_the_name_has_a_default_and_a_running_workflow_is_400(self):
        self.curl('curl -X POST "http://localhost:8000/trigger-workflow/twice"')
        started = self.temporal.events("twice", "WORKFLOW_EXECUTION_STARTED")[0]
        self.assertEqual(payload_values(started["workflowExecutionStartedEventAttributes"]["input"]), ["HTTP Triggered"])
        status, body = self.curl('curl -X POST "http://localhost:8000/trigger-workflow/twice"')
        self.assertEqual(status, 400)
        self.assertIn("already running", body["detail"])

    def test_stop_ends_it_early(self):
        self.curl('curl -X POST "http://localhost:8000/trigger-workflow/to-stop"')
        self.assertEqual(self.curl('curl -X POST "http://localhost:8000/stop-workflow/to-stop"'),
                         (200, {"workflow_id": "to-stop", "signal": "stop sent"}))
        status, result = self.curl('curl "http://localhost:8000/workflow-result/to-stop"')
        self.assertEqual((status, result["messages_processed"]), (200, 0))

    def test_a_schedule_comes_fires_and_goes(self):
        self.assertEqual(
            self.curl('curl -X POST "http://localhost:8000/schedule-workflow/every-second?cron=*%20*%20*%20*%20*%20*"'),
            (200, {"schedule_id": "every-second", "cron": "* * * * * *", "status": "scheduled"}))
        found = wait_for(lambda: self.temporal.workflows("WorkflowId STARTS_WITH 'cron-every-second-'"), "a scheduled run")
        workflow = found[0]["execution"]["workflowId"]
        self.assertRegex(workflow, r"^cron-every-second-\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$")
        started = self.temporal.events(workflow, "WORKFLOW_EXECUTION_STARTED")[0]
        self.assertEqual(payload_values(started["workflowExecutionStartedEventAttributes"]["input"]), ["Cron Triggered"])
        self.assertEqual(found[0]["taskQueue"], "lab6-queue")
        self.assertEqual(self.curl('curl -X DELETE "http://localhost:8000/schedule-workflow/every-second"'),
                         (200, {"schedule_id": "every-second", "status": "deleted"}))
        self.assertEqual(self.curl('curl -X DELETE "http://localhost:8000/schedule-workflow/every-second"')[0], 404)

    def test_the_labs_webhook_and_its_ten_triggers_at_once(self):
        self.assertEqual(
            self.curl("""curl -X POST "http://localhost:8000/webhook/github" -H "Content-Type: application/json" """
                      """-d '{"action": "push", "repository": {"name": "lab-repo"}}'"""),
            (200, {"status": "processed"}))
        wait_for(lambda: self.temporal.describe("deploy-lab-repo"), "the deployment")
        done = subprocess.run(
            "for i in $(seq 1 10); do curl -sS -o /dev/null -w '%{http_code}\\n' -X POST "
            f'"http://localhost:{self.agent.port}/trigger-workflow/load-test-$i?name=LoadTest$i" & done; wait',
            shell=True, capture_output=True, text=True, timeout=PATIENCE)
        self.assertEqual(done.stdout.split(), ["200"] * 10, done.stderr)


class RootPaths(SurfaceTest):
    extra = """
[http]
workflow = "CronWorkflow"
[schedule.from-file]
cron = "0 0 1 1 *"
start = { workflow = "CronWorkflow", args = ["x"], task_queue = "lab6-queue" }
[webhook.signed]
secret_file = "signed.secret"
[webhook.github]
secret_file = "github.secret"
[rule.hook]
webhook = "signed"
start = { workflow = "CronWorkflow", id = "hook-{payload.n}", args = ["{payload}"], task_queue = "lab6-queue" }
[rule.open-hook]
webhook = "open"
start = { workflow = "CronWorkflow", id = "open-{payload.n}", args = ["{payload}"], task_queue = "lab6-queue" }
"""
    files = {"signed.secret": "s3cret\n", "github.secret": "gh-s3cret"}

    def test_schedule_options_and_refusals(self):
        answer = self.ask("POST", "/schedule-workflow/options?cron=0+12+*+*+*&time_zone=Asia/Tokyo&paused=true&note=why+not")
        self.assert_answers(answer, 200, {"schedule_id": "options", "cron": "0 12 * * *", "status": "scheduled"})
        document = self.ask("GET", "/api/v1/schedules/options").json
        self.assertEqual((document["time_zone"], document["paused"], document["note"], document["overlap"]),
                         ("Asia/Tokyo", True, "why not", "allow_all"))
        self.assertEqual(document["source"], "api")
        self.assertEqual(document["start"]["id"], "cron-{schedule.id}-{schedule.time}")
        self.assert_fails(self.ask("POST", "/schedule-workflow/options"), 400, "already")
        self.assert_fails(self.ask("POST", "/schedule-workflow/bad?cron=61+*+*+*+*"), 400, "61")
        self.assert_fails(self.ask("POST", "/schedule-workflow/zone?time_zone=Mars/Olympus"), 400, "Mars/Olympus")
        self.assert_fails(self.ask("POST", "/schedule-workflow/p?paused=perhaps"), 400, "paused")
        self.assert_fails(self.ask("DELETE", "/schedule-workflow/from-file"), 400, "file")
        self.assert_fails(self.ask("DELETE", "/schedule-workflow/nobody"), 404)
        self.assert_answers(self.ask("DELETE", "/schedule-workflow/options"), 200)
        default = self.ask("POST", "/schedule-workflow/default")
        self.assert_answers(default, 200, {"schedule_id": "default", "cron": "* * * * *", "status": "scheduled"})
        self.ask("DELETE", "/schedule-workflow/default")

    def test_signal_refusals(self):
        self.assert_fails(self.ask("POST", "/signal-workflow/unknown?message=x"), 404)
        self.assert_fails(self.ask("POST", "/signal-workflow/unknown"), 400, "message")
        self.assert_fails(self.ask("POST", "/stop-workflow/unknown"), 404)
        self.assert_fails(self.ask("GET", "/workflow-result/unknown"), 404)
        # Told as soon as Temporal has refused it; the record goes with the next commit.
        wait_for(lambda: self.agent.status()["outbox"] == {"entries": 0, "bytes": 0, "oldest_seconds": 0, "dead": 0}, "an empty outbox")
        self.ask("POST", "/trigger-workflow/finished")
        self.ask("POST", "/stop-workflow/finished")
        self.assertEqual(self.ask("GET", "/workflow-result/finished").status, 200)
        self.assert_fails(self.ask("POST", "/signal-workflow/finished?message=late"), 404)

    def test_ids_and_messages_are_any_text_but_no_slash(self):
        for text in ("grüße 🌻", "a%b", "x?y#z", "'\"<b>&", "tab\there"):
            with self.subTest(text=text):
                quoted = urllib.parse.quote(text, safe="")
                answer = self.ask("POST", f"/trigger-workflow/{quoted}")
                self.assert_answers(answer, 200, {"workflow_id": text, "status": "started"})
                self.assertIsNotNone(self.temporal.describe(text))
                answer = self.ask("POST", f"/signal-workflow/{quoted}?message={quoted}")
                self.assert_answers(answer, 200, {"workflow_id": text, "signal": "sent", "message": text})
                self.assert_answers(self.ask("POST", f"/stop-workflow/{quoted}"), 200)
                result = self.ask("GET", f"/workflow-result/{quoted}")
                self.assertEqual(result.json["messages"], [text])
        for path in ("POST /trigger-workflow/", "POST /signal-workflow/", "POST /stop-workflow/", "GET /workflow-result/",
                     "POST /schedule-workflow/"):
            method, base = path.split(" ")
            for name in ("a%2Fb", "a/b"):
                answer = self.ask(method, base + name + ("?message=x" if "signal" in base else ""))
                self.assert_fails(answer, 400, "slash")

    def test_results_wait_and_tell_how_it_ended(self):
        self.ask("POST", "/trigger-workflow/slow")
        began = time.monotonic()
        answer = self.ask("GET", "/workflow-result/slow?wait=1s")
        self.assert_answers(answer, 202, {"workflow_id": "slow", "status": "running"})
        self.assertGreaterEqual(time.monotonic() - began, 0.9)
        self.ask("POST", "/api/v1/workflows/slow/terminate", {"reason": "enough of it"})
        answer = self.ask("GET", "/workflow-result/slow")
        self.assert_fails(answer, 404, "terminated", "terminated")
        self.assertIn("enough of it", json.dumps(answer.json["error"]["cause"]))
        self.ask("POST", "/trigger-workflow/bad-wait")
        self.assert_fails(self.ask("GET", "/workflow-result/bad-wait?wait=soon"), 400, "wait")
        self.ask("POST", "/stop-workflow/bad-wait")
        for name, table, word in (
                ("failing", {"workflow": "Failing", "args": [{"type": "DryPump", "final": True}]}, "failed"),
                ("timing-out", {"workflow": "CronWorkflow", "args": ["x"], "execution_timeout": "1s", "task_queue": "nobody"},
                 "timed_out")):
            with self.subTest(name):
                self.assert_answers(self.ask("POST", "/api/v1/workflows", {"id": name, **table}), 200)
                answer = self.ask("GET", f"/workflow-result/{name}")
                self.assert_fails(answer, 404, word, word)

    def test_a_result_follows_continue_as_new(self):
        self.ask("POST", "/api/v1/workflows", {"workflow": "ReadingCounter", "id": "counter", "task_queue": "lab6-queue",
                                               "args": [{"each_run": 2}]})
        answers = []
        waiter = threading.Thread(target=lambda: answers.append(self.ask("GET", "/workflow-result/counter?wait=150s")))
        waiter.start()
        for n in range(4):
            self.assert_answers(self.ask("POST", "/api/v1/workflows/counter/signal/reading", {"args": [n]}), 200)
        self.ask("POST", "/api/v1/workflows/counter/signal/finish", {})
        waiter.join(PATIENCE)
        self.assert_answers(answers[0], 200, {"count": 4})

    def sign(self, secret, body):
        return "sha256=" + hmac.new(secret.encode(), body.encode(), hashlib.sha256).hexdigest()

    def test_a_webhook_with_a_secret_wants_its_signature(self):
        body = '{"n": 1}'
        self.assert_fails(self.ask("POST", "/webhook/signed", body), 401)
        self.assert_fails(self.ask("POST", "/webhook/signed", body, X_Hub_Signature_256="sha256=00"), 401)
        self.assert_fails(self.ask("POST", "/webhook/signed", body, X_Hub_Signature_256=self.sign("wrong", body)), 401)
        answer = self.ask("POST", "/webhook/signed", body, X_Hub_Signature_256=self.sign("s3cret", body))
        self.assert_answers(answer, 200, {"status": "processed"})
        wait_for(lambda: self.temporal.describe("hook-1"), "what the rule starts")

    def test_webhooks_need_a_rule_and_are_let_in_without_a_secret(self):
        self.assert_fails(self.ask("POST", "/webhook/nobody", "{}"), 404)
        self.assert_answers(self.ask("POST", "/webhook/open", '{"n": 2}'), 200, {"status": "processed"})
        wait_for(lambda: self.temporal.describe("open-2"), "what the rule starts")

    def test_a_push_of_github_deploys_once_while_it_runs(self):
        body = json.dumps({"ref": "refs/heads/main", "repository": {"id": 1, "name": "real", "full_name": "me/real"}})
        headers = {"X_GitHub_Event": "push", "X_Hub_Signature_256": self.sign("gh-s3cret", body)}
        self.assert_fails(self.ask("POST", "/webhook/github", body), 401)
        for delivery in ("1", "2"):
            answer = self.ask("POST", "/webhook/github", body, X_GitHub_Delivery=f"delivery-{delivery}", **headers)
            self.assert_answers(answer, 200, {"status": "processed"})
        wait_for(lambda: self.temporal.describe("deploy-real"), "the deployment")
        wait_for(lambda: self.agent.status()["outbox"]["entries"] == 0, "the second push to be answered")
        self.assertEqual(len(self.temporal.workflows("WorkflowId = 'deploy-real'")), 1)
        started = self.temporal.events("deploy-real", "WORKFLOW_EXECUTION_STARTED")[0]
        self.assertEqual(payload_values(started["workflowExecutionStartedEventAttributes"]["input"]), ["Deploy real"])
        self.assertEqual(self.agent.status()["outbox"]["dead"], 0)

    def test_other_events_of_github_start_nothing(self):
        ping = '{"zen": "x", "repository": {"name": "pinged"}}'
        answer = self.ask("POST", "/webhook/github", ping, X_GitHub_Event="ping",
                          X_Hub_Signature_256=self.sign("gh-s3cret", ping))
        self.assert_answers(answer, 200, {"status": "processed"})
        for body in ('{"action": "push"}', '{"action": "push", "repository": {}}', "no json"):
            answer = self.ask("POST", "/webhook/github", body, X_Hub_Signature_256=self.sign("gh-s3cret", body))
            self.assert_fails(answer, 400)
        self.assertIsNone(self.temporal.describe("deploy-pinged"))

    def test_two_hundred_who_wait_hold_nobody_up(self):
        self.assert_answers(self.ask("POST", "/trigger-workflow/awaited"), 200)
        answers = []
        waiters = [threading.Thread(target=lambda: answers.append(
            ask(self.agent.port, "GET", "/workflow-result/awaited?wait=150s", timeout=PATIENCE))) for _ in range(200)]
        for waiter in waiters:
            waiter.start()
        threads = self.threads()
        self.assertLess(threads, 40)  # none of them holds one
        began = time.monotonic()
        for _ in range(20):
            self.assert_answers(self.ask("GET", "/api/v1/status"), 200)
        self.assert_answers(self.ask("POST", "/stop-workflow/awaited"), 200)
        self.assertLess(time.monotonic() - began, 100)  # the 150 s of those who wait are far away
        for waiter in waiters:
            waiter.join(PATIENCE)
        self.assertEqual([answer.status for answer in answers], [200] * 200)

    def threads(self):
        for line in open(f"/proc/{self.agent.program.process.pid}/status"):
            if line.startswith("Threads:"):
                return int(line.split()[1])


class TemporalAway(SurfaceTest):
    """While Temporal gives no answer, what a caller hands in is kept before he is answered."""

    def test_calls_are_queued_and_arrive_later(self):
        self.assert_answers(self.ask("POST", "/trigger-workflow/before"), 200)
        self.temporal.stop()
        calls = (("POST", "/trigger-workflow/queued?name=later", {"workflow_id": "queued", "status": "queued"}),
                 ("POST", "/signal-workflow/before?message=m", {"workflow_id": "before", "signal": "queued", "message": "m",
                                                                "status": "queued"}),
                 ("POST", "/stop-workflow/before", {"workflow_id": "before", "signal": "stop queued", "status": "queued"}))
        answers = {}
        threads = [threading.Thread(target=lambda c=call: answers.__setitem__(c[1], self.ask(c[0], c[1]))) for call in calls]
        for number, thread in enumerate(threads, 1):
            thread.start()  # the stop after the message, or the workflow is over before it comes
            wait_for(lambda: self.agent.status()["outbox"]["entries"] == number, "the call to be kept")
        for thread in threads:
            thread.join(PATIENCE)
        for _, target, expected in calls:
            answer = answers[target]
            self.assert_answers(answer, 202)
            self.assertEqual(answer.json.get("status", answer.json.get("signal")), "queued", answer.text)
            self.assertEqual(answer.json["workflow_id"], expected["workflow_id"])
        self.assert_answers(self.ask("POST", "/webhook/github", '{"action":"push","repository":{"name":"away"}}'), 200)
        self.agent.kill()  # what was answered is on disk
        self.agent.start()
        self.assertEqual(self.agent.status()["outbox"]["entries"], 4)
        self.assert_fails(self.ask("GET", "/workflow-result/before?wait=1s"), 503)
        self.temporal.start()
        wait_for(lambda: self.temporal.describe("queued"), "the queued start")
        wait_for(lambda: self.temporal.describe("deploy-away"), "the queued deployment")
        wait_for(lambda: self.agent.status()["outbox"]["entries"] == 0, "the outbox to drain")

        def signals():
            return sorted(event["workflowExecutionSignaledEventAttributes"]["signalName"]
                          for event in self.temporal.events("before", "WORKFLOW_EXECUTION_SIGNALED"))
        # The server shows what comes while the worker is at a task only after that task.
        wait_for(lambda: signals() == ["add_message", "stop_processing"], "both signals")

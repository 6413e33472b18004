"""The verbs of the command line on a real Temporal, broker and agent: what they print, and how they end."""
import json
import os
import pty
import select
import signal
import subprocess
import time

from support import PATIENCE, free_port, required, wait_for
from surface import SurfaceTest

DONE, FAILED, NOT_FOUND, USAGE, UNREACHABLE, CONFIGURATION = 0, 1, 2, 64, 69, 78


class Verbs(SurfaceTest):
    """Runs the program in the folder of the agent's configuration, so that it finds both."""

    def run_verb(self, *words, code=DONE, env=None, timeout=PATIENCE):
        done = subprocess.run([required("SUNDIAL_BINARY"), *words], capture_output=True, text=True, timeout=timeout,
                              stdin=subprocess.DEVNULL, cwd=self.folder.path,
                              env={**os.environ, "SUNDIAL_LISTEN": self.agent.listen, **(env or {})})
        self.assertEqual(done.returncode, code, f"{words}: {done.stdout}{done.stderr}")
        return done

    def json_of(self, *words, **options):
        return json.loads(self.run_verb(*words, "--output", "json", **options).stdout)

    def lines_of(self, *words, **options):
        return [json.loads(line) for line in self.run_verb(*words, "--output", "jsonl", **options).stdout.splitlines()]


class WorkflowVerbs(Verbs):
    def start(self, workflow_id, kind="CronWorkflow", queue="lab6-queue", value='"x"', verb="start", **options):
        return self.run_verb("workflow", verb, "--type", kind, "--workflow-id", workflow_id, "--task-queue", queue,
                             "--input", value, **options)

    def test_start_signal_and_result(self):
        self.start("one")
        self.assertIn("has the id one", self.start("one", code=FAILED).stderr)
        self.run_verb("workflow", "signal", "-w", "one", "--name", "add_message", "-i", "21.0")
        self.assertEqual(self.json_of("workflow", "signal", "-w", "one", "--name", "stop_processing"),
                         {"workflow_id": "one", "status": "sent"})
        result = self.json_of("workflow", "result", "-w", "one")
        self.assertEqual(result["status"], "completed")
        self.assertIn('"messages":[21.0]', self.run_verb("workflow", "result", "-w", "one").stdout)
        self.assertEqual(self.json_of("workflow", "describe", "-w", "one")["status"], "completed")
        self.assertIn("completed", self.run_verb("workflow", "describe", "-w", "one").stdout)
        self.assertEqual(self.json_of("workflow", "show", "-w", "one")["events"][0]["eventType"],
                         "EVENT_TYPE_WORKFLOW_EXECUTION_STARTED")
        self.assertEqual(self.lines_of("workflow", "show", "-w", "one")[-1]["eventType"],
                         "EVENT_TYPE_WORKFLOW_EXECUTION_COMPLETED")
        for verb in ("describe", "show", "result"):
            self.run_verb("workflow", verb, "-w", "nobody", code=NOT_FOUND)
        self.run_verb("workflow", "signal", "-w", "nobody", "--name", "s", code=NOT_FOUND)

    def test_a_made_up_id(self):
        made = self.json_of("workflow", "start", "--type", "CronWorkflow", "-t", "lab6-queue", "-i", '"x"')
        self.assertRegex(made["workflow_id"], r"^CronWorkflow-\d{8}-\d{6}-[0-9a-f]{4}$")

    def test_execute_query_update(self):
        done = self.start("held", "Approval", "sundial")
        self.assertIn("held", done.stdout)
        self.assertEqual(self.run_verb("workflow", "query", "-w", "held", "--name", "status").stdout, '"waiting"\n')
        self.assertEqual(self.json_of("workflow", "query", "-w", "held", "--type", "status"), {"result": "waiting"})
        self.run_verb("workflow", "query", "-w", "held", "--name", "nothing", code=FAILED)
        self.assertEqual(self.run_verb("workflow", "update", "-w", "held", "--name", "decide", "-i", "true").stdout,
                         '"approved"\n')
        self.assertEqual(self.json_of("workflow", "result", "-w", "held")["result"]["status"], "approved")
        executed = self.start("ran", "DeviceHealth", "sundial", '{"device": "d"}', verb="execute")
        self.assertTrue(json.loads(executed.stdout))

    def test_signal_with_start_cancel_and_terminate(self):
        for text in ("a", "b"):
            self.run_verb("workflow", "signal-with-start", "--type", "CronWorkflow", "-t", "lab6-queue", "-w", "both",
                          "-i", '"x"', "--signal-name", "add_message", "--signal-input", f'"{text}"')
        self.run_verb("workflow", "signal", "-w", "both", "--name", "stop_processing", "--durable")
        self.assertEqual(self.json_of("workflow", "result", "-w", "both")["result"]["messages"], ["a", "b"])
        self.start("ended")
        self.run_verb("workflow", "terminate", "-w", "ended", "--reason", "enough")
        ended = self.run_verb("workflow", "result", "-w", "ended", "--json", code=FAILED)
        self.assertEqual(json.loads(ended.stdout)["failure"]["message"], "enough")
        self.start("asked")
        self.run_verb("workflow", "cancel", "-w", "asked", "--reason", "please")
        self.assertEqual(json.loads(self.run_verb("workflow", "result", "-w", "asked", "--json", code=FAILED).stdout)["status"],
                         "canceled")
        for verb in ("cancel", "terminate"):
            self.run_verb("workflow", verb, "-w", "nobody", code=NOT_FOUND)

    def test_list_and_count(self):
        self.start("listed")
        query = "WorkflowId = 'listed'"
        wait_for(lambda: self.json_of("workflow", "count", "-q", query) == {"count": 1}, "the count")
        self.assertEqual([item["workflow_id"] for item in self.json_of("workflow", "list", "-q", query)], ["listed"])
        self.assertEqual(self.lines_of("workflow", "list", "-q", query)[0]["type"], "CronWorkflow")
        self.assertEqual(self.run_verb("workflow", "count", "-q", query).stdout, "1\n")
        self.assertEqual(len(self.run_verb("workflow", "list", "--limit", "1").stdout.splitlines()), 2)
        self.run_verb("workflow", "list", "-q", "not a query", code=FAILED)

    def test_what_cannot_be(self):
        nobody = f"http://127.0.0.1:{free_port()}"
        self.run_verb("workflow", "count", "--address", nobody, code=UNREACHABLE)
        self.run_verb("workflow", "count", "--address", "https://a.b.tmprl.cloud:7233", code=CONFIGURATION)
        self.run_verb("workflow", "describe", "-w", "a/b", code=USAGE)
        self.start("never", value="text", code=USAGE)
        self.run_verb("workflow", "start", code=USAGE)
        for words in (("count",), ("list",), ("start", "--type", "T")):
            self.run_verb("workflow", *words, "--namespace", "no-such", code=NOT_FOUND)
        bare = self.run_verb("workflow", "count", "--address", "elsewhere:7233")
        self.assertIn("is gRPC's address", bare.stderr)  # the configuration's http address stays

    def test_verbose_masks_the_secret(self):
        shown = self.run_verb("workflow", "count", "--verbose", "--api-key", "sehr-geheim").stderr
        self.assertIn("Authorization: Bearer ****", shown)
        self.assertNotIn("sehr-geheim", shown)


class Doctor(Verbs):
    def findings(self, config, code=FAILED, **options):
        path = self.folder.path / "doctor.toml"
        path.write_text(config)
        return self.lines_of("doctor", "--config", str(path), "--state", str(self.folder.path / "state"), code=code,
                             **options)

    def one(self, findings, subject, part):
        found = [one for one in findings if one["subject"] == subject and part in one["what"]]
        self.assertEqual(len(found), 1, findings)
        return found[0]

    def config(self, port, more=""):
        return f'[temporal]\naddress = "http://127.0.0.1:{port}"\n{more}\n'

    def test_what_is_well(self):
        found = self.findings(self.config(self.temporal.http_port, f'[mqtt]\nurl = "mqtt://127.0.0.1:{self.broker.port}"'),
                              code=DONE)
        self.assertEqual(self.one(found, "temporal", "reached")["verdict"], "ok")
        self.assertEqual(self.one(found, "mqtt", "reached")["verdict"], "ok")
        self.assertEqual(self.one(found, "clock", "agrees with that of temporal")["verdict"], "ok")
        self.assertEqual(self.one(found, "state", "can be written")["verdict"], "ok")
        self.assertTrue(self.one(found, "disk", ""))

    def test_grpc_answers_while_the_http_api_is_closed(self):
        one = self.one(self.findings(self.config(self.temporal.grpc_port)), "temporal", "gRPC answers at")
        self.assertEqual(one["verdict"], "bad")
        self.assertIn("--http-port 7243", one["remedy"])

    def test_nobody_there_at_all(self):
        one = self.one(self.findings(self.config(free_port(), '[mqtt]\nurl = "mqtt://127.0.0.1:1"')), "mqtt", "")
        self.assertEqual(one["verdict"], "bad")

    def test_a_namespace_that_is_not_there(self):
        self.one(self.findings(self.config(self.temporal.http_port, 'namespace = "no-such"')), "temporal", "no-such")

    def test_a_folder_that_is_open_to_others(self):
        state = self.folder.path / "state"
        state.chmod(0o755)
        try:
            found = self.findings(self.config(self.temporal.http_port), code=DONE)
        finally:
            state.chmod(0o700)
        self.assertIn("chmod 700", self.one(found, "state", "open to other users")["remedy"])


class Progress(Verbs):
    extra = """
[rule.slow]
topic = "slow/{n}"
start = { workflow = "CronWorkflow", id = "slow-{topic.n}", args = ["x"], task_queue = "lab6-queue", start_delay = "1h" }
"""

    def line(self, number):
        return json.dumps({"time": f"2026-01-01T00:00:{number % 60:02}Z", "topic": "slow/1", "payload": "1"}) + "\n"

    def test_replay_on_a_terminal(self):
        """Lines are handed in until a bar is seen."""
        leader, follower = pty.openpty()
        replay = subprocess.Popen([required("SUNDIAL_BINARY"), "replay", "-"], stdin=subprocess.PIPE, text=True,
                                  stdout=subprocess.DEVNULL, stderr=follower, cwd=self.folder.path)
        os.close(follower)
        self.addCleanup(os.close, leader)
        number = 0

        def a_bar():
            nonlocal number
            number += 1
            replay.stdin.write(self.line(number))
            replay.stdin.flush()
            ready, _, _ = select.select([leader], [], [], 0)
            return os.read(leader, 4096).decode() if ready else ""
        shown = wait_for(a_bar, "a bar")
        self.assertRegex(shown, r"^\r\x1b\[K\[ *\] \d+ lines, [\d.]+ a second")
        replay.stdin.close()
        self.assertEqual(replay.wait(PATIENCE), DONE)

    def test_what_is_soon_done_needs_no_progress(self):
        path = self.folder.path / "short.jsonl"
        path.write_text(self.line(1))
        self.assertEqual(self.run_verb("replay", str(path)).stderr, "")
        copied = self.run_verb("backup", str(self.folder.path / "copy.db"), "--state", str(self.agent.state)).stderr
        self.assertEqual(len(copied.splitlines()), 1)

    def test_draining_and_backfilling(self):
        self.temporal.stop()
        try:
            self.broker.publish("slow/1", "1")
            wait_for(lambda: self.agent.status()["outbox"]["entries"] == 1, "an entry")
            waiting = self.run_verb("outbox", "drain", "--wait", "--timeout", "4s", code=FAILED)
            self.assertRegex(waiting.stderr, r"0 delivered, 0.0 a second\n")
            self.assertIn("1 still waiting", waiting.stderr)
        finally:
            self.temporal.start()
        self.run_verb("outbox", "drain", "--wait")
        self.run_verb("schedule", "create", "-s", "daily", "--cron", "0 0 * * *", "--type", "CronWorkflow", "-t",
                      "lab6-queue", "-i", '"x"', "--overlap-policy", "AllowAll", "--paused")
        self.run_verb("schedule", "backfill", "-s", "daily", "--start-time", "2026-01-01T00:00:00Z", "--end-time",
                      "2026-01-05T00:00:00Z", "--wait")
        self.assertEqual(self.agent.status()["outbox"]["entries"], 0)
        self.run_verb("schedule", "backfill", "--on", "server", "-s", "x", "--start-time", "2026-01-01T00:00:00Z",
                      "--end-time", "2026-01-05T00:00:00Z", "--wait", code=USAGE)


class HungAgent(Verbs):
    def test_is_said_within_seconds(self):
        self.agent.program.signal(signal.SIGSTOP)
        try:
            hung = self.run_verb("status", code=UNREACHABLE)  # within a minute, where a result may take more
            self.assertIn("does not answer", hung.stderr)
        finally:
            self.agent.program.signal(signal.SIGCONT)
        self.run_verb("status")
        self.assertIn("does it run?",
                      self.run_verb("status", "--server", f"127.0.0.1:{free_port()}", code=UNREACHABLE).stderr)

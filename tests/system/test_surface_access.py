"""Who may: tokens and scopes, hosts and origins, guessers, keys of repeated calls, and the metrics' names."""
import hashlib
import hmac
import os
import re
import socket
import stat

from support import Agent, wait_for
from surface import SurfaceTest, ask

TOKENS = "reader-token read\ntrigger-token trigger\nadmin-token\n"


def own_address():
    """An address of this machine beyond loopback."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.connect(("192.0.2.1", 9))  # sends nothing
        return probe.getsockname()[0]


class Tokens(SurfaceTest):
    extra = """
[http]
token_file = "tokens"
hosts = ["greenhouse.example"]
[webhook.signed]
secret_file = "signed.secret"
"""
    files = {"tokens": TOKENS, "signed.secret": "s"}

    @classmethod
    def new_agent(cls, extra=None, **arguments):
        agent = super().new_agent(extra, **arguments)
        agent.http.token = "admin-token"
        return agent

    def as_(self, token, method, target, body=None, **headers):
        return self.ask(method, target, body, Authorization=f"Bearer {token}", **headers)

    def test_without_a_token_only_health_and_the_shell(self):
        self.assert_answers(self.ask("GET", "/healthz"), 200)
        page = self.ask("GET", "/")
        self.assert_answers(page, 200)
        self.assertNotIn("greenhouse-1", page.text)
        for target in ("/api/v1/status", "/metrics", "/openapi.json", "/readyz", "/api/v1/schedules"):
            self.assert_fails(self.ask("GET", target), 401)
        self.assert_fails(self.ask("POST", "/trigger-workflow/x"), 401)
        self.assert_fails(self.ask("POST", "/webhook/github", "{}"), 401)
        self.assert_fails(self.ask("GET", "/unknown"), 404)
        self.assert_fails(self.as_("wrong", "GET", "/api/v1/status"), 401)
        self.assertIn("Bearer", self.ask("GET", "/api/v1/status").headers["www-authenticate"])

    def test_scopes(self):
        for token, allowed in (("reader-token", 1), ("trigger-token", 2), ("admin-token", 3)):
            for needed, method, target, body in (
                    (1, "GET", "/api/v1/status", None), (1, "GET", "/metrics", None), (1, "GET", "/api/v1/outbox", None),
                    (2, "POST", "/trigger-workflow/scopes-" + token, None), (2, "POST", "/signal-workflow/nobody?message=x", None),
                    (2, "POST", "/api/v1/messages", {"topic": "t", "payload": 1}), (2, "POST", "/api/v1/workflows", {}),
                    (2, "POST", "/webhook/github", "{}"), (2, "POST", "/api/v1/schedules/nobody/trigger", {}),
                    (3, "POST", "/schedule-workflow/x?cron=bad", None), (3, "DELETE", "/schedule-workflow/nobody", None),
                    (3, "POST", "/api/v1/schedules", {}), (3, "POST", "/api/v1/schedules/nobody/pause", {}),
                    (3, "POST", "/api/v1/workflows/nobody/terminate", {}), (3, "POST", "/api/v1/workflows/nobody/cancel", {}),
                    (3, "DELETE", "/api/v1/outbox/999", None), (3, "POST", "/api/v1/outbox/999/retry", None),
                    (3, "DELETE", "/api/v1/rules/x/keys/y", None), (3, "POST", "/api/v1/reload", None)):
                with self.subTest(token=token, target=target):
                    answer = self.as_(token, method, target, body)
                    if needed > allowed:
                        self.assert_fails(answer, 403)
                    else:
                        self.assertNotIn(answer.status, (401, 403, 429), answer.text)

    def test_a_signature_needs_no_token(self):
        self.assert_fails(self.ask("POST", "/webhook/signed", "{}"), 401)
        signature = "sha256=" + hmac.new(b"s", b"{}", hashlib.sha256).hexdigest()
        self.assert_fails(self.ask("POST", "/webhook/signed", "{}", X_Hub_Signature_256=signature), 404)  # no rule has it

    def test_loopback_may_err_for_ever(self):
        for _ in range(15):
            self.assert_fails(self.as_("wrong", "GET", "/api/v1/status"), 401)

    def test_hosts_and_origins(self):
        for host in ("localhost", "127.0.0.1:9999", "[::1]", "greenhouse-1", "greenhouse-1.local:80", "GREENHOUSE.example"):
            self.assertEqual(self.ask("GET", "/healthz", Host=host).status, 200, host)
        for host in ("evil.example", "localhost.evil.example", "192.0.2.7", ""):
            self.assert_fails(self.ask("GET", "/healthz", Host=host), 421)
        self.assertEqual(self.ask("GET", "/healthz", Host="localhost:8000", Origin="http://localhost:8000").status, 200)
        for origin in ("http://evil.example", "null", "http://localhost:1"):
            self.assert_fails(self.ask("GET", "/healthz", Host="localhost:8000", Origin=origin), 403)


class BeyondLoopback(SurfaceTest):
    def test_a_token_is_made_and_guessers_are_slowed_down(self):
        address = own_address()
        folder = self.folder.path / "lan"
        folder.mkdir()
        config = self.agent.config.read_text()
        agent = Agent(folder, config)
        agent.listen = f"0.0.0.0:{agent.port}"
        agent.start(ready=False)
        try:
            token_file = agent.state / "token"
            wait_for(token_file.exists, "the token")
            self.assertEqual(stat.S_IMODE(os.stat(token_file).st_mode), 0o600)
            token = token_file.read_text().split()[0]
            self.assertGreaterEqual(len(token), 32)
            wait_for(lambda: ask(agent.port, "GET", "/healthz").status == 200, "the agent")
            self.assertIn(str(token_file), agent.program.text())
            self.assertNotIn(token, agent.program.text())
            good = {"Authorization": f"Bearer {token}"}
            self.assert_fails(ask(agent.port, "GET", "/api/v1/status"), 401)  # loopback too
            self.assertEqual(ask(agent.port, "GET", "/api/v1/status", headers=good, host=address).status, 200)
            for _ in range(10):
                answer = ask(agent.port, "GET", "/api/v1/status", headers={"Authorization": "Bearer guess"}, host=address)
                self.assert_fails(answer, 401)
            answer = ask(agent.port, "GET", "/api/v1/status", headers={"Authorization": "Bearer guess"}, host=address)
            self.assert_fails(answer, 429)
            self.assertGreater(int(answer.headers["retry-after"]), 0)
            self.assertEqual(ask(agent.port, "GET", "/api/v1/status", headers=good, host=address).status, 200)
            self.assertEqual(ask(agent.port, "GET", "/api/v1/status", headers={"Authorization": "Bearer guess"}).status, 401)
        finally:
            agent.stop()


class Repeats(SurfaceTest):
    extra = """
[rule.count]
topic = "count"
publish = { topic = "counted", payload = "{payload}" }
"""

    def fired(self):
        text = self.ask("GET", "/metrics").text
        found = re.search(r'^sundial_rule_fired_total\{rule="count"\} (\d+)', text, re.MULTILINE)
        return int(found.group(1)) if found else 0

    def decided(self):
        """Firings of the rule over all starts: those that the ledger holds."""
        lines = self.ask("GET", "/api/v1/events?origin=rule&id=count&limit=1000").json["items"]
        return sum(line["what"] == "fired" for line in lines)

    def test_a_key_has_one_effect(self):
        body = {"topic": "count", "payload": 1}
        first = self.ask("POST", "/api/v1/messages", body, Idempotency_Key="k-1")
        second = self.ask("POST", "/api/v1/messages", body, Idempotency_Key="k-1")
        self.assert_answers(first, 202)
        self.assert_answers(second, 202, first.json)
        self.assert_fails(self.ask("POST", "/api/v1/messages", {**body, "payload": 2}, Idempotency_Key="k-1"), 422)
        self.assert_fails(self.ask("POST", "/api/v1/messages", body, Idempotency_Key="x" * 300), 400)
        other = self.ask("POST", "/api/v1/messages", body, Idempotency_Key="k-2")
        self.assertNotEqual(other.json, first.json)
        wait_for(lambda: self.fired() == 2, "two firings")

    def test_a_key_of_a_message_is_there_with_it_when_the_agent_is_killed(self):
        for number in range(3):
            body = {"topic": "count", "payload": 1000 + number}
            self.assert_answers(self.ask("POST", "/api/v1/messages", body, Idempotency_Key=f"kill-{number}"), 202)
            before = self.decided()
            self.agent.kill()
            self.agent.start()
            self.assert_answers(self.ask("POST", "/api/v1/messages", body, Idempotency_Key=f"kill-{number}"), 202)
            other = {"topic": "count", "payload": 2000 + number}  # what was before it is decided as soon as this is
            self.assert_answers(self.ask("POST", "/api/v1/messages", other), 202)
            wait_for(lambda: self.decided() >= before + 1, "the other message")
            self.assertEqual(self.decided(), before + 1)

    def test_a_key_has_one_effect_over_kills_and_restarts(self):
        start = self.ask("POST", "/trigger-workflow/once", Idempotency_Key="start-1")
        self.assert_answers(start, 200, {"workflow_id": "once", "status": "started"})
        bad = self.ask("POST", "/schedule-workflow/once?cron=61+*+*+*+*", Idempotency_Key="bad-1")
        self.assert_fails(bad, 400)
        push = '{"action":"push","repository":{"name":"once"}}'
        self.assert_answers(self.ask("POST", "/webhook/github", push, X_GitHub_Delivery="d-1"), 200)
        wait_for(lambda: self.temporal.describe("deploy-once"), "the deployment")
        self.ask("POST", "/stop-workflow/once")
        self.ask("POST", "/stop-workflow/deploy-once")
        for workflow in ("once", "deploy-once"):
            self.assertEqual(self.ask("GET", f"/workflow-result/{workflow}").status, 200)
        self.agent.stop()
        self.agent.start()
        self.assert_answers(self.ask("POST", "/trigger-workflow/once", Idempotency_Key="start-1"), 200, start.json)
        self.assert_fails(self.ask("POST", "/schedule-workflow/once?cron=61+*+*+*+*", Idempotency_Key="bad-1"), 400)
        self.assert_answers(self.ask("POST", "/webhook/github", push, X_GitHub_Delivery="d-1"), 200)
        self.agent.kill()  # what was answered a moment ago may be forgotten, its effect is not
        self.agent.start()
        self.assertIn(self.ask("POST", "/trigger-workflow/once", Idempotency_Key="start-1").status, (200, 202))
        wait_for(lambda: self.agent.status()["outbox"]["entries"] == 0, "an empty outbox")
        for workflow in ("once", "deploy-once"):
            self.assertEqual(len(self.temporal.workflows(f"WorkflowId = '{workflow}'")), 1, workflow)


FAMILIES = {
    "messages_received_total": {"source"}, "rule_matched_total": {"rule"}, "rule_fired_total": {"rule"},
    "rule_suppressed_total": {"rule", "reason"}, "rule_errors_total": {"rule"}, "rule_keys": {"rule"},
    "schedule_fired_total": {"schedule"}, "schedule_missed_total": {"schedule", "reason"},
    "schedule_runs_total": {"schedule", "outcome"}, "schedule_lateness_seconds": set(), "outbox_entries": set(),
    "outbox_bytes": set(), "outbox_oldest_seconds": set(), "outbox_dropped_total": {"reason"},
    "bridge_requests_total": {"kind", "outcome"}, "bridge_request_seconds": set(), "event_to_effect_seconds": set(),
    "mqtt_connected": set(), "temporal_reachable": set(), "build_info": {"version"},
}


class MetricNames(SurfaceTest):
    extra = """
[rule.hot]
topic = "t/{device}"
when = "payload.t > 80"
cooldown = "1h"
start = { workflow = "CronWorkflow", id = "metric-{topic.device}", args = ["x"], task_queue = "lab6-queue" }
[rule.hook]
webhook = "hook"
publish = { topic = "hooked", payload = "{payload}" }
[rule.dead]
topic = "dead/{device}"
signal = { id = "{topic.device}", name = "s", expires = "1h" }
[schedule.tick]
cron = "* * * * * *"
overlap = "skip"
start = { workflow = "CronWorkflow", args = ["x"], task_queue = "lab6-queue" }
[schedule.idle]
cron = "* * * * * *"
paused = true
publish = { topic = "idle", payload = "x" }
"""

    def provoke(self):
        self.broker.publish("t/a", '{"t": 90}')
        self.broker.publish("t/a", '{"t": 91}')
        self.broker.publish("t/a", '{"x": 1}')
        self.broker.publish("dead/nobody", "{}")
        self.ask("POST", "/webhook/hook", "{}")
        self.ask("POST", "/api/v1/messages", {"topic": "t/b", "payload": {"t": 1}})

    def test_every_metric_with_its_labels(self):
        self.provoke()

        def families():
            found = {}
            for line in self.ask("GET", "/metrics").text.splitlines():
                sample = re.match(r"^([a-z_]+?)(_bucket|_sum|_count)?(?:\{(.*)\})? ([^ ]+)$", line)
                if sample and not line.startswith("#"):
                    labels = set(re.findall(r'(\w+)="', sample[3] or "")) - {"le"}
                    found.setdefault(sample[1], set()).update(labels)
            return found

        def complete():
            found = families()
            return found if all(found.get("sundial_" + name) == labels for name, labels in FAMILIES.items()
                                if name not in self.rare) else None

        # What would need a workflow that ends, or a full store, is in the types only.
        self.rare = {"outbox_dropped_total", "schedule_runs_total"}
        try:
            found = wait_for(complete, "all families")
        except AssertionError:
            found = families()
            self.assertEqual({name: found.get("sundial_" + name) for name in FAMILIES if name not in self.rare},
                             {name: labels for name, labels in FAMILIES.items() if name not in self.rare})
        text = self.ask("GET", "/metrics").text
        for name in FAMILIES:
            self.assertRegex(text, rf"(?m)^# TYPE sundial_{name} (counter|gauge|histogram)$")
        self.assertEqual({name for name in found if name.startswith("sundial_")} - {"sundial_" + name for name in FAMILIES}, set())
        for name in ("process_cpu_seconds_total", "process_resident_memory_bytes", "process_open_fds", "process_max_fds",
                     "process_virtual_memory_bytes", "process_start_time_seconds"):
            self.assertIn(name, found)
        for sample in ('messages_received_total{source="mqtt"} 4', 'messages_received_total{source="webhook"} 1',
                       'messages_received_total{source="http"} 1', r'messages_received_total{source="schedule"} [1-9]',
                       r'schedule_missed_total{schedule="idle",reason="paused"} [1-9]',
                       r'schedule_missed_total{schedule="tick",reason="overlap"} [1-9]',
                       r'schedule_lateness_seconds_count [1-9]', r'event_to_effect_seconds_count [1-9]',
                       'rule_suppressed_total{rule="hot",reason="cooldown"} 1', 'rule_errors_total{rule="hot"} 1',
                       'rule_matched_total{rule="hot"} 4', 'rule_fired_total{rule="hot"} 1', 'rule_keys{rule="hot"} 1',
                       'bridge_requests_total{kind="start",outcome="ok"} [1-9]',
                       'bridge_requests_total{kind="signal",outcome="dead"} 1', 'mqtt_connected 1', 'temporal_reachable 1'):
            pattern = "(?m)^sundial_" + re.sub(r"[{}]", r"\\\g<0>", sample) + "$"
            wait_for(lambda: re.search(pattern, self.ask("GET", "/metrics").text), sample)

    def test_openmetrics_by_accept(self):
        answer = self.ask("GET", "/metrics", Accept="application/openmetrics-text; version=1.0.0")
        self.assertTrue(answer.headers["content-type"].startswith("application/openmetrics-text"))
        self.assertTrue(answer.text.endswith("# EOF\n"))
        plain = self.ask("GET", "/metrics")
        self.assertTrue(plain.headers["content-type"].startswith("text/plain; version=0.0.4"))

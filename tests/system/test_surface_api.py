"""/api/v1 against a real Temporal: every call of the reference, with its good and its bad answers."""
import base64
import json
import re
import socket
import time

from support import PATIENCE, wait_for
from surface import SurfaceTest

RULES = """
[schedule.nightly]
cron = "0 3 * * *"
time_zone = "Europe/Berlin"
start = { workflow = "CronWorkflow", args = ["night"], task_queue = "lab6-queue" }
[rule.hot]
topic = "sensors/{device}/t"
when = "payload.t > 80"
cooldown = "1h"
start = { workflow = "CronWorkflow", id = "hot-{topic.device}", args = ["{payload}"], task_queue = "lab6-queue" }
[rule.dead]
topic = "dead/{device}"
signal = { id = "{topic.device}", name = "add_message", args = ["{payload}"] }
"""


class Status(SurfaceTest):
    extra = RULES

    def test_status_and_health(self):
        status = self.ask("GET", "/api/v1/status").json
        for place in ("version", "ready", "uptime_seconds", "mqtt.connected", "temporal.reachable", "clock.trusted",
                      "outbox.entries", "outbox.bytes", "outbox.oldest_seconds", "outbox.dead", "store.bytes",
                      "store.written_bytes_today", "rules", "schedules"):
            value = status
            for name in place.split("."):
                self.assertIn(name, value, place)
                value = value[name]
        self.assertEqual((status["ready"], status["rules"], status["schedules"]), (True, 2, 1))
        self.assert_answers(self.ask("GET", "/healthz"), 200)
        self.assert_answers(self.ask("GET", "/readyz"), 200, {"ready": True, "reason": ""})
        verbose = self.ask("GET", "/readyz?verbose").json
        self.assertTrue(verbose["checks"]["mqtt"] and verbose["checks"]["store"], verbose)

    def test_the_page_has_its_policy(self):
        answer = self.ask("GET", "/")
        self.assert_answers(answer, 200)
        policy = answer.headers["content-security-policy"]
        self.assertNotIn("unsafe-inline", policy)
        self.assertIn("frame-ancestors 'none'", policy)
        self.assertNotRegex(answer.text, r"<script(?![^>]*\bsrc=)|<style|\son\w+=|style=")

    def test_unknown_paths_and_methods(self):
        self.assert_fails(self.ask("GET", "/api/v1/nothing"), 404)
        self.assert_fails(self.ask("GET", "/nothing"), 404)
        self.assert_fails(self.ask("GET", "/trigger-workflow/x"), 405)
        self.assertEqual(self.ask("GET", "/trigger-workflow/x").headers["allow"], "POST")
        self.assert_fails(self.ask("POST", "/api/v1/messages", "[1"), 400, "JSON")
        self.assert_fails(self.ask("POST", "/api/v1/messages", "x" * 300_000), 413)

    def test_request_ids(self):
        first, second = (self.ask("GET", "/healthz").headers["x-request-id"] for _ in range(2))
        self.assertNotEqual(first, second)
        self.assertEqual(self.ask("GET", "/healthz", X_Request_Id="mine-1").headers["x-request-id"], "mine-1")

    def test_openapi_has_every_call_of_the_reference(self):
        document = self.ask("GET", "/openapi.json").json
        self.assertTrue(document["openapi"].startswith("3.1"))
        for line in ("POST /trigger-workflow/{id}", "POST /schedule-workflow/{id}", "DELETE /schedule-workflow/{id}",
                     "POST /signal-workflow/{id}", "POST /stop-workflow/{id}", "GET /workflow-result/{id}",
                     "POST /webhook/{name}", "GET /api/v1/status", "GET /api/v1/schedules", "POST /api/v1/schedules",
                     "GET /api/v1/schedules/{id}", "PUT /api/v1/schedules/{id}", "PATCH /api/v1/schedules/{id}",
                     "DELETE /api/v1/schedules/{id}", "POST /api/v1/schedules/{id}/trigger",
                     "POST /api/v1/schedules/{id}/pause", "POST /api/v1/schedules/{id}/unpause",
                     "POST /api/v1/schedules/{id}/backfill", "GET /api/v1/schedules/{id}/next", "GET /api/v1/rules",
                     "GET /api/v1/rules/{id}", "GET /api/v1/rules/{id}/keys", "DELETE /api/v1/rules/{id}/keys/{key}",
                     "POST /api/v1/messages", "GET /api/v1/outbox", "GET /api/v1/outbox/{n}", "PATCH /api/v1/outbox/{n}",
                     "POST /api/v1/outbox/{n}/retry", "DELETE /api/v1/outbox/{n}", "GET /api/v1/events",
                     "POST /api/v1/workflows", "GET /api/v1/workflows", "GET /api/v1/workflows/count",
                     "GET /api/v1/workflows/{id}", "GET /api/v1/workflows/{id}/history", "GET /api/v1/workflows/{id}/result",
                     "POST /api/v1/workflows/{id}/signal/{name}", "POST /api/v1/workflows/{id}/query/{name}",
                     "POST /api/v1/workflows/{id}/update/{name}", "POST /api/v1/workflows/{id}/signal-with-start/{name}",
                     "POST /api/v1/workflows/{id}/cancel", "POST /api/v1/workflows/{id}/terminate", "POST /api/v1/reload",
                     "GET /", "GET /metrics", "GET /openapi.json", "GET /healthz", "GET /readyz"):
            method, path = line.split(" ")
            self.assertIn(method.lower(), document["paths"].get(path, {}), line)

    def test_reload_tells_what_changed_and_refuses_what_is_wrong(self):
        good = self.agent.config.read_text()
        self.assert_answers(self.ask("POST", "/api/v1/reload"), 200, {"changed": []})
        self.agent.config.write_text(good + '[rule.new]\ntopic = "new"\nstart = { workflow = "CronWorkflow" }\n')
        self.assert_answers(self.ask("POST", "/api/v1/reload"), 200, {"changed": ["rule.new"]})
        self.agent.config.write_text(good.replace('cooldown = "1h"', 'cooldwn = "1h"'))
        self.assert_fails(self.ask("POST", "/api/v1/reload"), 400, "cooldwn")
        self.assertEqual(self.ask("GET", "/api/v1/rules/new").status, 200)
        self.agent.config.write_text(good)
        self.assert_answers(self.ask("POST", "/api/v1/reload"), 200, {"changed": ["rule.new"]})


class Schedules(SurfaceTest):
    extra = RULES

    def test_from_its_creation_to_its_end(self):
        table = {"id": "tea ☕ 1", "cron": "0 17 * * *", "time_zone": "Asia/Tokyo", "note": "tea",
                 "start": {"workflow": "CronWorkflow", "args": ["{schedule.time}"], "task_queue": "lab6-queue"}}
        path = "/api/v1/schedules/tea%20%E2%98%95%201"
        created = self.ask("POST", "/api/v1/schedules", table)
        self.assert_answers(created, 201)
        self.assertEqual(created.headers["location"], path)
        self.assert_fails(self.ask("POST", "/api/v1/schedules", table), 409)
        document = self.ask("GET", path)
        for key, value in table.items():
            self.assertEqual(document.json[key], value)
        self.assertEqual(document.json["source"], "api")
        self.assertEqual(len(document.json["next"]) > 0, True)
        for key in ("state", "recent"):
            self.assertIn(key, document.json)
        times = self.ask("GET", path + "/next?count=25").json["items"]
        self.assertEqual(len(times), 25)
        self.assertTrue(all(re.search(r"T08:00:00Z$|T17:00:00\+09:00$", due) for due in times), times)
        tag = document.headers["etag"]
        changed = self.ask("PATCH", path, {"note": "more tea"}, If_Match=tag)
        self.assert_answers(changed, 200)
        self.assertEqual((changed.json["note"], changed.json["cron"]), ("more tea", "0 17 * * *"))
        self.assertNotEqual(changed.headers["etag"], tag)
        self.assert_fails(self.ask("PATCH", path, {"note": "stale"}, If_Match=tag), 412)
        self.assert_fails(self.ask("PUT", path, {"cron": "61 * * * *", "start": table["start"]}), 400)
        replaced = self.ask("PUT", path, {"every": "90s", "start": table["start"]}, If_Match=changed.headers["etag"])
        self.assert_answers(replaced, 200)
        self.assertNotIn("cron", replaced.json)
        self.assert_answers(self.ask("POST", path + "/pause", {"note": "enough"}), 200)
        paused = self.ask("GET", path).json
        self.assertEqual((paused["paused"], paused["note"]), (True, "enough"))
        self.assert_answers(self.ask("POST", path + "/unpause", {"note": "again"}), 200)
        unpaused = self.ask("GET", path).json
        self.assertEqual((unpaused["paused"], unpaused["note"]), (False, "again"))
        self.assert_fails(self.ask("DELETE", path, If_Match='"other"'), 412)
        self.assert_answers(self.ask("DELETE", path), 200)
        self.assert_fails(self.ask("GET", path), 404)

    def test_trigger_and_backfill_reach_temporal(self):
        self.ask("POST", "/api/v1/schedules", {"id": "filled", "cron": "0 0 * * *", "time_zone": "UTC", "paused": True,
                                               "overlap": "allow_all", "start": {"workflow": "CronWorkflow", "args": ["{schedule.time}"], "task_queue": "lab6-queue"}})
        self.assert_answers(self.ask("POST", "/api/v1/schedules/filled/trigger", {"overlap": "allow_all"}), 200)
        found = wait_for(lambda: self.temporal.workflows("WorkflowId STARTS_WITH 'filled-'"), "the triggered run")
        self.assertRegex(found[0]["execution"]["workflowId"], r"^filled-\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$")
        span = {"start": "2026-01-01T00:00:00Z", "end": "2026-01-03T00:00:00Z", "overlap": "allow_all"}
        self.assert_answers(self.ask("POST", "/api/v1/schedules/filled/backfill", span), 200)
        wait_for(lambda: len(self.temporal.workflows("WorkflowId STARTS_WITH 'filled-2026-01'")) == 3, "the backfilled runs")
        for body in ({}, {"start": "2026-01-02T00:00:00Z", "end": "2026-01-01T00:00:00Z"}, {"start": "yesterday", "end": "now"},
                     {**span, "overlap": "perhaps"}):
            self.assert_fails(self.ask("POST", "/api/v1/schedules/filled/backfill", body), 400)
        self.assert_fails(self.ask("POST", "/api/v1/schedules/nobody/trigger", {}), 404)

    def test_one_of_the_file_can_be_paused_but_not_changed(self):
        path = "/api/v1/schedules/nightly"
        self.assertEqual(self.ask("GET", path).json["source"], "file")
        self.assert_fails(self.ask("PUT", path, {"every": "1m"}), 409)
        self.assert_fails(self.ask("PATCH", path, {"note": "x"}), 409)
        self.assert_fails(self.ask("DELETE", path), 409)
        self.assert_answers(self.ask("POST", path + "/pause", {}), 200)
        self.assert_answers(self.ask("POST", path + "/unpause", {}), 200)

    def test_pages(self):
        for n in range(5):
            self.ask("POST", "/api/v1/schedules", {"id": f"page-{n}", "cron": "0 0 1 1 *", "start": {"workflow": "X"}})
        seen, token = [], ""
        while True:
            answer = self.ask("GET", f"/api/v1/schedules?limit=2&next={token}").json
            self.assertLessEqual(len(answer["items"]), 2)
            seen += [item["id"] for item in answer["items"]]
            token = answer["next"]
            if not token:
                break
        self.assertEqual(len(seen), len(set(seen)))
        self.assertLessEqual({f"page-{n}" for n in range(5)}, set(seen))
        self.assert_fails(self.ask("GET", "/api/v1/schedules?limit=0"), 400)
        self.assert_fails(self.ask("GET", "/api/v1/schedules?next=junk"), 400)

    def test_a_bad_definition_names_all_that_is_wrong(self):
        answer = self.ask("POST", "/api/v1/schedules", {"id": "bad", "cron": "* * *", "overlap": "maybe", "colour": "red"})
        self.assert_fails(answer, 400, "colour")
        self.assertIn("overlap", answer.json["detail"])


class RulesAndMessages(SurfaceTest):
    extra = RULES

    def test_rules_and_their_keys(self):
        rule = self.ask("GET", "/api/v1/rules/hot").json
        self.assertEqual((rule["id"], rule["source"], rule["when"], rule["cooldown"]), ("hot", "file", "payload.t > 80", "1h"))
        self.assertEqual({item["id"] for item in self.ask("GET", "/api/v1/rules").json["items"]}, {"hot", "dead"})
        self.assert_fails(self.ask("GET", "/api/v1/rules/nobody"), 404)
        self.assert_answers(self.ask("POST", "/api/v1/messages", {"topic": "sensors/k1/t", "payload": {"t": 90}}), 202)
        wait_for(lambda: self.temporal.describe("hot-k1"), "the workflow")
        keys = self.ask("GET", "/api/v1/rules/hot/keys").json["items"]
        self.assertEqual([key["key"] for key in keys if key["key"] == "k1"], ["k1"])
        self.assert_answers(self.ask("DELETE", "/api/v1/rules/hot/keys/k1"), 200)
        keys = self.ask("GET", "/api/v1/rules/hot/keys").json["items"]
        self.assertNotIn("k1", [key["key"] for key in keys])
        self.assert_fails(self.ask("GET", "/api/v1/rules/nobody/keys"), 404)

    def test_messages_in_all_forms(self):
        for body in ({"topic": "sensors/m1/t", "payload": '{"t": 91}'}, {"topic": "sensors/m2/t", "payload": {"t": 92}, "qos": 1},
                     {"topic": "sensors/m3/t", "payload_base64": base64.b64encode(b'{"t": 93}').decode()}):
            answer = self.ask("POST", "/api/v1/messages", body)
            self.assert_answers(answer, 202)
            self.assertEqual(set(answer.json), {"id"})
            device = body["topic"].split("/")[1]
            wait_for(lambda: self.temporal.describe(f"hot-{device}"), "the workflow")
        for body in ({}, {"topic": "a"}, {"payload": 1}, {"topic": "a/+", "payload": 1}, {"topic": "a", "payload": 1, "qos": 2},
                     {"topic": "a", "payload_base64": "?"}, {"topic": "a", "payload": 1, "payload_base64": "eA=="}):
            self.assert_fails(self.ask("POST", "/api/v1/messages", body), 400)

    def test_a_dry_run_has_no_effect(self):
        answer = self.ask("POST", "/api/v1/messages?dry_run=true", {"topic": "sensors/dry/t", "payload": {"t": 99}})
        self.assert_answers(answer, 200)
        self.assertIn("hot-dry", answer.text)
        cold = self.ask("POST", "/api/v1/messages?dry_run=true", {"topic": "sensors/dry/t", "payload": {"t": 9}})
        self.assertNotIn("hot-dry", cold.text)
        self.assertIsNone(self.temporal.describe("hot-dry"))
        self.assertNotIn("dry", [key["key"] for key in self.ask("GET", "/api/v1/rules/hot/keys").json["items"]])

    def test_dead_letters_are_edited_retried_and_dropped(self):
        def dead():
            return [item for item in self.ask("GET", "/api/v1/outbox?state=dead").json["items"]]
        for device in ("gone-1", "gone-2"):
            self.broker.publish(f"dead/{device}", '"hello"')
        records = wait_for(lambda: dead() if len(dead()) == 2 else None, "two dead letters")
        self.assertEqual(self.agent.status()["outbox"]["dead"], 2)
        first, second = (f"/api/v1/outbox/{record['number']}" for record in records)
        self.assertEqual(self.ask("GET", first).json["state"], "dead")
        self.ask("POST", "/trigger-workflow/alive")
        edited = self.ask("PATCH", first, {"id": "alive"})
        self.assert_answers(edited, 200)
        self.assert_answers(self.ask("POST", first + "/retry"), 200)
        wait_for(lambda: self.temporal.events("alive", "WORKFLOW_EXECUTION_SIGNALED"), "the letter that was edited")
        self.assert_answers(self.ask("DELETE", second), 200)
        self.assertEqual(dead(), [])
        for method, path in (("GET", second), ("DELETE", second), ("POST", second + "/retry"), ("GET", "/api/v1/outbox/x")):
            self.assert_fails(self.ask(method, path), 404)

    def test_events_by_page_and_live(self):
        with socket.create_connection(("127.0.0.1", self.agent.port), PATIENCE) as stream:
            stream.sendall(b"GET /api/v1/events HTTP/1.1\r\nHost: localhost\r\nAccept: text/event-stream\r\n\r\n")
            text = stream.recv(4096).decode()
            self.assertIn("text/event-stream", text)
            self.ask("POST", "/api/v1/messages", {"topic": "sensors/live/t", "payload": {"t": 95}})
            deadline = time.monotonic() + PATIENCE
            while '"key":"live"' not in text and time.monotonic() < deadline:
                text += stream.recv(4096).decode()
            self.assertIn('"key":"live"', text)
        items = self.ask("GET", "/api/v1/events?origin=rule&id=hot&key=live&limit=1").json["items"]
        self.assertEqual((items[0]["what"], items[0]["key"]), ("fired", "live"))
        self.assert_fails(self.ask("GET", "/api/v1/events?origin=nobody"), 400)


class Workflows(SurfaceTest):
    extra = RULES

    def start(self, workflow, workflow_id, **table):
        return self.ask("POST", "/api/v1/workflows", {"workflow": workflow, "id": workflow_id, **table})

    def test_start_and_its_answers(self):
        answer = self.start("DeviceEntity", "entity-1", args=["d1"], memo={"place": "roof"})
        self.assert_answers(answer, 200)
        self.assertEqual((answer.json["workflow_id"], answer.json["status"]), ("entity-1", "started"))
        self.assertEqual(self.temporal.describe("entity-1")["execution"]["runId"], answer.json["run_id"])
        again = self.start("DeviceEntity", "entity-1", args=["d1"])
        self.assert_fails(again, 409, "already running")
        nameless = self.ask("POST", "/api/v1/workflows", {"workflow": "CronWorkflow", "args": ["x"]})
        self.assert_answers(nameless, 200)
        self.assertTrue(nameless.json["workflow_id"])
        for table in ({}, {"workflow": "X", "colour": 1}, {"workflow": "X", "id": "a/b"}, {"workflow": 3}, {"workflow": "X", "args": 3}):
            self.assert_fails(self.ask("POST", "/api/v1/workflows", table), 400)
        braces = self.start("CronWorkflow", "braces", args=["{payload.x}"])
        self.assert_answers(braces, 200)  # values, not templates
        self.assertIn("{payload.x}", json.dumps(self.ask("GET", "/api/v1/workflows/braces/history").json))

    def test_describe_history_list_and_count(self):
        self.start("DeviceEntity", "entity-2", args=["d2"])
        answer = self.ask("GET", "/api/v1/workflows/entity-2")
        self.assert_answers(answer, 200)
        for name in ("workflow_id", "run_id", "type", "status", "start_time", "execution_time", "close_time"):
            self.assertIn(name, answer.json)
        self.assertEqual((answer.json["status"], answer.json["type"]), ("running", "DeviceEntity"))
        self.assert_fails(self.ask("GET", "/api/v1/workflows/nobody"), 404)
        page = self.ask("GET", "/api/v1/workflows/entity-2/history?limit=1").json
        self.assertEqual((len(page["items"]), page["items"][0]["eventType"]), (1, "EVENT_TYPE_WORKFLOW_EXECUTION_STARTED"))
        following = self.ask("GET", f"/api/v1/workflows/entity-2/history?limit=1&next={page['next'].replace('+', '%2B')}").json
        self.assertEqual(following["items"][0]["eventId"], "2")
        query = "WorkflowId%3D'entity-2'"
        wait_for(lambda: self.ask("GET", f"/api/v1/workflows/count?query={query}").json["count"] == 1, "the count")
        listed = self.ask("GET", f"/api/v1/workflows?query={query}").json["items"]
        self.assertEqual([item["workflow_id"] for item in listed], ["entity-2"])
        self.assert_fails(self.ask("GET", "/api/v1/workflows?query=no%20such%20query"), 400)
        self.assert_fails(self.ask("GET", "/api/v1/workflows?query=%C3%87%C2%AEM%C2%B1%04%5D"), 400)
        self.assert_fails(self.ask("GET", "/api/v1/workflows/count?query=%C3%87%C2%AEM%C2%B1%04%5D"), 400)
        self.assert_fails(self.ask("GET", "/api/v1/workflows/nobody/history"), 404)

    def test_signal_query_update_and_result(self):
        self.start("DeviceEntity", "entity-3", args=["d3"])
        path = "/api/v1/workflows/entity-3"
        self.assert_answers(self.ask("POST", path + "/signal/reading", {"args": [21.5]}), 200)
        self.assert_answers(self.ask("POST", path + "/query/latest", {}), 200, {"result": 21.5})
        self.assert_answers(self.ask("POST", path + "/update/set_threshold", {"args": [70.0]}), 200, {"result": 80.0})
        self.assert_fails(self.ask("POST", path + "/update/set_threshold", {"args": [-1.0]}), 422, "above zero")
        self.assert_fails(self.ask("POST", path + "/query/nothing", {}), 400)
        self.assert_answers(self.ask("GET", path + "/result?wait=0s"), 202)
        self.assert_answers(self.ask("POST", path + "/signal/retire", {}), 200)
        self.assert_answers(self.ask("GET", path + "/result"), 200,
                            {"result": {"device": "d3", "readings": 1, "threshold": 70.0}})
        for call in ("signal/x", "query/x", "update/x", "cancel", "terminate"):
            self.assert_fails(self.ask("POST", f"/api/v1/workflows/nobody/{call}", {}), 404)
        self.assert_fails(self.ask("GET", "/api/v1/workflows/nobody/result"), 404)
        self.assert_fails(self.ask("POST", path + "/signal/reading", {"args": 3}), 400)

    def test_signal_with_start(self):
        path = "/api/v1/workflows/entity-4/signal-with-start/reading"
        table = {"workflow": "DeviceEntity", "start_args": ["d4"], "args": [7]}
        self.assert_answers(self.ask("POST", path, table), 200)
        self.assert_answers(self.ask("POST", path, {**table, "args": [8]}), 200)
        self.assert_answers(self.ask("POST", "/api/v1/workflows/entity-4/query/latest", {}), 200, {"result": 8})
        self.assert_fails(self.ask("POST", path, {"args": [1]}), 400, "workflow")

    def test_cancel_terminate_and_their_results(self):
        self.start("CleanUp", "cancelled", args=["pump"])
        self.assert_answers(self.ask("POST", "/api/v1/workflows/cancelled/cancel", {"reason": "enough"}), 200)
        answer = self.ask("GET", "/api/v1/workflows/cancelled/result")
        self.assert_fails(answer, 409, "canceled", "canceled")
        self.start("DeviceEntity", "ended", args=["x"])
        self.assert_answers(self.ask("POST", "/api/v1/workflows/ended/terminate", {"reason": "too hot"}), 200)
        answer = self.ask("GET", "/api/v1/workflows/ended/result")
        self.assert_fails(answer, 409, "terminated", "terminated")
        self.assertIn("too hot", json.dumps(answer.json["error"]["cause"]))

    def test_a_query_that_nobody_answers_is_504(self):
        self.start("DeviceEntity", "unheard", args=["x"], task_queue="nobody")
        self.assert_fails(self.ask("POST", "/api/v1/workflows/unheard/query/latest", {}), 504)
        self.assert_answers(self.ask("POST", "/api/v1/workflows/unheard/update/set_threshold", {"args": [1.0]}), 202)

#!/usr/bin/env python3
"""Temporal's HTTP API as far as delivery needs it: request ids, id policies, runs and their ends.

Prints its port on the first line. Faults are set by POST /fault with
{"count":N,"kind":"drop_before"|"drop_after"|"status"|"garbage"|"delay","status":503,"seconds":1}:
the next N requests, with "method" those of that method, fail so (drop_after: they have their effect, but no answer).
"""
import argparse
import json
import sys
import threading
import time
import uuid
from datetime import datetime, timezone
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, unquote, urlsplit

ERRORS = "type.googleapis.com/temporal.api.errordetails.v1."
LOCK = threading.Lock()
WORKFLOWS = {}  # id -> runs, oldest first
FAULTS = []


class Refusal(Exception):
    def __init__(self, status, code, message, detail=None, **more):
        super().__init__(message)
        self.status = status
        self.body = {"code": code, "message": message}
        if detail:
            self.body["details"] = [{"@type": ERRORS + detail, **more}]


def now():
    return datetime.now(timezone.utc).isoformat(timespec="microseconds").replace("+00:00", "Z")


class Run:
    def __init__(self, workflow_id, body):
        self.id, self.run_id, self.start, self.close = workflow_id, str(uuid.uuid4()), now(), None
        self.status = "RUNNING"
        self.request_id = body.get("requestId", "")
        self.requests = {self.request_id}
        self.type = body["workflowType"]
        self.memo = body.get("memo", {})
        self.events = []
        self.add("STARTED", "Started", {"workflowType": self.type, "input": body.get("input", {})})

    def add(self, kind, attributes, content):
        name = f"EVENT_TYPE_WORKFLOW_EXECUTION_{kind}"
        key = f"workflowExecution{attributes}EventAttributes"
        self.events.append({"eventId": str(len(self.events) + 1), "eventTime": now(), "eventType": name, key: content})

    def end(self, status, attributes, content):
        self.status, self.close = status, now()
        self.add(status, attributes, content)

    def info(self):
        info = {"execution": {"workflowId": self.id, "runId": self.run_id}, "type": self.type, "startTime": self.start,
                "status": f"WORKFLOW_EXECUTION_STATUS_{self.status}", "memo": self.memo, "firstRunId": self.run_id}
        return info | ({"closeTime": self.close} if self.close else {})


def latest(workflow_id, run_id=""):
    runs = [run for run in WORKFLOWS.get(workflow_id, []) if run_id in ("", run.run_id)]
    if not runs:
        raise Refusal(404, 5, f"workflow not found for ID: {workflow_id}", "NotFoundFailure")
    return runs[-1]


def policy(body, name, default):
    return body.get(name, default).removeprefix("WORKFLOW_ID_REUSE_POLICY_").removeprefix("WORKFLOW_ID_CONFLICT_POLICY_")


def start(workflow_id, body):
    reuse = policy(body, "workflowIdReusePolicy", "ALLOW_DUPLICATE")
    conflict = policy(body, "workflowIdConflictPolicy", "FAIL")
    runs = WORKFLOWS.setdefault(workflow_id, [])
    last = runs[-1] if runs else None
    if last and last.request_id == body.get("requestId"):
        return last, True
    taken = Refusal(409, 6, "Workflow execution is already running.", "WorkflowExecutionAlreadyStartedFailure",
                    startRequestId=last.request_id if last else "", runId=last.run_id if last else "")
    if last and last.status == "RUNNING":
        if conflict == "USE_EXISTING":
            return last, False
        if conflict != "TERMINATE_EXISTING":
            raise taken
        last.end("TERMINATED", "Terminated", {"reason": "TerminateIfRunning"})
    elif last and (reuse == "REJECT_DUPLICATE" or (reuse == "ALLOW_DUPLICATE_FAILED_ONLY" and last.status == "COMPLETED")):
        raise taken
    runs.append(Run(workflow_id, body))
    return runs[-1], True


def signal(run, body, name):
    if body.get("requestId") in run.requests:
        return
    if run.status != "RUNNING":
        raise Refusal(404, 5, "workflow execution already completed", "NotFoundFailure")
    run.requests.add(body.get("requestId"))
    run.add("SIGNALED", "Signaled", {"signalName": name, "input": body.get("input", {})})


def post(parts, body):
    if parts[0] == "activities":
        raise Refusal(404, 5, "cannot find pending activity with ActivityID " + body["activityId"], "NotFoundFailure")
    workflow_id, rest = parts[1], parts[2:]
    run_id = body.get("workflowExecution", {}).get("runId", "")
    if not rest:
        run, started = start(workflow_id, body)
        return {"runId": run.run_id, "status": run.status} | ({"started": True} if started else {})
    if rest[0] == "signal":
        signal(latest(workflow_id, run_id), body, rest[1])
        return {}
    if rest[0] == "signal-with-start":
        run, _ = start(workflow_id, body | {"workflowIdConflictPolicy": "USE_EXISTING"})
        if ("signal", body["requestId"]) not in run.requests:
            run.requests |= {("signal", body["requestId"]), body["requestId"]}
            run.add("SIGNALED", "Signaled", {"signalName": rest[1], "input": body.get("signalInput", {})})
        return {"runId": run.run_id}
    run = latest(workflow_id, run_id)
    if body.get("firstExecutionRunId", run.run_id) != run.run_id:
        raise Refusal(404, 5, "workflow execution not found", "NotFoundFailure")
    if rest[0] == "terminate":
        if run.status != "RUNNING":
            raise Refusal(404, 5, "workflow execution already completed", "NotFoundFailure")
        run.end("TERMINATED", "Terminated", {"reason": body.get("reason", "")})
    elif rest[0] == "cancel":
        run.add("CANCEL_REQUESTED", "CancelRequested", {"cause": body.get("reason", "")})
    return {}


def matching(query):
    if query and not query.startswith("WorkflowId"):
        raise Refusal(400, 3, "invalid query: " + query, "InvalidArgumentFailure")
    wanted = query.split('"', 1)[1].rsplit('"', 1)[0] if query else None
    return [run for runs in WORKFLOWS.values() for run in runs if wanted in (None, run.id)]


def get(parts, query):
    if not parts:
        return {"namespaceInfo": {"name": "default"}, "config": {"workflowExecutionRetentionTtl": "86400s"}}
    if parts[0] == "workflow-count":
        found = len(matching(query.get("query", "")))
        return {"count": str(found)} if found else {}
    if len(parts) == 1:
        return {"executions": [run.info() for run in matching(query.get("query", ""))]}
    run = latest(parts[1], query.get("execution.runId", ""))
    if len(parts) == 2:
        known = {request: {} for request in run.requests if isinstance(request, str)}
        return {"workflowExecutionInfo": run.info(), "workflowExtendedInfo": {"requestIdInfos": known}}
    if "HISTORY_EVENT_FILTER_TYPE_CLOSE_EVENT" not in query.values():
        return {"history": {"events": run.events}}
    return {"history": {"events": run.events[-1:]}} if run.close else {"history": {}, "nextPageToken": "again"}


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def answer(self, status, body, text=None):
        content = (text if text is not None else json.dumps(body, sort_keys=True)).encode()
        self.send_response(status)
        self.send_header("Content-Type", "*")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def fault(self, method):
        with LOCK:
            for place, fault in enumerate(FAULTS):
                if fault.get("method", method) != method:
                    continue
                fault["count"] -= 1
                return FAULTS.pop(place) if fault["count"] <= 0 else fault
            return None

    def work(self, method):
        url = urlsplit(self.path)
        body = json.loads(self.rfile.read(int(self.headers.get("Content-Length", 0))) or b"{}")
        if url.path == "/fault":
            FAULTS.append(body)
            return self.answer(200, {})
        fault = self.fault(method) or {"kind": "none"}
        if fault["kind"] == "drop_before":
            self.close_connection = True
            return None
        if fault["kind"] == "delay":
            time.sleep(fault["seconds"])
        if fault["kind"] == "status":
            return self.answer(fault["status"], {"code": fault.get("code", 14), "message": "told to fail"})
        if fault["kind"] == "garbage":
            return self.answer(200, None, "<html>")
        try:
            status, reply = 200, self.route(method, url, body)
        except Refusal as refusal:
            status, reply = refusal.status, refusal.body
        if fault["kind"] == "drop_after":
            self.close_connection = True
            return None
        return self.answer(status, reply)

    def wait_for_end(self, workflow, run_id):
        """As the real one: the closing event is waited for, also where nobody asks to wait."""
        told = self.headers.get("Grpc-Timeout", "")
        seconds = min(20, int(told[:-1]) / 1000 - 1) if told.endswith("m") else 20
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            with LOCK:
                if latest(workflow, run_id).close:
                    return
            time.sleep(0.02)

    def route(self, method, url, body):
        parts = [unquote(part) for part in url.path.split("/")[1:]]
        if parts[:3] != ["api", "v1", "namespaces"]:
            raise Refusal(404, 5, "Not Found")
        if parts[3] != "default":
            raise Refusal(404, 5, f"Namespace {parts[3]} is not found.", "NamespaceNotFoundFailure", namespace=parts[3])
        query = {key: values[-1] for key, values in parse_qs(url.query, keep_blank_values=True).items()}
        if "HISTORY_EVENT_FILTER_TYPE_CLOSE_EVENT" in query.values():
            self.wait_for_end(parts[5], query.get("execution.runId", ""))
        with LOCK:
            return post(parts[4:], body) if method == "POST" else get(parts[4:], query)

    def do_GET(self):
        self.work("GET")

    def do_POST(self):
        self.work("POST")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--port", type=int, default=0, help="0: any that is free")
    options = parser.parse_args()
    ThreadingHTTPServer.daemon_threads = True
    server = ThreadingHTTPServer(("127.0.0.1", options.port), Handler)
    print(server.server_address[1], flush=True)
    # It ends with whoever started it: standard input closes.
    threading.Thread(target=lambda: (sys.stdin.read(), server.shutdown()), daemon=True).start()
    server.serve_forever()


if __name__ == "__main__":
    main()

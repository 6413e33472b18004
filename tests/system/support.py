"""What system tests share: real programs that are started, watched and ended, and questions to them."""
import base64
import http.client
import json
import os
import random
import signal
import socket
import subprocess
import tempfile
import time
import urllib.parse
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
PATIENCE = 180  # seconds; spent only where something is broken, however slow the machine


def required(name):
    value = os.environ.get(name)
    if not value:
        raise RuntimeError(f"{name} is not set: run scripts/test system")
    return value


_reservations = []


def free_port():
    """Below the ports that the kernel gives to outgoing connections, so that what is restarted finds its own again; and
    nobody else's as long as this process lives: a name that goes with its socket (tests/support/mosquitto.cpp has it too)."""
    for port in random.sample(range(12_000, 30_000), 1000):
        reservation = socket.socket(socket.AF_UNIX)
        try:
            reservation.bind(f"\0sundial-test-port-{port}")
            with socket.socket() as probe:
                probe.bind(("127.0.0.1", port))
        except OSError:
            reservation.close()
            continue
        _reservations.append(reservation)
        return port
    raise RuntimeError("no free port between 12000 and 30000")


def wait_for(question, what, seconds=PATIENCE):
    """Asks until the answer is true, and returns it; fails with `what` and the last problem."""
    deadline = time.monotonic() + seconds
    problem = None
    while time.monotonic() < deadline:
        try:
            answer = question()
            if answer:
                return answer
        except (OSError, http.client.HTTPException, ValueError, KeyError) as error:
            problem = error
        time.sleep(0.05)
    raise AssertionError(f"waited {seconds} s in vain for {what}" + (f" ({problem})" if problem else ""))


class Program:
    """A process of its own group, with its output in a file."""

    def __init__(self, command, log, env=None, cwd=None):
        self.log = Path(log)
        self.output = open(self.log, "ab")
        self.process = subprocess.Popen(command, stdout=self.output, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL,
                                        env={**os.environ, **(env or {})}, cwd=cwd, start_new_session=True)

    def running(self):
        return self.process.poll() is None

    def signal(self, number):
        if self.running():
            os.killpg(self.process.pid, number)

    def wait(self, seconds=PATIENCE):
        return self.process.wait(seconds)

    def stop(self, seconds=30):
        """SIGTERM, then SIGKILL; returns the exit status."""
        self.signal(signal.SIGTERM)
        try:
            self.process.wait(seconds)
        except subprocess.TimeoutExpired:
            self.kill()
        self.output.close()
        return self.process.returncode

    def kill(self):
        self.signal(signal.SIGKILL)
        self.process.wait(PATIENCE)
        self.output.close()

    def text(self):
        return self.log.read_text(errors="replace")


def keep(case, part):
    """A part that goes with the test, or with the class of tests, that it is given to."""
    (case.addClassCleanup if isinstance(case, type) else case.addCleanup)(part.stop)
    return part


class Folder:
    """A temporary folder, removed with `close`."""

    def __init__(self):
        self.handle = tempfile.TemporaryDirectory(prefix="sundial-test-")
        self.path = Path(self.handle.name)

    def close(self):
        self.handle.cleanup()


class Mosquitto:
    def __init__(self, folder, extra="", port=None):
        self.folder, self.port = Path(folder), port or free_port()
        self.config = self.folder / "mosquitto.conf"
        self.config.write_text(f"listener {self.port} 127.0.0.1\nallow_anonymous true\npersistence true\n"
                               f"persistence_location {self.folder}/\nmax_queued_messages 0\n{extra}\n")
        self.start()

    def start(self):
        # Debian's mosquitto drops root for a user that can't see a temporary folder.
        self.folder.chmod(0o777)
        self.program = Program(["mosquitto", "-c", str(self.config)], self.folder / "mosquitto.log")
        wait_for(lambda: socket.create_connection(("127.0.0.1", self.port), 1).close() is None, "mosquitto")

    def stop(self):
        self.program.stop()

    def restart(self):
        self.stop()
        self.start()

    def publish(self, topic, payload, qos=1, retain=False):
        subprocess.run(["mosquitto_pub", "-p", str(self.port), "-t", topic, "-m", payload, "-q", str(qos)]
                       + (["-r"] if retain else []), check=True, timeout=PATIENCE)

    def publish_lines(self, topic, payloads, qos=1):
        """Many messages over one connection."""
        subprocess.run(["mosquitto_pub", "-p", str(self.port), "-t", topic, "-l", "-q", str(qos)],
                       input="".join(payload + "\n" for payload in payloads).encode(), check=True, timeout=PATIENCE)


class Http:
    """JSON over HTTP to one address."""

    def __init__(self, port, token=None):
        self.port, self.token = port, token

    def call(self, method, path, body=None, headers=None, timeout=PATIENCE):
        """(status, decoded JSON or text)"""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=timeout)
        try:
            sent = dict(headers or {})
            if self.token:
                sent["Authorization"] = f"Bearer {self.token}"
            if body is not None and not isinstance(body, (bytes, str)):
                body = json.dumps(body)
                sent.setdefault("Content-Type", "application/json")
            connection.request(method, path, body=body, headers=sent)
            answer = connection.getresponse()
            text = answer.read().decode()
            try:
                return answer.status, json.loads(text)
            except ValueError:
                return answer.status, text
        finally:
            connection.close()


class Temporal:
    """A development server of its own, with its HTTP API."""

    def __init__(self, folder, ui_port=0, http_port=None):
        self.folder, self.ui_port = Path(folder), ui_port
        self.grpc_port, self.http_port = free_port(), http_port or free_port()
        self.start()

    def command(self):
        page = ["--ui-port", str(self.ui_port)] if self.ui_port else ["--headless"]
        return [required("SUNDIAL_TEMPORAL"), "server", "start-dev", *page, "--port", str(self.grpc_port),
                "--http-port", str(self.http_port), "--db-filename", str(self.folder / "temporal.db"), "--log-level", "error"]

    def start(self):
        self.program = Program(self.command(), self.folder / "temporal.log")
        self.http = Http(self.http_port)
        wait_for(lambda: not self.program.running() or self.get("")[0] == 200, "Temporal's HTTP API")
        if not self.program.running():
            raise AssertionError("Temporal ended: " + self.program.text())

    def stop(self):
        self.program.stop()

    def get(self, path):
        return self.http.call("GET", "/api/v1/namespaces/default" + path)

    def describe(self, workflow_id):
        status, answer = self.get("/workflows/" + urllib.parse.quote(workflow_id, safe=""))
        return answer["workflowExecutionInfo"] if status == 200 else None

    def history(self, workflow_id, run_id=""):
        path = f"/workflows/{urllib.parse.quote(workflow_id, safe='')}/history?noPayloadShorthand"
        if run_id:
            path += f"&execution.runId={run_id}"
        status, answer = self.get(path)
        return answer["history"].get("events", []) if status == 200 else []

    def events(self, workflow_id, kind):
        return [event for event in self.history(workflow_id) if event["eventType"] == "EVENT_TYPE_" + kind]

    def workflows(self, query=""):
        """Every execution that the query finds, over all pages."""
        found, token = [], ""
        while True:
            status, answer = self.get("/workflows?" + urllib.parse.urlencode(
                {"query": query, "pageSize": 1000, "nextPageToken": token}))
            if status != 200:
                raise OSError(f"listing failed: {answer}")
            found += answer.get("executions", [])
            token = answer.get("nextPageToken", "")
            if not token:
                return found

    def result(self, workflow_id):
        """The first payload of a completed workflow, decoded; None while it runs."""
        events = self.events(workflow_id, "WORKFLOW_EXECUTION_COMPLETED")
        if not events:
            return None
        payloads = events[0]["workflowExecutionCompletedEventAttributes"]["result"]["payloads"]
        return json.loads(base64.b64decode(payloads[0]["data"]))


def payload_values(payloads):
    return [json.loads(base64.b64decode(payload["data"])) for payload in payloads.get("payloads", [])]


class FakeTemporal:
    """tests/support/fake_temporal.py: a Temporal in memory, for runs that a real server is too heavy for."""

    def __init__(self, port=0):
        self.process = subprocess.Popen(["python3", "-u", str(ROOT / "tests/support/fake_temporal.py"), "--port", str(port)],
                                        stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        self.port = int(self.process.stdout.readline())
        self.http = Http(self.port)

    def stop(self):
        self.process.stdin.close()
        self.process.wait(PATIENCE)
        self.process.stdout.close()

    def started(self, kind):
        """The first argument of every workflow of that type, decoded, in order."""
        found = []
        for run in self.http.call("GET", "/api/v1/namespaces/default/workflows")[1]["executions"]:
            if run["type"]["name"] == kind:
                path = f"/api/v1/namespaces/default/workflows/{urllib.parse.quote(run['execution']['workflowId'], safe='')}/history"
                event = self.http.call("GET", path)[1]["history"]["events"][0]
                found += payload_values(event["workflowExecutionStartedEventAttributes"]["input"])[:1]
        return sorted(found, key=str)


class Worker:
    """The sample worker, connected to one Temporal server."""

    def __init__(self, folder, temporal, env=None, source=ROOT / "tests/worker"):
        self.program = Program([required("SUNDIAL_WORKER_PYTHON"), "-u", str(source / "worker.py")],
                               Path(folder) / "worker.log",
                               env={"TEMPORAL_ADDRESS": f"127.0.0.1:{temporal.grpc_port}", **(env or {})})
        wait_for(lambda: "worker is ready" in self.program.text() or not self.program.running(), "the worker")
        if not self.program.running():
            raise AssertionError("the worker ended: " + self.program.text())

    def stop(self):
        self.program.stop()


class Agent:
    """The built agent with a configuration and a state of its own."""

    def __init__(self, folder, config, env=None, arguments=(), port=None):
        self.folder, self.port = Path(folder), port or free_port()
        self.config = self.folder / "sundial.toml"
        self.config.write_text(config)
        self.state = self.folder / "state"
        self.env, self.arguments = env or {}, list(arguments)
        self.listen = f"127.0.0.1:{self.port}"
        self.http = Http(self.port)
        self.program = None

    def start(self, ready=True):
        self.program = Program(
            [required("SUNDIAL_BINARY"), "run", "--config", str(self.config), "--state", str(self.state),
             "--listen", self.listen, *self.arguments], self.folder / "agent.log", env=self.env,
            cwd=str(self.folder))
        if ready:
            self.wait_ready()
        return self

    def wait_ready(self):
        def answer():
            if not self.program.running():
                raise AssertionError(f"the agent ended with {self.program.process.returncode}: {self.program.text()[-2000:]}")
            return self.http.call("GET", "/readyz")[0] == 200
        wait_for(answer, "the agent to be ready")

    def stop(self):
        return self.program.stop()

    def kill(self):
        self.program.kill()

    def status(self):
        return self.http.call("GET", "/api/v1/status")[1]

"""One site for many tests of a module: server, worker, broker and agent, which come and go once."""
import json
import subprocess
import urllib.parse

from support import PATIENCE, Agent, Folder, Mosquitto, Program, Temporal, Worker, required, wait_for


class Site:
    """`config` names ports and folder as <temporal>, <broker> and <folder>."""

    def __init__(self, config, worker_env=None, agent_port=None, keys=None):
        self.folder = Folder()
        for name, content in {"hook.secret": b"hooked", **{f"{key}.key": text for key, text in (keys or {}).items()}}.items():
            (self.folder.path / name).write_bytes(content)
            (self.folder.path / name).chmod(0o600)
        worker_env = {name: value.replace("<folder>", str(self.folder.path)) for name, value in (worker_env or {}).items()}
        self.started = []
        try:
            self.temporal = self.keep(Temporal(self.folder.path))
            self.worker = self.keep(Worker(self.folder.path, self.temporal, worker_env))
            self.broker = self.keep(Mosquitto(self.folder.path))
            for name, value in (("temporal", self.temporal.http_port), ("broker", self.broker.port),
                                ("folder", self.folder.path)):
                config = config.replace(f"<{name}>", str(value))
            self.agent = Agent(self.folder.path, config, port=agent_port)
            self.agent.start()
            self.keep(self.agent)
        except BaseException:
            self.stop()
            raise
        self.http = self.agent.http

    def keep(self, part):
        self.started.append(part)
        return part

    def stop(self):
        while self.started:
            self.started.pop().stop()
        self.folder.close()

    def publish(self, topic, payload, properties=()):
        """`properties` as mosquitto_pub's -D takes them, a list each."""
        text = payload if isinstance(payload, str) else json.dumps(payload)
        command = ["mosquitto_pub", "-p", str(self.broker.port), "-V", "mqttv5", "-t", topic, "-m", text, "-q", "1"]
        for one in properties:
            command += ["-D", "publish", *one]
        subprocess.run(command, check=True, timeout=PATIENCE)

    def listen(self, topic):
        return Listener(self.broker, topic, self.folder.path)

    def api(self, method, path, body=None, headers=None, expect=200):
        status, answer = self.http.call(method, "/api/v1" + path, body, headers, timeout=PATIENCE)
        if expect is not None and status != expect:
            raise AssertionError(f"{method} {path}: {status} {answer}")
        return answer

    def start(self, workflow, *args, id=None, expect=200, **more):
        """Starts over the API; returns the workflow's id."""
        body = {"workflow": workflow, "args": list(args), **({"id": id} if id else {}), **more}
        return self.api("POST", "/workflows", body, expect=expect)["workflow_id"]

    def result(self, workflow_id, expect=200, wait="150s"):
        answer = self.api("GET", f"/workflows/{quote(workflow_id)}/result?wait={wait}", expect=expect)
        return answer["result"] if expect == 200 else answer["error"]

    def run(self, workflow, *args, **more):
        return self.result(self.start(workflow, *args, **more))

    def signal(self, workflow_id, name, *args):
        return self.api("POST", f"/workflows/{quote(workflow_id)}/signal/{name}", {"args": list(args)})

    def query(self, workflow_id, name, *args, expect=200):
        return self.api("POST", f"/workflows/{quote(workflow_id)}/query/{name}", {"args": list(args)}, expect=expect)

    def update(self, workflow_id, name, *args, expect=200):
        return self.api("POST", f"/workflows/{quote(workflow_id)}/update/{name}", {"args": list(args)}, expect=expect)

    def describe(self, workflow_id):
        return self.api("GET", f"/workflows/{quote(workflow_id)}")

    def entries(self):
        """How many records wait."""
        return self.agent.status()["outbox"]["entries"]

    def result_if_there(self, workflow_id):
        """None while it runs, or while nobody can say."""
        status, answer = self.http.call("GET", f"/api/v1/workflows/{quote(workflow_id)}/result?wait=1s", timeout=PATIENCE)
        return answer["result"] if status == 200 else None

    def named(self, prefix):
        """The ids of the workflows that begin so, as the agent lists them."""
        query = urllib.parse.urlencode({"query": f"WorkflowId STARTS_WITH '{prefix}'", "limit": 100})
        return sorted(one["workflow_id"] for one in self.api("GET", "/workflows?" + query)["items"])

    def until(self, question, what, seconds=PATIENCE):
        return wait_for(question, what, seconds)

    def command(self, *arguments, check=True):
        """`sundial …` against this site; returns the finished process."""
        env = {"PATH": "/usr/bin:/bin", "TEMPORAL_HTTP_ADDRESS": f"http://127.0.0.1:{self.temporal.http_port}",
               "SUNDIAL_LISTEN": f"127.0.0.1:{self.agent.port}", "HOME": str(self.folder.path)}
        answer = subprocess.run([required("SUNDIAL_BINARY"), *arguments], capture_output=True, text=True, timeout=PATIENCE,
                                env=env, cwd=str(self.folder.path))
        if check and answer.returncode != 0:
            raise AssertionError(f"sundial {' '.join(arguments)}: {answer.returncode}\n{answer.stdout}{answer.stderr}")
        return answer


class Listener:
    """Hears a topic from now on, also over a restart of the broker."""

    count = 0

    def __init__(self, broker, topic, folder):
        Listener.count += 1
        self.program = Program(["stdbuf", "-oL", "mosquitto_sub", "-p", str(broker.port), "-V", "mqttv5", "-t", topic, "-q", "1", "-d",
                                "-c", "-i", f"listener-{Listener.count}", "-x", "3600"],
                               folder / f"listener-{Listener.count}.log")
        wait_for(lambda: "Subscribed" in self.program.text(), "the subscription")
        self.topic = topic

    def lines(self):
        """The payloads so far; the program's own notes begin with its name."""
        return [line for line in self.program.text().splitlines()
                if not line.startswith(("Client ", "Subscribed "))]

    def wait(self, count=1, seconds=PATIENCE):
        wait_for(lambda: len(self.lines()) >= count, f"{count} messages on {self.topic}", seconds)
        return self.lines()

    def stop(self):
        self.program.stop()


def quote(text):
    return urllib.parse.quote(text, safe="")

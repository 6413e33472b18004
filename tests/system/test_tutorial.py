"""The pages whose commands ask a running agent, followed word for word on a real broker, a real Temporal and the sample worker."""
import os
import re
import shlex
import shutil
import signal
import subprocess
import sys
import unittest

import pages
from patterns import site
from support import PATIENCE, ROOT, Agent, Folder, Mosquitto, Program, Temporal, Worker, free_port, required, wait_for


class Page(unittest.TestCase):
    """Each command of `page` is taken by the first of `steps` that it begins with; none may be left over on either side."""

    page = ""

    def setUp(self):
        self.path = ROOT / self.page
        self.folder = Folder()
        self.addCleanup(self.folder.close)
        self.here = self.sub("here")
        # The page's own addresses stay in its files; here the programs live on other ports.
        self.environment = {"PATH": pages.path_with_sundial(), "SUNDIAL_STATE": str(self.here / "state")}
        self.rewritten = {}

    def sub(self, name):
        path = self.folder.path / name
        path.mkdir()
        return path

    def start_broker(self):
        self.broker = Mosquitto(self.sub("broker"))
        self.addCleanup(self.broker.stop)
        self.environment["MQTT_URL"] = f"mqtt://127.0.0.1:{self.broker.port}"
        self.rewritten["mosquitto_pub "] = f"mosquitto_pub -p {self.broker.port} "

    def here_is(self, line):
        for old, new in self.rewritten.items():
            line = line.replace(old, new)
        return line

    def answer(self, line):
        return subprocess.run(["bash", "-c", self.here_is(line)], capture_output=True, text=True, timeout=PATIENCE,
                              env={**os.environ, **self.environment}, cwd=self.here)

    def shows(self, *expected):
        """A step that must, soon enough, succeed and show what the reader is told to expect."""
        def step(line):
            def shown():
                answer = self.answer(line)
                return answer.returncode == 0 and all(text in answer.stdout for text in expected)
            wait_for(shown, f"`{line}` to show {expected}")
        return step

    def does(self, line):
        answer = self.answer(line)
        self.assertEqual(answer.returncode, 0, f"{line}\n{answer.stdout}{answer.stderr}")
        return answer.stdout

    def follow(self, steps):
        used = set()
        for _, line in pages.commands(self.path):
            start = next((start for start in steps if line.startswith(start)), None)
            self.assertIsNotNone(start, f"{self.page} has a new command: say what it must show: {line}")
            used.add(start)
            with self.subTest(line):
                steps[start](line)
        self.assertEqual(used, set(steps), f"{self.page} has lost a command")

    def block(self, name):
        return next(text for _, called, text in pages.blocks(self.path) if called == name)

    def started(self, agent):
        """`sundial run`, or the unit."""
        agent.env = {**self.environment, "SUNDIAL_STATE": str(agent.state)}
        agent.start()
        self.addCleanup(agent.stop)
        self.environment["SUNDIAL_LISTEN"] = f"127.0.0.1:{agent.port}"


class Tutorial(Page):
    page = "docs/guide/tutorial.md"

    def start_temporal(self, line):
        test = self

        class AsThePageSays(Temporal):
            def command(self):
                words = shlex.split(line.replace("7243", str(self.http_port)))
                test.assertEqual(words[0], "temporal")
                return [required("SUNDIAL_TEMPORAL"), *words[1:], "--port", str(self.grpc_port), "--headless"]

        self.temporal = AsThePageSays(self.sub("temporal"))
        self.addCleanup(self.temporal.stop)
        self.environment["TEMPORAL_HTTP_ADDRESS"] = f"http://127.0.0.1:{self.temporal.http_port}"

    def start_worker(self, line):
        self.assertEqual(line, "venv/bin/python tests/worker/worker.py")  # as `Worker` starts it
        worker = Worker(self.sub("worker"), self.temporal)
        self.addCleanup(worker.stop)

    def ask_for_status(self, line):
        """The unit has just been restarted."""
        self.started(Agent(self.sub("agent"), self.block("sundial.toml")))
        self.shows(": ready")(line)

    def test_a_reader_gets_from_the_first_line_to_the_last(self):
        self.start_broker()
        self.follow({
            "temporal server start-dev": self.start_temporal,
            "venv/bin/python": self.start_worker,
            "sundial eval": self.shows("true"),
            "sundial status": self.ask_for_status,
            "mosquitto_pub": self.does,
            "sundial workflow result": self.shows("85.5"),
            "sundial explain": self.shows("clear_when"),
            "sundial schedule describe": self.shows("device-health"),
            "sundial schedule trigger": self.does,
        })
        self.assertEqual(len(self.temporal.workflows("WorkflowType = 'Overheat'")), 1)
        wait_for(lambda: self.temporal.workflows("WorkflowType = 'DeviceHealth'"), "the triggered schedule's workflow")


class Readme(Page):
    """From a clone to a rule of one's own on one's own broker."""

    page = "README.md"

    def start_temporal(self, line):
        """What scripts/demo does when everything is built."""
        self.assertEqual(line, "scripts/demo --temporal")
        demo = Program([sys.executable, "-u", str(ROOT / "scripts/demo.py"), *line.split()[1:]], self.folder.path / "demo.log")
        self.addCleanup(demo.stop)
        wait_for(lambda: "Ctrl-C ends" in demo.text(), "Temporal and worker")
        address = re.search(r"Temporal +(http://localhost:\d+)", demo.text())[1]
        self.environment["TEMPORAL_HTTP_ADDRESS"] = address

    def set_path(self, line):
        self.assertEqual(line, "export PATH=$PWD/build/release:$PATH")  # here it leads to the build that is tested

    def record(self, line):
        self.rewritten["localhost:1883"] = f"127.0.0.1:{self.broker.port}"
        recorder = Program(["bash", "-c", "exec " + self.here_is(line)], self.folder.path / "record.log",
                           env=self.environment, cwd=self.here)
        heard = self.here / line.split("> ")[1]
        # Until it listens nothing is heard: so the sensor repeats itself.
        def listening():
            self.broker.publish("sensors/boiler/telemetry", '{"temperature": 90.5}')
            return heard.exists() and heard.read_text().count("\n") >= 2
        wait_for(listening, "two recorded messages")
        recorder.signal(signal.SIGINT)
        recorder.wait()
        self.assertEqual(recorder.text(), f"sundial record: listening to mqtt://127.0.0.1:{self.broker.port}, until it is stopped\n")

    def write_and_check(self, line):
        (self.here / "sundial.toml").write_text(self.block("sundial.toml"))
        self.shows(f"mqtt://127.0.0.1:{self.broker.port}", "rules count")(line)

    def run_agent(self, line):
        self.environment["SUNDIAL_LISTEN"] = f"127.0.0.1:{free_port()}"
        agent = Program(["bash", "-c", "exec " + line], self.folder.path / "agent.log", env=self.environment, cwd=self.here)
        self.addCleanup(agent.stop)
        wait_for(lambda: "acknowledged every subscription" in agent.text(), "the agent to listen")

    def test_a_reader_gets_to_a_rule_of_his_own(self):
        self.start_broker()
        self.follow({
            "scripts/demo": self.start_temporal,
            "export PATH": self.set_path,
            "sundial record": self.record,
            "sundial check": self.write_and_check,
            "sundial replay": self.shows('"rule":"overheat","key":"boiler","action":{"kind":"start"', '"suppressed":"clear_when"'),
            "sundial run": self.run_agent,
            "mosquitto_pub": self.does,
            "sundial explain": self.shows("fired"),
            "sundial workflow list": self.shows("completed", "overheat-", "Overheat"),
            "sundial next": self.shows("T09:00:00+0"),
            "sundial eval": self.shows("true"),
            "sundial status": self.shows(": ready", "1 rules, 1 schedules"),
            "sundial doctor": self.shows("ok    temporal", "ok    mqtt"),
        })
        # The ten lines fit the sample worker, both of them.
        self.does("sundial schedule trigger --schedule-id device-health")
        self.shows("device-health-20")("sundial workflow list --query 'ExecutionStatus = \"Completed\"'")


class Patterns(Page):
    """What Temporal's samples show, from the edge."""

    page = "docs/guide/patterns.md"

    def setUp(self):
        super().setUp()
        self.start_broker()
        self.temporal = Temporal(self.sub("temporal"))
        self.addCleanup(self.temporal.stop)
        self.environment["TEMPORAL_HTTP_ADDRESS"] = f"http://127.0.0.1:{self.temporal.http_port}"
        agent = Agent(self.sub("agent"), self.block("sundial.toml"))
        worker = Worker(self.sub("worker"), self.temporal, env={"WORKER_AGENT": f"http://127.0.0.1:{agent.port}"})
        self.addCleanup(worker.stop)
        self.started(agent)
        self.expected = [line for language, _, text in pages.blocks(self.path) if language == "text" for line in text.splitlines()]

    def prints_the_next_line(self, line):
        """Queries and updates come after the signals that they tell of."""
        expected = self.expected.pop(0) + "\n"
        if "query" in line:
            return wait_for(lambda: self.answer(line).stdout == expected, line)
        return self.assertEqual(self.does(line), expected)

    def publish(self, line):
        """A person types slower than a worker takes up an activity."""
        if "/reply" in line:
            wait_for(lambda: self.temporal.events("open-valve", "ACTIVITY_TASK_SCHEDULED"), "the activity")
        if "/off" in line:
            wait_for(lambda: self.temporal.events("guard-pump-7", "WORKFLOW_TASK_COMPLETED"), "the guard")
        self.does(line)

    def test_each_pattern_does_what_the_page_says(self):
        self.follow({
            "sundial workflow execute": self.prints_the_next_line,
            "mosquitto_pub": self.publish,
            "sundial workflow query": self.prints_the_next_line,
            "sundial workflow update": self.prints_the_next_line,
            "sundial workflow start": self.does,
            "sundial workflow describe": self.shows("canceled"),
            "sundial workflow result": self.shows('{"position":90}'),
            "sundial schedule": self.does,
            "sundial workflow list": self.shows("here-20", "there-20", "completed"),
        })
        self.assertEqual(self.expected, [])


class OwnWorkflow(Page):
    page = "docs/guide/worker.md"

    def start_worker(self, line):
        """From a copy of the sample that has the page's file too."""
        self.assertEqual(line, "venv/bin/python tests/worker/worker.py")
        copy = self.folder.path / "tests/worker"
        shutil.copytree(ROOT / "tests/worker", copy)
        (copy / "workflows/watering.py").write_text(self.block("workflows/watering.py"))
        worker = Worker(self.sub("worker"), self.temporal, source=copy)
        self.addCleanup(worker.stop)

    def test_one_file_is_enough(self):
        self.start_broker()
        self.temporal = Temporal(self.sub("temporal"))
        self.addCleanup(self.temporal.stop)
        self.environment["TEMPORAL_HTTP_ADDRESS"] = f"http://127.0.0.1:{self.temporal.http_port}"
        self.started(Agent(self.sub("agent"), self.block("sundial.toml")))
        expected = next(text for language, _, text in pages.blocks(self.path) if language == "text")
        self.follow({"venv/bin/python": self.start_worker, "mosquitto_pub": self.does,
                     "sundial workflow result": self.shows(expected)})


class HttpApi(Page):
    page = "docs/guide/temporal-http-api.md"

    def test_the_check_answers(self):
        self.rewritten["temporal.local:7243"] = f"127.0.0.1:{site().temporal.http_port}"
        self.follow({"curl": self.shows("capabilities")})


class OnTheMachine(Page):
    """Pages whose commands change the machine: its paths lie in a folder here, and nobody else's rights are needed."""

    def setUp(self):
        super().setUp()
        for name in ("var/lib", "etc/sundial/credentials", "mnt/backup"):
            (self.here / name).mkdir(parents=True)
        self.rewritten = {"sudo ": "", " -o sundial": "", " -g sundial": "",
                          **{name: str(self.here / name[1:]) for name in ("/var/lib/sundial", "/etc/sundial", "/mnt/backup")}}

    def mode(self, name):
        return oct((self.here / name).stat().st_mode & 0o777)


class Keys(OnTheMachine):
    page = "docs/guide/tls-and-keys.md"

    def test_secrets_are_for_one_reader_and_of_the_right_length(self):
        self.follow({"sudo install": self.does, "openssl": lambda line: self.assertRegex(
            self.does(line), r"^[0-9a-f]{%d}\n$" % (2 * int(line.split()[-1])))})
        self.assertEqual(self.mode("etc/sundial/temporal.key"), "0o600")


class Credentials(OnTheMachine):
    page = "docs/guide/on-a-pi.md"

    def test_a_secret_for_the_service(self):
        (self.here / "password.txt").write_text("not for all\n")
        self.follow({"sudo install": self.does})
        self.assertEqual((self.here / "etc/sundial/credentials/mqtt").read_text(), "not for all\n")
        self.assertEqual(self.mode("etc/sundial/credentials/mqtt"), "0o600")


class Backup(OnTheMachine):
    page = "docs/guide/backup-and-update.md"

    def setUp(self):
        super().setUp()
        # Nobody listens at that port: what is decided waits in the state.
        self.agent = Agent(self.sub("agent"), f'''
            temporal.address = "http://127.0.0.1:{free_port()}"
            [rule.decide]
            topic = "decide/{{name}}"
            start = {{ workflow = "W", id = "{{topic.name}}" }}''')
        self.agent.state = self.here / "var/lib/sundial"
        self.started(self.agent)
        self.environment["SUNDIAL_STATE"] = str(self.agent.state)

    def waiting(self):
        return [entry["action"]["id"] for entry in self.agent.http.call("GET", "/api/v1/outbox")[1]["items"]]

    def decide(self, name):
        self.agent.http.call("POST", "/api/v1/messages", {"topic": "decide/" + name, "payload": 1})
        wait_for(lambda: name in self.waiting(), name)

    def copy(self, line):
        self.decide("before-the-copy")
        self.does(line)
        self.decide("after-the-copy")

    def test_what_the_copy_had_waits_again(self):
        self.follow({
            "sudo sundial backup": self.copy,
            "sudo systemctl stop sundial": lambda line: self.agent.stop(),
            "sudo mv": self.does,
            "sudo install": self.does,
            "sudo systemctl start sundial": lambda line: self.agent.start(),
        })
        self.assertEqual(self.waiting(), ["before-the-copy"])
        self.assertEqual((self.mode("var/lib/sundial"), self.mode("var/lib/sundial/sundial.db")), ("0o700", "0o600"))


if __name__ == "__main__":
    unittest.main()

"""What an owner's desk may hold instead of what the agent expects: each is one line, and nothing else is harmed."""
import os
import re
import socket
import sqlite3
import subprocess
import unittest
from contextlib import closing

from support import PATIENCE, Agent, Folder, Mosquitto, Temporal, free_port, required, wait_for

NOBODY = 65534
QUIET = '[http]\nlisten = ""\n'


class BadInput(unittest.TestCase):
    def setUp(self):
        self.folder = Folder()
        self.path = self.folder.path
        self.path.chmod(0o755)

    def tearDown(self):
        self.folder.close()

    def write(self, name, content):
        file = self.path / name
        file.write_bytes(content if isinstance(content, bytes) else content.encode())
        return file

    def run_agent(self, config, *arguments, state="state", as_nobody=False):
        """`sundial run`, which is to end by itself: (exit status, its lines)."""
        options = {"user": NOBODY, "group": NOBODY, "extra_groups": []} if as_nobody and os.geteuid() == 0 else {}
        answer = subprocess.run(
            [required("SUNDIAL_BINARY"), "run", "--config", str(config), "--state", str(self.path / state), *arguments],
            capture_output=True, text=True, timeout=PATIENCE, cwd=self.path, stdin=subprocess.DEVNULL, **options)
        return answer.returncode, answer.stderr.splitlines()

    def assert_refused(self, answer, status, words):
        self.assertEqual(answer[0], status, answer)
        self.assertEqual(len(answer[1]), 1, answer)
        self.assertIn(words, answer[1][0])

    def test_files_that_are_no_configuration(self):
        (self.path / "folder.toml").mkdir()
        self.write("huge.toml", b"#" * 17_000_000)
        self.write("binary.toml", bytes(range(256)) * 16)
        self.write("secret.toml", QUIET).chmod(0)
        for name, words in (("folder", "is a folder"), ("huge", "is larger than"), ("binary", "is no text in UTF-8"),
                            ("missing", "No such file")):
            with self.subTest(name):
                answer = self.run_agent(self.path / f"{name}.toml")
                self.assert_refused(answer, 78, words)
                self.assertIn(f"{name}.toml", answer[1][0])
                self.assertFalse((self.path / "state").exists(), "nothing starts")
        self.assert_refused(self.run_agent(self.path / "secret.toml", as_nobody=True), 78, "Permission denied")

    def test_an_empty_file_sets_nothing(self):
        agent = Agent(self.path, "").start()
        self.assertTrue(agent.status()["ready"])
        self.assertEqual(agent.stop(), 0)
        self.assertEqual(agent.program.text().count("is empty: it sets nothing"), 1)

    def test_a_state_that_cannot_be_written(self):
        config = self.write("sundial.toml", QUIET)
        self.write("file", "")
        self.assert_refused(self.run_agent(config, state="file/state"), 1, "Not a directory")
        (self.path / "closed").mkdir(0o555)
        for place in ("closed", "closed/state"):
            answer = self.run_agent(config, state=place, as_nobody=True)
            self.assert_refused(answer, 1, place)

    def test_a_state_of_a_later_version_is_left_alone(self):
        agent = Agent(self.path, "[device]\n").start()
        agent.stop()
        database = agent.state / "sundial.db"
        with closing(sqlite3.connect(database)) as connection:
            connection.execute("PRAGMA user_version = 999")
        before = database.read_bytes()
        self.assert_refused(self.run_agent(agent.config), 1, "written by a later version of Sundial")
        self.assertEqual(database.read_bytes(), before)

    def test_a_database_of_another_program_is_left_alone(self):
        config = self.write("sundial.toml", QUIET)
        (self.path / "state").mkdir(0o700)
        database = self.path / "state/sundial.db"
        with closing(sqlite3.connect(database)) as connection:
            connection.execute("CREATE TABLE theirs (a)")
            connection.commit()
        before = database.read_bytes()
        self.assert_refused(self.run_agent(config), 1, "the database of another program")
        self.assertEqual(database.read_bytes(), before)

    def test_a_port_in_use(self):
        config = self.write("sundial.toml", "[device]\n")
        with socket.socket() as other:
            other.bind(("127.0.0.1", 0))
            other.listen()
            address = "127.0.0.1:%d" % other.getsockname()[1]
            answer = self.run_agent(config, "--listen", address)
        self.assert_refused(answer, 1, f"can't listen on {address}: Address already in use")

    def test_neither_broker_nor_temporal_at_the_start(self):
        broker, temporal = free_port(), free_port()
        agent = Agent(self.path, f"""
[temporal]
address = "http://127.0.0.1:{temporal}"
[mqtt]
url = "mqtt://127.0.0.1:{broker}"
[rule.hot]
topic = "t"
start = {{ workflow = "Hot", id = "hot", task_queue = "nobody" }}
""")
        agent.start(ready=False)
        wait_for(lambda: agent.http.call("GET", "/healthz")[0] == 200, "the agent")
        self.assertEqual(agent.http.call("GET", "/readyz")[0], 503)
        # The first pauses are short, so that by now each has been tried several times.
        wait_for(lambda: agent.status()["uptime_seconds"] >= 5, "some tries")
        lines = agent.program.text()
        self.assertEqual(len(re.findall(r" mqtt\.unreachable", lines)), 1, lines)
        self.assertEqual(len(re.findall(r" temporal\.unreachable", lines)), 1, lines)
        real_broker = Mosquitto(self.path, port=broker)
        real_temporal = Temporal(self.path, http_port=temporal)
        try:
            wait_for(lambda: agent.http.call("GET", "/readyz")[0] == 200, "the broker to be found")
            real_broker.publish("t", "1")
            wait_for(lambda: real_temporal.describe("hot"), "the workflow")
        finally:
            agent.stop()
            real_temporal.stop()
            real_broker.stop()


if __name__ == "__main__":
    unittest.main()

"""What the tests of the HTTP surface share: one Temporal, worker and broker for all of them, raw answers with headers."""
import http.client
import json
import unittest
from dataclasses import dataclass

from support import PATIENCE, Agent, Folder, Mosquitto, Temporal, Worker, keep


@dataclass
class Answer:
    status: int
    headers: dict
    text: str

    @property
    def json(self):
        return json.loads(self.text)


def ask(port, method, target, body=None, headers=None, host="127.0.0.1", timeout=PATIENCE):
    """One request exactly as given, answered with its headers (names in lower case)."""
    connection = http.client.HTTPConnection(host, port, timeout=timeout)
    try:
        sent = dict(headers or {})
        if body is not None and not isinstance(body, (bytes, str)):
            body = json.dumps(body)
            sent.setdefault("Content-Type", "application/json")
        connection.request(method, target, body=body, headers=sent)
        answer = connection.getresponse()
        return Answer(answer.status, {name.lower(): value for name, value in answer.getheaders()},
                      answer.read().decode())
    finally:
        connection.close()


CONFIG = """
[device]
name = "greenhouse-1"
time_zone = "Europe/Berlin"
[temporal]
address = "http://127.0.0.1:{temporal}"
task_queue = "sundial"
[mqtt]
url = "mqtt://127.0.0.1:{broker}"
{extra}
"""


class SurfaceTest(unittest.TestCase):
    """Every class gets one Temporal with a worker and a broker, and one agent that its tests share."""

    extra = ""
    files = {}

    @classmethod
    def setUpClass(cls):
        # Cleanups, unlike tearDownClass, also run where a later step fails.
        cls.folder = Folder()
        cls.addClassCleanup(cls.folder.close)
        cls.broker = keep(cls, Mosquitto(cls.folder.path))
        cls.temporal = keep(cls, Temporal(cls.folder.path))
        cls.worker = keep(cls, Worker(cls.folder.path, cls.temporal))
        for name, text in cls.files.items():
            path = cls.folder.path / name
            path.write_text(text)
            path.chmod(0o600)
        cls.agent = cls.new_agent().start()
        cls.addClassCleanup(lambda: cls.agent.stop())

    @classmethod
    def new_agent(cls, extra=None, **arguments):
        config = CONFIG.format(temporal=cls.temporal.http_port, broker=cls.broker.port,
                               extra=cls.extra if extra is None else extra)
        return Agent(cls.folder.path, config, **arguments)

    def ask(self, method, target, body=None, **headers):
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return ask(self.agent.port, method, target, body, named)

    def assert_fails(self, answer, status, part="", kind=None):
        """The one shape of every failure."""
        self.assertEqual(answer.status, status, answer.text)
        document = answer.json
        self.assertEqual(set(document), {"error", "detail"}, answer.text)
        self.assertEqual(set(document["error"]), {"code", "message", "type", "cause"}, answer.text)
        self.assertEqual(document["error"]["code"], status)
        self.assertEqual(document["error"]["message"], document["detail"])
        self.assertIn(part, document["detail"])
        if kind:
            self.assertEqual(document["error"]["type"], kind)
        self.assert_headers(answer)

    def assert_headers(self, answer):
        self.assertEqual(answer.headers.get("x-content-type-options"), "nosniff")
        self.assertTrue(answer.headers.get("x-request-id"))
        self.assertNotIn("access-control-allow-origin", answer.headers)

    def assert_answers(self, answer, status, document=None):
        self.assertEqual(answer.status, status, answer.text)
        self.assert_headers(answer)
        if document is not None:
            self.assertEqual(answer.json, document)

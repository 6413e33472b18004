"""Signals whose answers or requests get lost, to a workflow that continues as new after each one: each counts once."""
import threading
import unittest

from proxy import Proxy
from support import Agent, Folder, Mosquitto, Temporal, Worker, keep, wait_for

CONFIG = """
[device]
name = "walker"
[temporal]
address = "http://127.0.0.1:{temporal}"
signals_per_second = 0
[mqtt]
url = "mqtt://127.0.0.1:{broker}"
[rule.count]
topic = "count/{{workflow}}"
signal = {{ id = "{{topic.workflow}}", name = "reading", args = ["{{payload}}"] }}
"""


class ContinueAsNew(unittest.TestCase):
    def setUp(self):
        self.folder = Folder()
        self.addCleanup(self.folder.close)
        self.broker = keep(self, Mosquitto(self.folder.path))
        self.temporal = keep(self, Temporal(self.folder.path))
        keep(self, Worker(self.folder.path, self.temporal))
        self.proxy = Proxy(self.temporal.http_port)
        self.addCleanup(self.proxy.close)
        self.agent = keep(self, Agent(self.folder.path, CONFIG.format(temporal=self.proxy.port, broker=self.broker.port)).start())
        self.signals, self.lost = 0, {"answer": 0, "request": 0}

    def lose_some(self, request):
        """Every fourth signal loses its answer, and the one after that is lost itself; then nobody answers for a second."""
        if not request.startswith(b"POST") or b"/signal/" not in request.split(b"\r\n", 1)[0]:
            return None
        self.signals += 1
        lost = {0: "answer", 1: "request"}.get(self.signals % 4)
        if lost:
            self.lost[lost] += 1
            self.proxy.refusing = True
            threading.Timer(1, setattr, (self.proxy, "refusing", False)).start()
        return lost

    def test_every_reading_counts_once(self):
        start = {"workflow": "ReadingCounter", "id": "counter", "task_queue": "lab6-queue", "args": [{"each_run": 1}]}
        self.assertEqual(self.agent.http.call("POST", "/api/v1/workflows", start)[0], 200)
        first = self.temporal.describe("counter")["execution"]["runId"]
        self.proxy.loses = self.lose_some
        self.broker.publish_lines("count/counter", [str(number) for number in range(16)])
        wait_for(lambda: self.agent.status()["outbox"]["entries"] == 0 and self.signals >= 16, "all to be sent", 600)
        self.proxy.loses = None
        self.assertGreater(min(self.lost.values()), 2)
        self.assertEqual(self.agent.status()["outbox"]["dead"], 0)
        self.assertNotEqual(self.temporal.describe("counter")["execution"]["runId"], first, "it has continued as new")

        def total():
            status, answer = self.agent.http.call("POST", "/api/v1/workflows/counter/query/total", {"args": []})
            return status == 200 and answer["result"]

        wait_for(lambda: (total() or 0) >= 16, "all readings")
        self.assertEqual(total(), 16)


if __name__ == "__main__":
    unittest.main()

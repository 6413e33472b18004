"""The tutorial, followed word for word on a real broker, a real Temporal and the sample worker."""
import os
import re
import subprocess
import unittest
from pathlib import Path

from support import ROOT, Agent, Folder, Mosquitto, Temporal, Worker, required, wait_for

PAGE = ROOT / "docs/guide/tutorial.md"

# What the reader must see after each command that asks the agent.
EXPECTED = {
    "sundial eval": "true",
    "sundial status": ": ready",
    "mosquitto_pub": "",
    "sundial workflow result": "85.5",
    "sundial explain": "clear_when",
    "sundial schedule describe": "device-health",
    "sundial schedule trigger": "",
}


class Tutorial(unittest.TestCase):
    def setUp(self):
        self.folder = Folder()
        self.addCleanup(self.folder.close)
        for name in ("broker", "temporal", "worker", "agent"):
            (self.folder.path / name).mkdir()
        self.broker = Mosquitto(self.folder.path / "broker")
        self.addCleanup(self.broker.stop)
        self.temporal = Temporal(self.folder.path / "temporal")
        self.addCleanup(self.temporal.stop)
        self.worker = Worker(self.folder.path / "worker", self.temporal)
        self.addCleanup(self.worker.stop)

    def environment(self, agent):
        """The page's own addresses stay in the file; here the programs live on other ports."""
        return {"MQTT_URL": f"mqtt://127.0.0.1:{self.broker.port}",
                "TEMPORAL_HTTP_ADDRESS": f"http://127.0.0.1:{self.temporal.http_port}",
                "SUNDIAL_LISTEN": f"127.0.0.1:{agent.port}",
                "PATH": f"{Path(required('SUNDIAL_BINARY')).parent}:{os.environ['PATH']}"}

    def follow(self, command, environment, cwd):
        """Runs one line of the page until it shows what the reader is told to expect."""
        broker = f"mosquitto_pub() {{ command mosquitto_pub -p {self.broker.port} \"$@\"; }}; "
        start = next((start for start in EXPECTED if command.startswith(start)), None)
        self.assertIsNotNone(start, f"the page has a new command, say what it must show: {command}")

        def shown():
            answer = subprocess.run(["bash", "-c", broker + command], capture_output=True, text=True, timeout=60,
                                    env={**os.environ, **environment}, cwd=cwd)
            return answer.returncode == 0 and EXPECTED[start] in answer.stdout
        if start == "mosquitto_pub":
            self.assertTrue(shown(), command)
        else:
            wait_for(shown, f"`{command}` to show {EXPECTED[start]!r}", 20)

    def test_a_reader_gets_from_the_first_line_to_the_last(self):
        page = PAGE.read_text()
        configuration = re.search(r"^```toml sundial.toml\n(.*?)^```", page, re.MULTILINE | re.DOTALL)[1]
        agent = Agent(self.folder.path / "agent", configuration)
        environment = self.environment(agent)
        agent.env = {**environment, "SUNDIAL_STATE": str(agent.state)}
        agent.start()
        self.addCleanup(agent.stop)
        for block in re.findall(r"^```sh\n(.*?)^```", page, re.MULTILINE | re.DOTALL):
            for command in block.splitlines():
                self.follow(command, environment, agent.folder)
        self.assertEqual(len(self.temporal.workflows("WorkflowType = 'Overheat'")), 1)
        wait_for(lambda: self.temporal.workflows("WorkflowType = 'DeviceHealth'"), "the triggered schedule's workflow")


if __name__ == "__main__":
    unittest.main()

"""mTLS and API key: one .env, with Temporal's own names, brings agent and worker to a server behind client certificates."""
import subprocess
import unittest

from support import PATIENCE, ROOT, Agent, Folder, Program, Temporal, keep, required, wait_for
from tls_proxy import Authority, TlsProxy

KEY = "key-0123456789"
CONFIG = """
[device]
name = "locked"
[schedule.health]
every = "1d"
paused = true
start = { workflow = "DeviceHealth", args = [{ device = "{device.name}", due = "{schedule.time}" }] }
"""


class Tls(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = Folder()
        cls.addClassCleanup(cls.folder.close)
        cls.temporal = keep(cls, Temporal(cls.folder.path))
        cls.authority = Authority(cls.folder.path)
        cls.client = cls.authority.issue("greenhouse-1")
        server = cls.authority.issue("frontend")
        cls.grpc = keep(cls, TlsProxy(cls.temporal.grpc_port, cls.authority.ca, *server, ["h2"]))
        cls.http = keep(cls, TlsProxy(cls.temporal.http_port, cls.authority.ca, *server))

    def names(self, **more):
        certificate, key = self.client
        return {"TEMPORAL_ADDRESS": f"127.0.0.1:{self.grpc.port}",
                "TEMPORAL_HTTP_ADDRESS": f"https://127.0.0.1:{self.http.port}",
                "TEMPORAL_TLS_SERVER_CA_CERT_PATH": str(self.authority.ca), "TEMPORAL_TLS_SERVER_NAME": "frontend",
                "TEMPORAL_TLS_CLIENT_CERT_PATH": str(certificate), "TEMPORAL_TLS_CLIENT_KEY_PATH": str(key),
                "TEMPORAL_API_KEY": KEY, "TEMPORAL_TASK_QUEUE": "behind-the-lock", **more}

    def env_file(self, folder, names):
        """The one .env, in the folder where the programs run."""
        folder.mkdir(exist_ok=True)
        (folder / ".env").write_text("".join(f"{name}={value}\n" for name, value in names.items() if value))
        return folder

    def worker(self, folder):
        program = keep(self, Program([required("SUNDIAL_WORKER_PYTHON"), "-u", str(ROOT / "tests/worker/worker.py")],
                                     folder / "worker.log", cwd=folder))
        wait_for(lambda: "worker is ready" in program.text() or not program.running(), "the worker")
        return program

    def test_one_env_file_for_agent_and_worker(self):
        place = self.env_file(self.folder.path / "right", self.names())
        worker = self.worker(place)
        self.assertIn("mTLS, API key key-0123…", worker.text())
        self.assertIn("behind-the-lock (100 at once)", worker.text())
        self.assertNotIn(KEY, worker.text())
        agent = keep(self, Agent(place, CONFIG).start())
        wait_for(lambda: agent.status()["temporal"]["reachable"], "Temporal, through TLS")
        self.assertEqual(agent.http.call("POST", "/api/v1/schedules/health/trigger", {})[0], 200)
        workflow = wait_for(lambda: self.temporal.workflows("TaskQueue = 'behind-the-lock'"), "the workflow")[0]
        status, answer = agent.http.call("GET", f"/api/v1/workflows/{workflow['execution']['workflowId']}/result?wait=150s",
                                         timeout=PATIENCE)
        self.assertEqual((status, answer["result"]["health"]), (200, "healthy"), answer)
        self.assertEqual(set(self.grpc.callers) | set(self.http.callers), {"greenhouse-1"})
        self.assertIn(f"authorization: bearer {KEY}".encode(), self.http.heard.lower())
        self.assertNotIn(KEY, agent.program.text())

    def test_without_a_certificate_both_say_so(self):
        without = self.names(TEMPORAL_TLS_CLIENT_CERT_PATH="", TEMPORAL_TLS_CLIENT_KEY_PATH="")
        place = self.env_file(self.folder.path / "without", without)
        worker = self.worker(place)
        self.assertEqual(worker.wait(), 69, worker.text())
        self.assertIn(f"no Temporal server answers at 127.0.0.1:{self.grpc.port}", worker.text())
        answer = subprocess.run([required("SUNDIAL_BINARY"), "workflow", "count"], cwd=place, capture_output=True,
                                text=True, timeout=PATIENCE)
        self.assertEqual(answer.returncode, 69, answer.stderr)

    def test_a_server_that_another_authority_vouches_for_is_refused(self):
        others = self.folder.path / "others"
        others.mkdir()
        place = self.env_file(others, self.names(TEMPORAL_TLS_SERVER_CA_CERT_PATH=str(Authority(others).ca)))
        worker = self.worker(place)
        self.assertEqual(worker.wait(), 69, worker.text())
        answer = subprocess.run([required("SUNDIAL_BINARY"), "workflow", "count"], cwd=place, capture_output=True,
                                text=True, timeout=PATIENCE)
        self.assertEqual(answer.returncode, 69, answer.stderr)
        self.assertIn("certificate", answer.stderr)


if __name__ == "__main__":
    unittest.main()

"""The API tried by its own description: schemathesis makes calls to every endpoint and judges the answers."""
import json
import subprocess

from support import required
from surface import SurfaceTest

CONFIG = """
[rule.hot]
topic = "sensors/{device}/t"
when = "payload.t > 80"
start = { workflow = "CronWorkflow", id = "hot-{topic.device}", task_queue = "lab6-queue" }
[rule.hook]
webhook = "hook"
publish = { topic = "hooked", payload = "{payload}" }
[schedule.nightly]
cron = "0 3 * * *"
start = { workflow = "CronWorkflow", task_queue = "lab6-queue" }
"""


class OpenApi(SurfaceTest):
    extra = CONFIG

    def test_every_endpoint_keeps_to_its_description(self):
        url = f"http://127.0.0.1:{self.agent.port}"
        done = subprocess.run(
            [required("SUNDIAL_API_PYTHON"), "-m", "schemathesis.cli", "run", f"{url}/openapi.json", "--url", url,
             "--checks", "not_a_server_error,status_code_conformance,content_type_conformance,response_schema_conformance",
             "--phases", "examples,fuzzing", "--max-examples", "15", "--seed", "1", "--workers", "1",
             "--request-timeout", "120", "--suppress-health-check", "all", "--no-color", "--exclude-path", "/api/v1/events",
             "--exclude-path", "/api/v1/record", "--exclude-path", "/api/v1/reload"],  # streams do not end
            capture_output=True, text=True, timeout=1200, cwd=self.folder.path)
        self.assertEqual(done.returncode, 0, done.stdout[-6000:] + done.stderr[-2000:])
        document = self.ask("GET", "/openapi.json").json
        operations = sum(len(path) for path in document["paths"].values())
        self.assertGreaterEqual(operations, 45)
        self.assertTrue(self.agent.program.running())
        self.assertEqual(self.ask("GET", "/healthz").status, 200, json.dumps(done.stdout[-500:]))

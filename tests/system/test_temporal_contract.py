"""What the adapter promises, tried against a real Temporal server."""
import os
import subprocess
import unittest

from support import PATIENCE, ROOT, Folder, Temporal


class Contract(unittest.TestCase):
    def test_against_a_real_server(self):
        folder = Folder()
        self.addCleanup(folder.close)
        temporal = Temporal(folder.path)
        self.addCleanup(temporal.stop)
        program = ROOT / "build/dev/tests/agent/adapters/temporal/contract_temporal"
        environment = os.environ | {"SUNDIAL_TEST_TEMPORAL": f"http://127.0.0.1:{temporal.http_port}"}
        answer = subprocess.run([program], env=environment, capture_output=True, text=True, timeout=PATIENCE)
        self.assertEqual(answer.returncode, 0, answer.stdout[-4000:])


if __name__ == "__main__":
    unittest.main()

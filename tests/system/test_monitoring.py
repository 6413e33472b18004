"""The dashboard and the alert rules: understood by Prometheus, and about metrics that the agent has."""
import json
import re
import subprocess
import tempfile
import unittest
from pathlib import Path

from support import PATIENCE, ROOT, Agent, Folder, free_port
from surface import ask
from test_surface_access import FAMILIES

FOLDER = ROOT / "docs" / "monitoring"


def promtool(*arguments, text=None):
    done = subprocess.run(["promtool", *arguments], input=text, capture_output=True, text=True, timeout=PATIENCE)
    if done.returncode != 0:
        raise AssertionError(f"promtool {' '.join(arguments)}: {done.stdout}{done.stderr}")
    return done.stdout + done.stderr


class Monitoring(unittest.TestCase):
    def known(self, expression):
        names = set(re.findall(r"\b(?:sundial|process)_\w+", expression))
        self.assertTrue(names or "up{" in expression, expression)
        for name in names:
            if name.startswith("sundial_"):
                self.assertIn(re.sub(r"_(bucket|sum|count)$", "", name.removeprefix("sundial_")), FAMILIES)

    def test_the_alert_rules_hold_and_have_tests(self):
        promtool("check", "rules", str(FOLDER / "sundial-alerts.yml"))
        promtool("test", "rules", str(FOLDER / "sundial-alerts-test.yml"))
        for expression in re.findall(r"expr: (.*)", (FOLDER / "sundial-alerts.yml").read_text()):
            self.known(expression)

    def test_the_dashboard_asks_what_prometheus_understands(self):
        board = json.loads((FOLDER / "sundial-dashboard.json").read_text())
        asked = [target["expr"].replace("$instance", ".*") for panel in board["panels"] for target in panel["targets"]]
        rules = [{"record": f"panel:{n}", "expr": expression} for n, expression in enumerate(asked)]
        with tempfile.NamedTemporaryFile("w", suffix=".yml") as file:
            file.write(json.dumps({"groups": [{"name": "dashboard", "rules": rules}]}))  # JSON is YAML
            file.flush()
            promtool("check", "rules", file.name)
        for expression in asked:
            self.known(expression)
        shown = set(re.findall(r"sundial_(\w+?)(?:_bucket)?\{", " ".join(asked)))
        self.assertEqual(set(FAMILIES) - shown, set())  # every metric has its panel

    def test_the_agents_own_text_is_clean(self):
        folder = Folder()
        agent = Agent(folder.path, f'[temporal]\naddress = "http://127.0.0.1:{free_port()}"\n')
        try:
            agent.start()
            promtool("check", "metrics", text=ask(agent.port, "GET", "/metrics").text)
        finally:
            agent.stop()
            folder.close()


if __name__ == "__main__":
    unittest.main()

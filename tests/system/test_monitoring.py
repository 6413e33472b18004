"""The dashboard and the alert rules: understood by Prometheus, and about metrics that the agent has."""
import json
import re
import subprocess
import tempfile
import time
import unittest
from pathlib import Path

from support import PATIENCE, ROOT, Agent, FakeTemporal, Folder, Mosquitto, free_port, wait_for
from surface import ask
from test_surface_access import FAMILIES

FOLDER = ROOT / "docs" / "monitoring"


def promtool(*arguments, text=None):
    done = subprocess.run(["promtool", *arguments], input=text, capture_output=True, text=True, timeout=PATIENCE)
    if done.returncode != 0:
        raise AssertionError(f"promtool {' '.join(arguments)}: {done.stdout}{done.stderr}")
    return done.stdout + done.stderr


def value(agent, series):
    for line in ask(agent.port, "GET", "/metrics").text.splitlines():
        if line.startswith(series + " "):
            return float(line.split()[-1])
    raise AssertionError(f"no {series}")


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

    def test_the_start_is_the_processs_own(self):
        folder = Folder()
        self.addCleanup(folder.close)
        before = time.time()
        agent = Agent(folder.path, f'[temporal]\naddress = "http://127.0.0.1:{free_port()}"\n').start()
        self.addCleanup(agent.stop)
        after = time.time()
        while time.time() < after + 2:  # told from the first question, it would be later
            time.sleep(0.1)
        self.assertLess(before - 1, value(agent, "process_start_time_seconds"))
        self.assertLess(value(agent, "process_start_time_seconds"), after + 1)

    def test_temporal_is_looked_after_while_nothing_is_sent(self):
        folder = Folder()
        self.addCleanup(folder.close)
        temporal = FakeTemporal()
        broker = Mosquitto(folder.path)
        self.addCleanup(broker.stop)
        agent = Agent(folder.path, f"""
[temporal]
address = "http://127.0.0.1:{temporal.port}"
[mqtt]
url = "mqtt://127.0.0.1:{broker.port}"
[rule.echo]
topic = "in"
publish = {{ topic = "out", payload = "{{payload}}" }}
[rule.start]
topic = "start"
start = {{ workflow = "Started" }}
""").start()
        self.addCleanup(agent.stop)
        wait_for(lambda: value(agent, "sundial_temporal_reachable") == 1, "Temporal to be seen")
        port = temporal.port
        temporal.stop()
        wait_for(lambda: value(agent, "sundial_temporal_reachable") == 0, "its absence to be seen")
        # The broker's answer says nothing about Temporal.
        broker.publish("in", "1")
        wait_for(lambda: value(agent, 'sundial_bridge_requests_total{kind="publish",outcome="ok"}') == 1, "the echo")
        self.assertFalse(agent.status()["temporal"]["reachable"])
        self.assertEqual(value(agent, "sundial_bridge_request_seconds_count"), 0)
        # What waits is as old as it is, at the first look.
        ask(agent.port, "POST", "/api/v1/messages", {"topic": "start", "payload": 1})
        began = time.monotonic()
        while time.monotonic() < began + 2:
            time.sleep(0.1)
        self.assertGreaterEqual(value(agent, "sundial_outbox_oldest_seconds"), 1)
        back = FakeTemporal(port)
        self.addCleanup(back.stop)
        wait_for(lambda: value(agent, "sundial_temporal_reachable") == 1, "its return to be seen")

    def test_who_may_ask_but_not_start_is_not_there_yet(self):
        folder = Folder()
        self.addCleanup(folder.close)
        temporal = FakeTemporal()
        self.addCleanup(temporal.stop)
        agent = Agent(folder.path, f"""
[temporal]
address = "http://127.0.0.1:{temporal.port}"
[rule.start]
topic = "start"
start = {{ workflow = "Started" }}
""").start()
        self.addCleanup(agent.stop)
        temporal.http.call("POST", "/fault", {"count": 1000, "kind": "status", "status": 403, "code": 7, "method": "POST"})
        ask(agent.port, "POST", "/api/v1/messages", {"topic": "start", "payload": 1})
        wait_for(lambda: value(agent, "sundial_temporal_reachable") == 0, "the refusal to be seen")
        began = time.monotonic()
        while time.monotonic() < began + 12:  # longer than it takes until Temporal is asked again
            self.assertEqual(value(agent, "sundial_temporal_reachable"), 0)
            time.sleep(0.2)
        self.assertIn("told to fail", agent.status()["temporal"]["problem"])


if __name__ == "__main__":
    unittest.main()

"""What the recipes' rules decide is handed to the sample worker, which has to make sense of it."""
import json
import unittest

import pages
from patterns import site
from support import wait_for


def decided():
    """(page, action) of each start and signal_with_start that a page shows as decided."""
    for page in pages.PAGES:
        for language, _, text in pages.blocks(page):
            for line in text.splitlines() if language == "text" else []:
                action = json.loads(line).get("action", {}) if line.startswith('{"time"') else {}
                if action.get("kind") in ("start", "signal_with_start"):
                    yield page.name, action


class Recipes(unittest.TestCase):
    def sundial(self, verb, *arguments):
        return site().command("workflow", verb, *arguments).stdout

    def start(self, action):
        inputs = [part for one in action["args"] for part in ("--input", json.dumps(one))]
        self.sundial("start", "--workflow-id", action["id"], "--type", action["workflow"], *inputs)
        if action["workflow"] == "Approval":
            self.sundial("signal", "--workflow-id", action["id"], "--name", "approve", "--input", '"yes"')
        return self.sundial("result", "--workflow-id", action["id"])

    def signal(self, action):
        """A workflow for the device's whole life: it must know of the signal."""
        inputs = [part for flag, values in (("--input", action["start_args"]), ("--signal-input", action["args"]))
                  for one in values for part in (flag, json.dumps(one))]
        self.sundial("signal-with-start", "--workflow-id", action["id"], "--type", action["workflow"],
                     "--signal-name", action["name"], *inputs)
        return wait_for(lambda: (lambda events: events if action["name"] in events else None)(
            self.sundial("query", "--workflow-id", action["id"], "--name", "events")), action["name"])

    def test_the_sample_worker_makes_sense_of_each(self):
        seen = set()
        for page, action in decided():
            with self.subTest(page=page, workflow=action["workflow"]):
                told = self.start(action) if action["kind"] == "start" else self.signal(action)
                self.assertNotIn("None", told)
                self.assertNotIn("null", told)
                seen.add(page)
        self.assertLessEqual({"greenhouse.md", "cold-chain.md", "energy-meter.md", "door-button.md"}, seen)


if __name__ == "__main__":
    unittest.main()

"""Schedules of a running agent, over HTTP and the command line: what they show, keep and refuse."""
import json
import subprocess
import unittest

from support import PATIENCE, Agent, Folder, free_port, required, wait_for

CONFIG = """
[device]
name = "pi"
time_zone = "Europe/Berlin"
[temporal]
address = "http://127.0.0.1:{port}"
[schedule.dense]
cron = "* * * * * *"
overlap = "allow_all"
start = {{ workflow = "None", task_queue = "none" }}
[schedule.nightly]
cron = "30 2 * * *"
start = {{ workflow = "None", task_queue = "none" }}
"""


class Schedules(unittest.TestCase):
    def setUp(self):
        self.folder = Folder()
        self.addCleanup(self.folder.close)
        # Nothing listens there: what is due waits in the outbox.
        self.agent = Agent(self.folder.path, CONFIG.format(port=free_port())).start()
        self.addCleanup(lambda: self.agent.stop())

    def get(self, path):
        status, answer = self.agent.http.call("GET", "/api/v1/schedules" + path)
        self.assertEqual(status, 200, answer)
        return answer

    def sundial(self, verb, *arguments, exit_code=0):
        answer = subprocess.run([required("SUNDIAL_BINARY"), "schedule", verb, *arguments, "--server",
                                 f"http://127.0.0.1:{self.agent.port}"], capture_output=True, text=True, timeout=PATIENCE,
                                cwd=self.folder.path)
        self.assertEqual(answer.returncode, exit_code, answer.stderr + answer.stdout)
        return answer

    def test_each_due_time_has_a_line_that_survives_a_crash(self):
        lines = wait_for(lambda: [line for line in self.get("/dense")["recent"] if line["what"] == "fired"][:2],
                         "two firings")
        self.agent.kill()
        self.agent.start()
        after = self.get("/dense")["recent"]
        self.assertEqual(after[:len(lines)], lines)
        due = [line["due"] for line in after]
        self.assertEqual(due, sorted(due))
        self.assertEqual(len(due), len(set(due)))
        shown = json.loads(self.sundial("describe", "--schedule-id", "dense", "--json").stdout)
        self.assertEqual(shown["recent"][0], lines[0])
        self.assertEqual(len(shown["next"]), 10)
        listed = {item["id"]: item for item in self.get("")["items"]}
        self.assertLessEqual(len(listed["dense"]["recent"]), 10)

    def test_what_comes_next_and_what_the_clocks_will_do_to_it(self):
        self.assertEqual(len(self.get("/nightly/next?count=400")["items"]), 400)
        nightly = self.get("/nightly")
        self.assertRegex(nightly["transition"], "the clocks of Europe/Berlin go from 0[23]:00 to 0[23]:00: 02:30 is due")
        self.assertEqual(nightly["recent"], [])

    def test_a_schedule_with_several_intervals(self):
        self.sundial("create", "--schedule-id", "two", "--interval", "6h", "--interval", "1d/90m", "--type", "None")
        self.assertEqual(self.get("/two")["cron"], "@every 1d/90m")
        hours = [text[11:16] for text in self.get("/two/next?count=5")["items"]]
        self.assertEqual(len(hours), 5)
        self.sundial("update", "--schedule-id", "two", "--cron", "0 9 * * *")
        self.sundial("update", "--schedule-id", "two", "--interval", "12h", "--interval", "8h")
        self.assertEqual(self.get("/two")["cron"], ["@every 8h", "0 9 * * *"])
        self.assertEqual(self.get("/two")["every"], "12h")
        for line in self.sundial("list", "--output", "jsonl").stdout.splitlines():
            self.assertIn("id", json.loads(line))

    def test_bad_input(self):
        create = ["--schedule-id", "bad", "--type", "None"]
        self.assertIn("outside 0-59", self.sundial("create", *create, "--cron", "60 * * * *", exit_code=78).stderr)
        self.sundial("create", *create, "--interval", "90", exit_code=64)
        self.sundial("create", *create, "--calendar", "{", exit_code=64)
        self.sundial("create", "--schedule-id", "bad", "--cron", "0 9 * * *", exit_code=64)
        self.sundial("create", *create[:1], "nightly", *create[2:], "--cron", "0 9 * * *", exit_code=1)
        self.sundial("backfill", "--schedule-id", "nightly", "--start-time", "soon", "--end-time", "later", exit_code=64)
        self.sundial("describe", "--schedule-id", "none", exit_code=2)
        self.sundial("delete", "--schedule-id", "nightly", exit_code=1)
        self.sundial("nonsense", exit_code=64)


if __name__ == "__main__":
    unittest.main()

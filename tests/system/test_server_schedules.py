"""`sundial schedule … --on server` against a real Temporal: each verb, the traps, and what is said."""
import json
import os
import subprocess
import unittest
from datetime import datetime, timedelta, timezone

from support import PATIENCE, Folder, Temporal, required, wait_for


class ServerSchedules(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = Folder()
        cls.temporal = Temporal(cls.folder.path)

    @classmethod
    def tearDownClass(cls):
        cls.temporal.stop()
        cls.folder.close()

    def sundial(self, verb, *arguments, exit_code=0):
        environment = {**os.environ, "TEMPORAL_HTTP_ADDRESS": f"http://127.0.0.1:{self.temporal.http_port}"}
        answer = subprocess.run([required("SUNDIAL_BINARY"), "schedule", verb, "--on", "server", *arguments],
                                capture_output=True, text=True, timeout=PATIENCE, cwd=self.folder.path, env=environment)
        self.assertEqual(answer.returncode, exit_code, answer.stderr + answer.stdout)
        return answer

    def create(self, name, *arguments, exit_code=0):
        return self.sundial("create", "--schedule-id", name, "--type", "None", "--task-queue", "none",
                            "--workflow-id", name, *arguments, exit_code=exit_code)

    def described(self, name):
        return json.loads(self.sundial("describe", "--schedule-id", name, "--json").stdout)

    def described_when(self, name, fits):
        """The server shows what it was told a little later."""
        return wait_for(lambda: (lambda found: found if fits(found) else None)(self.described(name)), f"{name} to follow")

    def test_a_life(self):
        self.create("life", "--cron", "0 9 * * mon-fri", "--time-zone", "Europe/Berlin", "--paused", "--notes", "n",
                    "--overlap-policy", "BufferOne", "--catchup-window", "10m", "--input", '{"a": 1.50}',
                    "--remaining-actions", "7")
        life = self.described("life")
        self.assertEqual((life["id"], life["source"], life["time_zone"]), ("life", "server", "Europe/Berlin"))
        self.assertEqual((life["overlap"], life["catch_up"]), ("buffer_one", "10m"))
        self.assertEqual(life["start"], {"workflow": "None", "id": "life", "task_queue": "none", "args": [{"a": 1.5}]})
        self.assertEqual((life["state"]["paused"], life["state"]["note"], life["state"]["remaining"]), (True, "n", 7))
        self.assertIn("already", self.create("life", "--cron", "0 9 * * *", exit_code=1).stderr)
        self.sundial("unpause", "--schedule-id", "life", "--note", "on")
        self.described_when("life", lambda found: not found["state"]["paused"])
        self.sundial("pause", "--schedule-id", "life", "--note", "holiday")
        self.described_when("life", lambda found: found["state"]["note"] == "holiday")
        listed = wait_for(lambda: [item for item in json.loads(self.sundial("list", "--json").stdout)
                                   if item["id"] == "life"], "the schedule in the list")
        self.assertEqual(listed[0]["start"]["workflow"], "None")
        self.sundial("delete", "--schedule-id", "life")
        self.assertIn("no schedule", self.sundial("describe", "--schedule-id", "life", exit_code=2).stderr)
        self.sundial("delete", "--schedule-id", "life", exit_code=2)

    def test_an_update_changes_only_what_is_given(self):
        self.create("changed", "--cron", "0 9 * * *", "--time-zone", "Asia/Kolkata", "--paused", "--jitter", "5s")
        before = self.described("changed")
        self.sundial("update", "--schedule-id", "changed", "--notes", "new")
        after = self.described_when("changed", lambda found: found["state"]["note"] == "new")
        self.assertEqual((after["spec"], after["start"]), (before["spec"], before["start"]))
        self.sundial("update", "--schedule-id", "changed", "--cron", "0 7 * * *", "--overlap-policy", "AllowAll")
        after = self.described_when("changed", lambda found: found["overlap"] == "allow_all")
        self.assertEqual((after["time_zone"], after["state"]["note"]), ("Asia/Kolkata", "new"))
        self.assertEqual(after["spec"]["structuredCalendar"][0]["hour"], [{"start": 7, "end": 7, "step": 1}])
        self.assertEqual(after["spec"]["jitter"], "5s")
        self.sundial("update", "--schedule-id", "changed", exit_code=64)
        self.sundial("update", "--schedule-id", "nothing", "--notes", "n", exit_code=2)

    def test_triggers_of_one_second_all_run(self):
        self.create("triggered", "--cron", "0 0 1 1 *", "--paused", "--overlap-policy", "AllowAll")
        for _ in range(3):
            self.assertNotIn("no run", self.sundial("trigger", "--schedule-id", "triggered").stderr)
        self.described_when("triggered", lambda found: found["state"]["fired"] == 3)

    def test_a_backfill_runs_each_due_time(self):
        self.create("filled", "--interval", "1h", "--interval", "1d/30m", "--paused")
        day = datetime.now(timezone.utc).replace(minute=0, second=0, microsecond=0) - timedelta(days=1)
        self.sundial("backfill", "--schedule-id", "filled", "--start-time", day.isoformat(),
                     "--end-time", (day + timedelta(hours=2, minutes=30)).isoformat(), "--overlap-policy", "AllowAll")
        self.described_when("filled", lambda found: found["state"]["fired"] >= 2)
        self.sundial("backfill", "--schedule-id", "filled", "--start-time", "soon", "--end-time", "later", exit_code=64)

    def test_what_would_be_otherwise_there_is_said(self):
        both = self.create("both", "--cron", "0 0 13 * fri", "--time-zone", "UTC", "--paused")
        self.assertIn("both match", both.stderr)
        self.assertEqual(len(self.described("both")["spec"]["structuredCalendar"]), 2)
        six = self.create("six", "--cron", "*/30 * * * * *", "--time-zone", "UTC", "--paused")
        self.assertIn("six fields", six.stderr)
        seconds = self.described("six")["spec"]["structuredCalendar"][0]["second"]
        self.assertEqual(seconds[0]["step"], 30)
        dst = self.create("dst", "--cron", "30 1,2 * * *", "--time-zone", "America/New_York", "--paused")
        self.assertIn("daylight saving: on the server", dst.stderr)
        plain = self.create("plain", "--cron", "0 9 * * *", "--time-zone", "America/New_York", "--paused")
        self.assertNotIn("daylight", plain.stderr)
        self.assertEqual(plain.stdout, "schedule plain created on the server\n")
        self.assertIn("no L, W, # and H", self.create("last", "--cron", "0 0 L * *", exit_code=78).stderr)

    def test_bad_input(self):
        self.assertIn("outside 0-59", self.create("bad", "--cron", "60 * * * *", exit_code=78).stderr)
        self.assertIn("unit", self.create("bad", "--interval", "90", exit_code=64).stderr)
        self.create("bad", "--overlap-policy", "Sometimes", "--cron", "0 9 * * *", exit_code=64)
        self.create("a/b", "--cron", "0 9 * * *", exit_code=64)
        self.create("bad", "--cron", "0 9 * * *", "--time-zone", "Europe/Berln", exit_code=78)
        self.sundial("create", "--schedule-id", "bad", "--cron", "0 9 * * *", exit_code=64)
        self.create("bad", exit_code=64)


if __name__ == "__main__":
    unittest.main()

"""Device and server name the same due times: `sundial next` beside a real Temporal Schedule."""
import json
import subprocess
import unittest
import urllib.parse
import uuid
from datetime import datetime

from support import PATIENCE, Folder, Temporal, required

BEGIN, END = "2026-10-20T00:00:00Z", "2026-11-10T00:00:00Z"  # over a change of the clocks in both zones

# What both sides can say, and say alike: dst = "every", and no string with both day fields, which the
# device joins by "or" and the server by "and". Temporal itself loses times in London's and other zones
# east of Greenwich on that night (it takes the second of two instants), so Kolkata stands for the east.
SPECS = [
    ({"cron": "30 1 * * *"}, {"cronString": ["30 1 * * *"]}, "America/New_York"),
    ({"cron": "5,35 0-3 * * *"}, {"cronString": ["5,35 0-3 * * *"]}, "America/New_York"),
    ({"cron": "0 9 * * mon-fri"}, {"cronString": ["0 9 * * mon-fri"]}, "Asia/Kolkata"),
    ({"cron": "@every 5h/45m"}, {"cronString": ["@every 5h/45m"]}, "UTC"),
    ({"cron": "15 0 1,31 * *"}, {"cronString": ["15 0 1,31 * *"]}, "UTC"),
    ({"interval": [{"every": "7h", "phase": "11m"}]}, {"interval": [{"interval": "25200s", "phase": "660s"}]}, "UTC"),
    ({"calendar": [{"hour": "9-17/2", "dayOfWeek": "mon-fri"}]},
     {"calendar": [{"hour": "9-17/2", "dayOfWeek": "mon-fri"}]}, "America/New_York"),
    ({"calendar": [{"hour": "*/6"}], "exclude": [{"dayOfMonth": "1-7", "hour": "*", "minute": "*", "second": "*"}]},
     {"calendar": [{"hour": "*/6"}],
      "excludeCalendar": [{"dayOfMonth": "1-7", "hour": "*", "minute": "*", "second": "*"}]}, "Asia/Kolkata"),
]


def instants(texts):
    return [datetime.fromisoformat(text.replace("Z", "+00:00")) for text in texts]


class ScheduleTimes(unittest.TestCase):
    def setUp(self):
        self.folder = Folder()
        self.addCleanup(self.folder.close)
        self.temporal = Temporal(self.folder.path)
        self.addCleanup(self.temporal.stop)

    def on_the_server(self, spec, zone):
        name = str(uuid.uuid4())
        path = f"/api/v1/namespaces/default/schedules/{name}"
        action = {"startWorkflow": {"workflowId": name, "workflowType": {"name": "None"}, "taskQueue": {"name": "none"}}}
        status, answer = self.temporal.http.call("POST", path, {
            "requestId": name, "schedule": {"spec": {**spec, "timezoneName": zone}, "action": action,
                                            "state": {"paused": True}}})
        self.assertEqual(status, 200, answer)
        query = urllib.parse.urlencode({"startTime": BEGIN, "endTime": END})
        status, answer = self.temporal.http.call("GET", f"{path}/matching-times?{query}")
        self.assertEqual(status, 200, answer)
        return instants(answer.get("startTime", []))

    def on_the_device(self, spec, zone):
        line = {"id": 1, "spec": {**spec, "dst": "every"}, "tz": zone, "from": BEGIN, "count": 5000}
        answer = subprocess.run([required("SUNDIAL_BINARY"), "next", "--batch"], input=json.dumps(line) + "\n",
                                capture_output=True, text=True, timeout=PATIENCE, check=True)
        end = instants([END])[0]
        return [time for time in instants(json.loads(answer.stdout)["times"]) if time <= end]

    def test_are_the_same_on_device_and_server(self):
        for device, server, zone in SPECS:
            with self.subTest(spec=server, zone=zone):
                times = self.on_the_server(server, zone)
                self.assertTrue(times)
                self.assertEqual(self.on_the_device(device, zone), times)


if __name__ == "__main__":
    unittest.main()

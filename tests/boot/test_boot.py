"""A board from its first boot to its third: killed, hung, unplugged, without a clock, and nothing lost."""
import json
import time
import unittest
from datetime import datetime

from machine import PATIENCE, Machine, Record
from support import FakeTemporal, Folder, required, wait_for

BUSY = range(10)


class Boot(unittest.TestCase):
    def setUp(self):
        self.folder = Folder()
        self.temporal = FakeTemporal(int(required("SUNDIAL_BOOT_TEMPORAL")))
        self.machine = Machine(self.folder.path)
        self.record = Record()

    def tearDown(self):
        if self.machine.program:
            if self._outcome.result.failures or self._outcome.result.errors:
                print(self.machine.program.text()[-3000:])
            self.machine.program.kill()
        if self.temporal:
            self.temporal.stop()
        self.folder.close()

    def property(self, name):
        return self.machine.ask(f"systemctl show -P {name} sundial").strip()

    def status(self):
        return json.loads(self.machine.ask("sundial status --json"))

    def wait_for_unit(self):
        wait_for(lambda: self.property("ActiveState") == "active", "the unit to be active", PATIENCE)
        wait_for(lambda: self.status()["ready"], "the agent to be ready", PATIENCE)

    def wait_for_readings(self, expected):
        wanted = sorted(f"{phase}-{number}" for phase in expected for number in BUSY)
        wait_for(lambda: len(self.temporal.started("Reading")) >= len(wanted), f"{len(wanted)} workflows", PATIENCE)
        self.assertEqual(self.temporal.started("Reading"), wanted)

    def wait_for_restart(self, restarts):
        wait_for(lambda: int(self.property("NRestarts")) > restarts, "a restart", PATIENCE)
        self.wait_for_unit()

    def test_a_board_loses_nothing(self):
        self.first_boot()
        self.killed()
        self.hung()
        self.unplugged()
        self.booted_again_without_a_clock()
        self.record.write(self.facts)

    def first_boot(self):
        self.machine.boot()
        self.machine.synchronise()
        self.wait_for_unit()
        self.record.say("first boot: sundial.service is active and ready")
        root, state = (self.machine.ask(f"findmnt -no SOURCE,FSTYPE,OPTIONS {place}").split() for place in ("/", "/var/lib/sundial"))
        self.assertEqual(root[2].split(",")[0], "ro")
        self.assertEqual((state[1], state[2].split(",")[0]), ("ext4", "rw"))
        self.assertNotEqual(root[0], state[0])
        # The token that `sundial status` needs is a secret that only systemd hands to the service.
        self.assertIn("/run/credentials/sundial.service/secret_token", self.machine.ask("cat /etc/sundial/sundial.toml"))
        self.facts = self.machine.ask(
            "echo \"- $(uname -srm), $(systemctl --version | head -n 1), sundial $(sundial version | head -n 1 | cut -d' ' -f2-)\"; "
            "echo \"- Memory of the service: $(systemctl show -P MemoryCurrent sundial) bytes in its cgroup, \""
            "\"$(grep VmRSS /proc/$(systemctl show -P MainPID sundial)/status | tr -s '\\t ' ' ')\"; "
            "echo \"- $(systemd-analyze security sundial.service --no-pager | tail -n 1)\"").strip()
        self.machine.publish("calm", BUSY)
        self.wait_for_readings(["calm"])
        self.record.say(f"{len(BUSY)} messages through the broker inside started {len(BUSY)} workflows")
        self.assertEqual(self.machine.ask("systemctl reload sundial && systemctl is-active sundial").strip(), "active")
        self.record.say("systemctl reload: still active")

    def killed(self):
        restarts = int(self.property("NRestarts"))
        self.machine.publish("kill", list(BUSY)[:5])
        self.machine.ask("kill -9 $(systemctl show -P MainPID sundial)")
        self.machine.publish("kill", list(BUSY)[5:])
        self.wait_for_restart(restarts)
        self.record.say("killed with -9 between two messages: systemd started it again")
        self.wait_for_readings(["calm", "kill"])
        self.record.say("each message from before and after it started one workflow")

    def hung(self):
        restarts = int(self.property("NRestarts"))
        self.machine.ask("kill -STOP $(systemctl show -P MainPID sundial)")
        stopped = time.monotonic()
        self.machine.publish("hung", BUSY)
        self.wait_for_restart(restarts)
        self.record.say(f"stopped (SIGSTOP): the watchdog had it started again after {time.monotonic() - stopped:.0f} s")
        self.wait_for_readings(["calm", "kill", "hung"])
        self.record.say("each message that arrived meanwhile started one workflow")

    def unplugged(self):
        self.temporal.stop()
        self.temporal = None
        self.machine.publish("dark", BUSY)
        wait_for(lambda: int(self.machine.ask("sundial outbox list | grep -ic reading")) == len(BUSY),
                 "the outbox to hold the messages", PATIENCE)
        self.record.say(f"Temporal away: {len(BUSY)} messages wait in the outbox")
        self.machine.unplug()
        self.record.say("unplugged")

    def booted_again_without_a_clock(self):
        self.temporal = FakeTemporal(int(required("SUNDIAL_BOOT_TEMPORAL")))
        self.machine.boot(clock="1970-01-02T00:00:00")
        self.wait_for_unit()
        believed = int(self.machine.ask("date +%s"))
        self.assertLess(believed, time.time() - 86400)
        self.assertFalse(self.status()["clock"]["trusted"])
        self.record.say(f"booted again without a real-time clock: it believes in {self.machine.ask('date -uIseconds').strip()}, "
                        "the unit is active, the clock is not trusted")
        self.wait_for_readings(["dark"])
        self.record.say("the messages from before the cut started one workflow each, and no other did")
        self.machine.publish("early", BUSY)
        self.wait_for_readings(["dark", "early"])
        self.record.say("messages count before the clock is known")
        self.machine.synchronise()
        corrected = time.time()
        wait_for(lambda: self.status()["clock"]["trusted"], "the clock to be trusted", PATIENCE)
        wait_for(lambda: [due for due in self.temporal.started("Minute") if self.instant(due) >= corrected - 60],
                 "the schedule to fire", PATIENCE)
        wrong = [due for due in self.temporal.started("Minute") if self.instant(due) < self.record_began() - 120]
        self.assertEqual(wrong, [], "fired by a clock that nobody trusted")
        self.record.say("clock synchronised: the schedule fires by it, and never fired by the wrong one")
        self.machine.ask("systemctl stop sundial", PATIENCE)
        self.assertEqual(self.property("Result"), "success")
        self.record.say("stopped in order")

    def record_began(self):
        return time.time() - (time.monotonic() - self.record.started)

    def instant(self, text):
        return datetime.fromisoformat(text.replace("Z", "+00:00")).timestamp()


if __name__ == "__main__":
    unittest.main()

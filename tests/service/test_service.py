"""The installed unit under a real systemd, in a container: what the sandbox lets through, and what keeps the agent going."""
import json
import os
import subprocess
import sys
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "packages"))
from house import House, package  # noqa: E402
from support import FakeTemporal, Folder, Mosquitto, Program, free_port, wait_for  # noqa: E402

CONFIG = """
[temporal]
address = "http://127.0.0.1:{temporal}"
[mqtt]
url = "mqtt://127.0.0.1:{broker}"
[http]
listen = "127.0.0.1:{http}"
token_file = "/run/credentials/sundial.service/secret_token"
[rule.reading]
topic = "service/t"
start = {{ workflow = "Reading", args = ["{{payload}}"] }}
"""
TOKEN = "8c1d0f5e7a3b4c6d9e2f1a0b3c4d5e6f\n"
# Runs in the sandbox of the unit: asks the kernel for the state of its clock (clock_adjtime, 305 on amd64) and for the boot's id.
PROBE = """#!/usr/bin/perl
my $state = "\\0" x 208;
print "clock ", syscall(305, 0, $state) >= 0 ? "told" : "refused: $!", "\\n";
open(my $file, "<", "/proc/sys/kernel/random/boot_id") or print "no boot id: $!\\n";
print "boot id ", scalar(<$file>);
"""


class Container:
    """systemd as process 1 of namespaces of its own, on this machine's network; it may ask for the clock, as on a board."""

    def __init__(self, house, log):
        # Control groups as the host has them: a container's systemd can't be given what is not there.
        env = {} if os.path.exists("/sys/fs/cgroup/cgroup.controllers") else {"SYSTEMD_NSPAWN_UNIFIED_HIERARCHY": "0"}
        self.program = Program(["systemd-nspawn", "-D", str(house.path), "--register=no", "--keep-unit", "--boot",
                                "--console=read-only", "--capability=CAP_SYS_TIME"], log, env=env)
        try:
            wait_for(lambda: self.ask("systemctl is-active multi-user.target") == "active", "systemd to be up")
        except AssertionError as problem:
            raise AssertionError(f"{problem}\n{self.program.text()[-2000:]}") from problem

    def ask(self, command):
        pid = self.program.process.pid
        first = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
        if not first:
            raise OSError("the container has not begun")
        return subprocess.run(["nsenter", "-t", first[0], "-a", "sh", "-c", command], text=True, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, timeout=120).stdout.strip()

    def stop(self):
        self.program.stop(60)


class Service(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = Folder()
        cls.addClassCleanup(cls.folder.close)
        cls.folder.path.chmod(0o755)
        cls.broker, cls.temporal = Mosquitto(cls.folder.path), FakeTemporal()
        cls.addClassCleanup(cls.broker.stop)
        cls.addClassCleanup(cls.temporal.stop)
        house = House(cls.folder.path, "amd64", package("release"), boot=True)
        house.install(package("release"))
        cls.root = root = house.path
        (root / "etc/systemd/system/mosquitto.service").symlink_to("/dev/null")  # the broker is outside
        config = CONFIG.format(temporal=cls.temporal.port, broker=cls.broker.port, http=free_port())
        (root / "etc/sundial/sundial.toml").write_text(config)
        secret = root / "etc/sundial/credentials/token"
        secret.write_text(TOKEN)
        secret.chmod(0o600)
        cls.container = Container(house, cls.folder.path / "container.log")
        cls.addClassCleanup(cls.container.stop)

    def setUp(self):
        wait_for(self.ready, "the agent to be ready")

    def ask(self, command):
        return self.container.ask(command)

    def property(self, name):
        return self.ask(f"systemctl show -P {name} sundial")

    def ready(self):
        return json.loads(self.ask("sundial status --json"))["ready"]

    def wait_for_restart(self, restarts):
        wait_for(lambda: int(self.property("NRestarts")) > restarts, "a restart")
        wait_for(self.ready, "the agent to be ready")

    def test_it_tells_systemd_how_it_is(self):
        self.assertEqual(self.property("ActiveState"), "active")
        wait_for(lambda: self.property("StatusText").startswith("ready; 0 waiting"), "the line")

    def test_secrets_are_handed_to_it_alone(self):
        self.assertEqual(self.ask("stat -c '%a %U' /run/credentials/sundial.service/secret_token"), "400 sundial")

    def test_it_starts_without_secrets_too(self):
        empty = "[Service]\nType=oneshot\nExecStart=/bin/true\nLoadCredential=secret:/tmp/none\n"
        (self.root / "etc/systemd/system/empty.service").write_text(empty)
        self.assertEqual(self.ask("mkdir /tmp/none; systemctl daemon-reload; systemctl start empty && echo starts"), "starts")

    def test_the_sandbox_lets_it_ask_for_the_clock_and_the_boot(self):
        unit = self.ask("cat /usr/lib/systemd/system/sundial.service").splitlines()
        dropped = ("Type=", "Exec", "Restart", "WatchdogSec=", "StateDirectory=", "LoadCredential=")
        lines = [line for line in unit[unit.index("[Service]"):unit.index("[Install]")] if not line.startswith(dropped)]
        text = "\n".join([*lines, "Type=oneshot", "ExecStart=/usr/bin/perl /etc/probe.pl", "StandardOutput=journal"])
        (self.root / "etc/probe.pl").write_text(PROBE)
        (self.root / "etc/systemd/system/probe.service").write_text(text + "\n")
        answer = self.ask("systemctl daemon-reload; systemctl start probe; journalctl --sync; journalctl -u probe -o cat")
        self.assertIn("clock told", answer)
        self.assertRegex(answer, r"boot id [0-9a-f-]{36}")

    def test_a_reload_keeps_it_active(self):
        pid = self.property("MainPID")
        self.assertEqual(self.ask("systemctl reload sundial; systemctl is-active sundial"), "active",
                         self.ask("journalctl -u sundial -o cat -n 5"))
        self.assertEqual(self.property("MainPID"), pid)

    def test_killed_it_is_started_again_and_loses_nothing(self):
        restarts = int(self.property("NRestarts"))
        before = len(self.temporal.started("Reading"))
        self.ask("kill -9 $(systemctl show -P MainPID sundial)")
        self.broker.publish_lines("service/t", ["1", "2", "3"])
        self.wait_for_restart(restarts)
        wait_for(lambda: len(self.temporal.started("Reading")) == before + 3, "the workflows")

    def test_hung_it_is_ended_by_the_watchdog(self):
        restarts = int(self.property("NRestarts"))
        self.ask("kill -STOP $(systemctl show -P MainPID sundial)")
        self.wait_for_restart(restarts)
        self.assertIn("watchdog", self.ask("journalctl -u sundial -o cat").lower())


if __name__ == "__main__":
    unittest.main()

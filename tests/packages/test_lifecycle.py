"""A package's life in a Debian of its own: installed, run, upgraded with its state, removed, purged."""
import os
import shutil
import unittest

from house import House, older, package
from support import FakeTemporal, Folder, Http, Mosquitto, Program, free_port, wait_for

CONFIG = """
[temporal]
address = "http://127.0.0.1:{temporal}"
[mqtt]
url = "mqtt://127.0.0.1:{broker}"
[http]
listen = "127.0.0.1:{http}"
[rule.reading]
topic = "life/{{phase}}"
start = {{ workflow = "Reading", args = ["{{payload}}"] }}
"""


class Lifecycle(unittest.TestCase):
    def setUp(self):
        self.folder = Folder()
        self.folder.path.chmod(0o755)
        self.broker = Mosquitto(self.folder.path)
        self.temporal = FakeTemporal()
        self.agent = None

    def tearDown(self):
        if self.agent:
            self.agent.stop()
        if self.temporal:
            self.temporal.stop()
        self.broker.stop()
        self.folder.close()

    def start(self):
        self.agent = Program(self.house.program("run"), self.folder.path / "agent.log",
                             env={"STATE_DIRECTORY": "/var/lib/sundial"})
        try:
            wait_for(lambda: self.http.call("GET", "/readyz")[0] == 200, "the agent to be ready")
        except AssertionError as problem:
            raise AssertionError(f"{problem}\n{self.agent.text()[-3000:]}") from problem

    def stop(self):
        self.assertEqual(self.agent.stop(20), 0, self.agent.text()[-3000:])
        self.agent = None

    def wait_for_readings(self, expected):
        wait_for(lambda: len(self.temporal.started("Reading")) >= len(expected), "the workflows")
        self.assertEqual(self.temporal.started("Reading"), expected)

    def live(self, architecture, deb):
        self.house = House(self.folder.path, architecture, deb)
        root = self.house.path
        self.assertIn("Setting up sundial", self.house.install(older(deb, self.folder.path)))
        self.assertTrue((root / "etc/systemd/system/multi-user.target.wants/sundial.service").is_symlink())
        self.assertEqual((root / "etc/sundial/credentials").stat().st_mode & 0o777, 0o700)
        self.assertIn("sundial:", self.house.inside("getent", "passwd", "sundial"))

        # What StateDirectory= does, and what an owner edits.
        self.house.inside("install", "-d", "-m", "700", "-o", "sundial", "-g", "sundial", "/var/lib/sundial")
        self.http = Http(free_port())
        config = CONFIG.format(temporal=self.temporal.port, broker=self.broker.port, http=self.http.port)
        (root / "etc/sundial/sundial.toml").write_text(config)

        self.start()
        self.broker.publish_lines("life/before", ["1", "2", "3"])
        self.wait_for_readings([1, 2, 3])
        port = self.temporal.port
        self.temporal.stop()
        self.broker.publish_lines("life/waiting", ["4", "5", "6"])
        wait_for(lambda: self.http.call("GET", "/api/v1/status")[1]["outbox"]["entries"] == 3, "the outbox")
        self.stop()

        self.assertIn("over (0.0.1-1)", self.house.install(deb))
        self.assertEqual((root / "etc/sundial/sundial.toml").read_text(), config, "the owner's configuration")
        self.temporal = FakeTemporal(port)
        self.start()
        self.wait_for_readings([4, 5, 6])
        self.broker.publish_lines("life/after", ["7"])
        self.wait_for_readings([4, 5, 6, 7])
        self.stop()

        self.house.inside("dpkg", "--remove", "sundial")
        self.assertFalse((root / "usr/bin/sundial").exists())
        self.assertTrue((root / "var/lib/sundial/sundial.db").exists(), "a plain remove keeps the state")
        self.assertEqual((root / "etc/sundial/sundial.toml").read_text(), config)
        self.house.inside("dpkg", "--purge", "sundial")
        for left in ("etc/sundial", "var/lib/sundial", "etc/systemd/system/multi-user.target.wants/sundial.service"):
            self.assertFalse(os.path.lexists(root / left), left)
        shutil.rmtree(root)

    def test_on_amd64(self):
        self.live("amd64", package("release"))

    def test_on_arm64_under_emulation(self):
        self.live("arm64", package("pi-arm64"))


if __name__ == "__main__":
    unittest.main()

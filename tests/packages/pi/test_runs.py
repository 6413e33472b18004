"""The packages for armhf and for Debian 13: installed into a Debian of their own, each takes a message to Temporal."""
import sys
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
from house import ROOT, House, run  # noqa: E402
from support import FakeTemporal, Folder, Http, Mosquitto, Program, free_port, wait_for  # noqa: E402
from test_lifecycle import CONFIG  # noqa: E402


def made(suite, architecture):
    """The one package of that suite and architecture, or nothing where it was not built."""
    folder = ROOT / "build" / ("pi-armhf" if suite == "bookworm" else suite)
    found = sorted(folder.glob(f"sundial_*_{architecture}.deb"))
    return found[0] if found else None


class Runs(unittest.TestCase):
    def run_there(self, suite, architecture):
        deb = made(suite, architecture)
        self.assertIsNotNone(deb, f"no package of {suite} for {architecture}: run scripts/package {architecture} {suite}")
        depends = run("dpkg-deb", "-f", deb, "Depends")
        for library in ("libc6 (", "libstdc++6 (", "tzdata"):
            self.assertIn(library, depends)
        self.assertIn("+deb12" if suite == "bookworm" else "+deb13", run("dpkg-deb", "-f", deb, "Version"))
        folder = Folder()
        folder.path.chmod(0o755)
        self.addCleanup(folder.close)
        broker, temporal = Mosquitto(folder.path), FakeTemporal()
        self.addCleanup(broker.stop)
        self.addCleanup(temporal.stop)
        house = House(folder.path, architecture, deb, suite)
        house.install(deb)
        self.assertIn("Type=notify-reload" if suite == "trixie" else "Type=notify\n",
                      (house.path / "usr/lib/systemd/system/sundial.service").read_text())
        house.inside("install", "-d", "-m", "700", "-o", "sundial", "-g", "sundial", "/var/lib/sundial")
        http = Http(free_port())
        config = CONFIG.format(temporal=temporal.port, broker=broker.port, http=http.port)
        (house.path / "etc/sundial/sundial.toml").write_text(config)
        agent = Program(house.program("run"), folder.path / "agent.log", env={"STATE_DIRECTORY": "/var/lib/sundial"})
        self.addCleanup(agent.stop)
        wait_for(lambda: http.call("GET", "/readyz")[0] == 200, "the agent to be ready")
        broker.publish_lines("life/there", ["1", "2"])
        wait_for(lambda: temporal.started("Reading") == [1, 2], "the workflows")

    def test_bookworm_armhf(self):
        self.run_there("bookworm", "armhf")

    def test_trixie_amd64(self):
        self.run_there("trixie", "amd64")

    def test_trixie_arm64(self):
        self.run_there("trixie", "arm64")

    def test_trixie_armhf(self):
        self.run_there("trixie", "armhf")


if __name__ == "__main__":
    unittest.main()

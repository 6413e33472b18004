"""The packages as they were built: what is in them, what they depend on, and that their program runs."""
import subprocess
import unittest
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent


def run(*command):
    return subprocess.run(command, capture_output=True, text=True, timeout=60, check=True).stdout


def package(preset):
    found = sorted((ROOT / "build" / preset).glob("sundial_*.deb"))
    assert len(found) == 1, f"build/{preset} holds {found}: run scripts/package"
    return str(found[0])


class Packages(unittest.TestCase):
    presets = {"release": "amd64", "pi-arm64": "arm64"}

    def test_architecture_and_dependencies(self):
        for preset, architecture in self.presets.items():
            deb = package(preset)
            self.assertEqual(run("dpkg-deb", "-f", deb, "Architecture").strip(), architecture)
            depends = run("dpkg-deb", "-f", deb, "Depends")
            for library in ("libc6 ", "libstdc++6 ", "tzdata"):
                self.assertIn(library, depends, preset)

    def test_contents(self):
        for preset in self.presets:
            files = run("dpkg-deb", "-c", package(preset))
            for name in ("./usr/bin/sundial", "./usr/lib/systemd/system/sundial.service", "./etc/sundial/sundial.toml",
                         "./usr/share/doc/sundial/copyright"):
                self.assertIn(f" {name}\n", files, preset)
            self.assertIn("/etc/sundial/sundial.toml", run("dpkg-deb", "-I", package(preset), "conffiles"))

    def test_the_arm64_program_runs(self):
        output = run("qemu-aarch64-static", "-L", str(ROOT / "build/sysroot-bookworm-arm64"),
                     str(ROOT / "build/pi-arm64/sundial"), "version")
        self.assertRegex(output, r"^sundial \d")

    def test_the_service_is_sandboxed(self):
        answer = subprocess.run(["systemd-analyze", "security", "--offline=true", "--threshold=15",
                                 str(ROOT / "build/release/package/sundial.service")], capture_output=True, text=True, timeout=60)
        self.assertEqual(answer.returncode, 0, answer.stdout[-400:] + answer.stderr)


if __name__ == "__main__":
    unittest.main()

"""The packages as they were built: what is in them, what they depend on, and how their program was compiled."""
import os
import re
import subprocess
import unittest
from pathlib import Path

from house import ROOT, SUITE, package, run
from support import Folder

PRESETS = {"release": "amd64", "pi-arm64": "arm64"}
FILES = ("usr/bin/sundial", "usr/lib/systemd/system/sundial.service", "etc/sundial/sundial.toml", "etc/sundial/credentials/",
         "usr/share/man/man1/sundial.1.gz", "usr/share/man/man5/sundial.toml.5.gz",
         "usr/share/bash-completion/completions/sundial", "usr/share/zsh/vendor-completions/_sundial",
         "usr/share/doc/sundial/copyright", "usr/share/doc/sundial/changelog.Debian.gz")


class Packages(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = Folder()
        cls.unpacked = {}
        for preset in PRESETS:
            cls.unpacked[preset] = cls.folder.path / preset
            run("dpkg-deb", "-x", package(preset), cls.unpacked[preset])

    @classmethod
    def tearDownClass(cls):
        cls.folder.close()

    def test_architecture_and_dependencies(self):
        for preset, architecture in PRESETS.items():
            deb = package(preset)
            self.assertEqual(run("dpkg-deb", "-f", deb, "Architecture").strip(), architecture)
            depends = run("dpkg-deb", "-f", deb, "Depends")
            for library in ("libc6 (", "libstdc++6 (", "libpaho-mqtt", "libsqlite3-0 (", "tzdata"):
                self.assertIn(library, depends, preset)

    def test_the_suite_is_part_of_the_version(self):
        for preset in PRESETS:
            self.assertRegex(run("dpkg-deb", "-f", package(preset), "Version"), r"^\d+\.\d+\.\d+-1\+deb1[23]$")

    def test_contents(self):
        for preset in PRESETS:
            files = run("dpkg-deb", "-c", package(preset))
            for name in FILES:
                self.assertIn(f" ./{name}\n", files, preset)
            self.assertIn("/etc/sundial/sundial.toml", run("dpkg-deb", "-I", package(preset), "conffiles"))

    def test_debug_symbols_are_apart(self):
        for preset in PRESETS:
            program = self.unpacked[preset] / "usr/bin/sundial"
            self.assertNotIn(".symtab", run("readelf", "-SW", program), preset)
            build = re.search(r"Build ID: (\w\w)(\w+)", run("readelf", "-n", program))
            self.assertIn(f"/usr/lib/debug/.build-id/{build[1]}/{build[2]}.debug", run("dpkg-deb", "-c", package(preset, "ddeb")))

    def test_the_program_is_hardened(self):
        for preset in PRESETS:
            program = self.unpacked[preset] / "usr/bin/sundial"
            with self.subTest(preset):
                self.assertRegex(run("readelf", "-hW", program), r"Type:\s+DYN")
                dynamic = run("readelf", "-dW", program)
                self.assertRegex(dynamic, r"FLAGS_1\).*\bPIE\b")
                self.assertRegex(dynamic, r"FLAGS_1\).*\bNOW\b")
                self.assertNotRegex(dynamic, r"\((RPATH|RUNPATH|TEXTREL)\)")
                segments = run("readelf", "-lW", program)
                self.assertIn("GNU_RELRO", segments)
                self.assertRegex(segments, r"GNU_STACK.* RW +0x")
                used = run("readelf", "-W", "--dyn-syms", program)
                self.assertIn("__stack_chk_fail", used)
                self.assertRegex(used, r"__(mem|str|sn?printf|vsnprintf|read|fd|poll)\w*_chk", "nothing is fortified")

    def test_what_is_installed_is_small(self):
        # The program's own limit is 2.5 MB, the whole package's 5 MB.
        for preset in PRESETS:
            self.assertLessEqual(int(run("dpkg-deb", "-f", package(preset), "Installed-Size")), 5 * 1024, preset)

    def test_the_arm64_program_runs(self):
        output = run("qemu-aarch64-static", "-L", ROOT / f"build/sysroot-{SUITE}-arm64",
                     self.unpacked["pi-arm64"] / "usr/bin/sundial", "version")
        self.assertRegex(output, r"^sundial \d")

    def test_a_board_that_cannot_run_it_is_told_so(self):
        for machine, welcome in (("armv6l", False), ("armv7l", True), ("aarch64", True), ("x86_64", True)):
            with self.subTest(machine):
                uname = self.folder.path / "bin/uname"
                uname.parent.mkdir(exist_ok=True)
                uname.write_text(f"#!/bin/sh\necho {machine}\n")
                uname.chmod(0o755)
                script = self.folder.path / "preinst"
                script.write_text(run("dpkg-deb", "-I", package("pi-arm64"), "preinst"))
                answer = subprocess.run(["sh", script, "install"], capture_output=True, text=True, timeout=120,
                                        env={"PATH": f"{uname.parent}:{os.environ['PATH']}"})
                self.assertEqual(answer.returncode == 0, welcome, answer.stderr)
                if not welcome:
                    self.assertIn("Raspberry Pi 1, Zero or Zero W", answer.stderr)


class Unit(unittest.TestCase):
    unit = ROOT / "build/release/package/sundial.service"

    def test_it_is_sandboxed(self):
        answer = subprocess.run(["systemd-analyze", "security", "--offline=true", "--threshold=15", str(self.unit)],
                                capture_output=True, text=True, timeout=120)
        self.assertEqual(answer.returncode, 0, answer.stdout[-400:] + answer.stderr)

    def test_it_says_what_keeps_the_agent_going(self):
        lines = self.unit.read_text().splitlines()
        for line in ("WatchdogSec=30", "Restart=always", "StartLimitIntervalSec=0", "StateDirectory=sundial", "MemoryMax=256M",
                     "TasksMax=64", "LoadCredential=secret:/etc/sundial/credentials"):
            self.assertIn(line, lines)
        self.assertTrue({"Type=notify", "Type=notify-reload"} & set(lines))
        # Both hide from the agent what it must know: which boot this is, and whether the clock is right.
        self.assertNotIn("ProcSubset=pid", lines)
        self.assertFalse([line for line in lines if line.startswith("ProtectClock")])
        for line in lines:
            self.assertNotRegex(line, r"^(After|Wants|Requires)=.*(network-online|time-sync)")


if __name__ == "__main__":
    unittest.main()

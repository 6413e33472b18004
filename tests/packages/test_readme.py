"""README's section about installing, followed word for word: its first block here, its second on an arm64 "Pi"."""
import os
import re
import shutil
import subprocess
import unittest

from house import ROOT, House, package
from support import FakeTemporal, Folder, Mosquitto, free_port, wait_for

# What a reader would type into the file that the page tells him to edit.
EDIT = """
[temporal]
address = "http://127.0.0.1:{temporal}"
[mqtt]
url = "mqtt://127.0.0.1:{broker}"
[http]
listen = "127.0.0.1:{http}"
[rule.hello]
topic = "hello"
start = {{ workflow = "Hello", args = ["{{payload}}"] }}
"""
SUDO = '#!/bin/sh\nexec "$@"\n'
SUDOEDIT = '#!/bin/sh\ncp /edited "$1"\n'
# There is no systemd in a folder: this starts what the installed unit says, as the user that it says, with its state.
SYSTEMCTL = """#!/bin/sh
[ "$*" = "restart sundial" ] || { echo "systemctl: $* is not expected" >&2; exit 1; }
unit=/usr/lib/systemd/system/sundial.service
value() { sed -n "s/^$1=//p" $unit; }
install -d -m "$(value StateDirectoryMode)" -o "$(value User)" -g "$(value Group)" "/var/lib/$(value StateDirectory)"
STATE_DIRECTORY=/var/lib/$(value StateDirectory) setsid setpriv --reuid "$(value User)" --regid "$(value Group)" \\
  --clear-groups $(value ExecStart) >/agent.log 2>&1 </dev/null &
echo $! >/agent.pid
"""


def blocks():
    """The commands of README's section, a text for each block."""
    section = re.search(r"^## Install it on a Pi\n(.*?)^## ", (ROOT / "README.md").read_text(), re.MULTILINE | re.DOTALL)[1]
    return re.findall(r"^```sh\n(.*?)^```", section, re.MULTILINE | re.DOTALL)


class Readme(unittest.TestCase):
    def setUp(self):
        self.folder = Folder()
        self.folder.path.chmod(0o755)
        self.broker, self.temporal = Mosquitto(self.folder.path), FakeTemporal()
        self.house = None

    def tearDown(self):
        pid = self.house and self.house.path / "agent.pid"
        if pid and pid.exists():
            subprocess.run(["kill", "-9", pid.read_text().strip()], check=False)
        self.temporal.stop()
        self.broker.stop()
        self.folder.close()

    def tool(self, folder, name, text):
        (folder / name).write_text(text)
        (folder / name).chmod(0o755)

    def test_the_install_section_word_for_word(self):
        here, there = blocks()
        pi = self.folder.path / "pi"
        pi.mkdir()
        tools = self.folder.path / "tools"
        tools.mkdir()
        # The way to the Pi: its home is a folder here.
        self.tool(tools, "scp", f'#!/bin/sh\ncp "$1" {pi}/\n')
        answer = subprocess.run(["bash", "-euc", here], cwd=ROOT, capture_output=True, text=True, timeout=3600,
                                env={**os.environ, "PATH": f"{tools}:{os.environ['PATH']}"})
        self.assertEqual(answer.returncode, 0, answer.stdout + answer.stderr)
        self.assertEqual([file.name for file in pi.iterdir()], [package("pi-arm64").name])

        self.house = House(self.folder.path, "arm64", package("pi-arm64"))
        root = self.house.path
        for name, text in (("sudo", SUDO), ("sudoedit", SUDOEDIT), ("systemctl", SYSTEMCTL)):
            self.tool(root / "usr/local/bin", name, text)
        for file in pi.iterdir():
            shutil.copy(file, root / "root")
        (root / "edited").write_text(EDIT.format(temporal=self.temporal.port, broker=self.broker.port, http=free_port()))
        environment = {"PATH": "/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "DEBIAN_FRONTEND": "noninteractive", "HOME": "/root"}

        def type_in(commands):
            return subprocess.run(["chroot", root, "bash", "-euc", "cd; " + commands], capture_output=True, text=True,
                                  timeout=600, env=environment)

        *lines, last = there.strip().splitlines()
        answer = type_in("\n".join(lines))
        self.assertEqual(answer.returncode, 0, answer.stdout + answer.stderr)
        # The last one asks the agent how it is, as soon as it has started.
        status = wait_for(lambda: (answer := type_in(last)).returncode == 0 and answer.stdout, "`" + last + "`")
        self.assertRegex(status, r": ready\n")
        self.broker.publish("hello", '"pi"')
        wait_for(lambda: self.temporal.started("Hello") == ["pi"], "the workflow")


if __name__ == "__main__":
    unittest.main()

"""Every configuration block, recording and command of README and guide, run as a reader would.

A block's language says what becomes of it, its second word the file that it is:
  toml [NAME]    a whole configuration: `sundial check` must find nothing wrong; with NAME it stays for the page's commands
  jsonl NAME     a recording, for the page's commands
  sh             commands that are run, a line each, in the page's folder
  text           right after `sh`: what these commands print, to the byte
  console        commands that change the reader's machine; the packages' tests and the boot test run their like
"""
import contextlib
import os
import re
import subprocess
import tempfile
import unittest
from pathlib import Path

from support import ROOT, required

PAGES = [ROOT / "README.md", *sorted((ROOT / "docs/guide").glob("*.md"))]
LANGUAGES = {"", "toml", "jsonl", "sh", "text", "console", "json"}
# What a block names as its own secret or certificate must be there, and nobody else may read it.
FILES = re.compile(r'"(/etc/sundial/[^"]+|[\w.-]+\.(?:pem|key))"')
BLOCK = re.compile(r"^```(\w*)(?: +(\S+))?\n(.*?)^```", re.MULTILINE | re.DOTALL)
LINK = re.compile(r"\]\(([^)#:]+?)(?:#[^)]*)?\)")
# Run elsewhere: what asks an agent, broker or Temporal by test_tutorial, what builds and installs by tests/packages.
RUN_ELSEWHERE = ("scripts/", "scp ", "sudo ", "sudoedit ", "sundial status", "mosquitto_pub ", "curl ", "sundial workflow ", "sundial schedule ", "sundial outbox ",
                  "sundial explain ", "sundial events", "sundial rule ", "sundial doctor")


def run(command, folder):
    path = f"{Path(required('SUNDIAL_BINARY')).parent}:{os.environ['PATH']}"
    return subprocess.run(["bash", "-c", command], capture_output=True, text=True, timeout=60, cwd=folder,
                          env={**os.environ, "PATH": path})


def with_its_files(configuration, folder):
    for name in set(FILES.findall(configuration)):
        own = folder / os.path.basename(name)
        own.write_bytes(b"0" * 32)
        own.chmod(0o600)
        configuration = configuration.replace(f'"{name}"', f'"{own}"')
    return configuration


class Documentation(unittest.TestCase):
    @contextlib.contextmanager
    def read(self, page):
        """The page's blocks, and a folder for its commands."""
        with self.subTest(page=page.name), tempfile.TemporaryDirectory() as folder:
            yield BLOCK.findall(page.read_text()), Path(folder)

    def test_every_block_is_of_a_known_kind(self):
        for page in PAGES:
            for language, name, block in BLOCK.findall(page.read_text()):
                self.assertIn(language, LANGUAGES, f"{page.name}: {block}")
                self.assertFalse(language == "jsonl" and not name, f"{page.name}: a recording without a name")

    def test_every_configuration_is_right(self):
        checked = 0
        for page in PAGES:
            with self.read(page) as (blocks, folder):
                for language, _, block in blocks:
                    if language == "toml":
                        (folder / "sundial.toml").write_text(with_its_files(block, folder))
                        answer = run("sundial check --config sundial.toml", folder)
                        self.assertEqual(answer.returncode, 0, f"{block}\n{answer.stderr}")
                        checked += 1
        self.assertGreater(checked, 25)

    def test_every_command_does_what_the_page_says(self):
        ran = compared = 0
        for page in PAGES:
            with self.read(page) as (blocks, folder):
                for language, name, block in blocks:
                    if name:
                        (folder / name).write_text(with_its_files(block, folder) if language == "toml" else block)
                for place, (language, _, block) in enumerate(blocks):
                    if language != "sh":
                        continue
                    printed = ""
                    for line in block.splitlines():
                        if line.startswith(RUN_ELSEWHERE) or line.lstrip().startswith("#"):
                            continue
                        answer = run(line, folder)
                        self.assertEqual(answer.returncode, 0, f"{line}\n{answer.stderr}")
                        printed += answer.stdout
                        ran += 1
                    if blocks[place + 1:] and blocks[place + 1][0] == "text":
                        self.assertEqual(printed, blocks[place + 1][2], block)
                        compared += 1
        self.assertGreater(ran, 8)
        self.assertGreater(compared, 5)

    def test_every_link_leads_somewhere(self):
        for page in PAGES:
            for target in LINK.findall(page.read_text()):
                self.assertTrue((page.parent / target).exists(), f"{page.name} links to {target}")


if __name__ == "__main__":
    unittest.main()

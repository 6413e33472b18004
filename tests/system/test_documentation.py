"""Every configuration block, recording and command of README and guide, run as a reader would; see pages.py."""
import contextlib
import os
import re
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

import pages
from support import PATIENCE, ROOT

sys.path.insert(0, str(ROOT / "tests/bench"))
import chart  # noqa: E402

LINK = re.compile(r"\]\(([^)#:]*)(?:#([^):]*))?\)")
PICTURE = re.compile(r'(?:src|srcset)="([^":]+)"')


def run(command, folder):
    return subprocess.run(["bash", "-c", command], capture_output=True, text=True, timeout=PATIENCE, cwd=folder,
                          env={**os.environ, "PATH": pages.path_with_sundial()})


def headings(page):
    """As links name them: small letters, no marks, a dash for each blank."""
    found = re.findall(r"^#+ (.+)$", page.read_text(), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in found}


class Documentation(unittest.TestCase):
    @contextlib.contextmanager
    def read(self, page):
        """The page's blocks, and a folder for its commands."""
        with self.subTest(page=page.name), tempfile.TemporaryDirectory() as folder:
            yield pages.blocks(page), Path(folder)

    def test_every_block_is_of_a_known_kind(self):
        for page in pages.PAGES:
            for language, name, block in pages.blocks(page):
                self.assertIn(language, pages.LANGUAGES, f"{page.name}: {block}")
                self.assertFalse(language == "jsonl" and not name, f"{page.name}: a recording without a name")

    def test_what_is_not_run_stands_in_the_list_with_its_reason(self):
        used = set()
        for page in pages.PAGES:
            for language, _, block in pages.blocks(page):
                for line in pages.lines(language, block) if language in ("", "sh", "console") else []:
                    used |= {entry for entry in pages.NOT_RUN if entry[0] == page.name and line.startswith(entry[1])}
                    if not pages.reason_not_to_run(page, line):
                        self.assertNotEqual(language, "", f"{page.name}: nobody runs `{line}`")
                        self.assertTrue(language == "sh" or page.name in pages.FOLLOWED, f"{page.name}: nobody runs `{line}`")
        self.assertEqual([entry for entry in pages.NOT_RUN if entry not in used], [], "no page has these lines any more")

    def test_every_configuration_is_right(self):
        checked = 0
        for page in pages.PAGES:
            with self.read(page) as (blocks, folder):
                for language, _, block in blocks:
                    if language == "toml":
                        (folder / "sundial.toml").write_text(pages.with_its_files(block, folder))
                        answer = run("sundial check --config sundial.toml", folder)
                        self.assertEqual(answer.returncode, 0, f"{block}\n{answer.stderr}")
                        checked += 1
        self.assertGreater(checked, 25)

    def test_every_command_does_what_the_page_says(self):
        ran = compared = 0
        for page in pages.PAGES:
            if page.name in pages.FOLLOWED:
                continue
            with self.read(page) as (blocks, folder):
                for language, name, block in blocks:
                    if name:
                        (folder / name).write_text(pages.with_its_files(block, folder) if language == "toml" else block)
                printed = {}
                for place, line in pages.commands(page):
                    answer = run(line, folder)
                    self.assertEqual(answer.returncode, 0, f"{line}\n{answer.stderr}")
                    printed[place] = printed.get(place, "") + answer.stdout
                    ran += 1
                for place, text in printed.items():
                    if blocks[place + 1:] and blocks[place + 1][0] == "text":
                        self.assertEqual(text, blocks[place + 1][2], blocks[place][2])
                        compared += 1
        self.assertGreater(ran, 8)
        self.assertGreater(compared, 5)

    def test_every_workflow_is_one_that_the_sample_worker_has(self):
        known = set()
        for file in (ROOT / "tests/worker/workflows").glob("*.py"):
            known |= set(re.findall(r"^@workflow\.defn\nclass (\w+)", file.read_text(), re.MULTILINE))
        for page in pages.PAGES:
            own = {name for language, _, block in pages.blocks(page) if language == "python" for name in re.findall(r"^class (\w+)", block, re.MULTILINE)}
            for language, _, block in pages.blocks(page):
                if language == "toml":
                    named = set(re.findall(r'workflow = "([^"]+)"', block))
                    self.assertLessEqual(named, known | own, f"{page.name}: the sample worker has no such workflow")

    def test_the_chart_is_drawn_from_what_was_measured(self):
        """scripts/bench --json … > docs/pictures/bench.json, then scripts/bench --chart docs/pictures/bench.json"""
        measured = ROOT / "docs/pictures/bench.json"
        self.assertEqual(measured.with_suffix(".svg").read_text(), chart.draw(measured.read_text()))

    def test_every_link_leads_somewhere(self):
        for page in [*pages.PAGES, *sorted((ROOT / "docs").glob("*.md")), ROOT / "CONTRIBUTING.md"]:
            text = page.read_text()
            for target, heading in LINK.findall(text) + [(picture, "") for picture in PICTURE.findall(text)]:
                there = page.parent / target if target else page
                self.assertTrue(there.exists(), f"{page.name} links to {target}")
                if heading:
                    self.assertIn(heading, headings(there), f"{page.name} links to {target}#{heading}")


if __name__ == "__main__":
    unittest.main()

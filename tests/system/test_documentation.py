"""Every configuration block and every command of README and guide, run as a reader would."""
import os
import re
import subprocess
import tempfile
import unittest
from pathlib import Path

from support import ROOT, required

PAGES = [ROOT / "README.md", *sorted((ROOT / "docs/guide").glob("*.md"))]
# What a block names as its own secret or certificate must be there, and nobody else may read it.
FILES = re.compile(r'"(/etc/sundial/[^"]+|[\w.-]+\.(?:pem|key))"')


def blocks(page, language):
    return re.findall(rf"^```{language}\n(.*?)^```", page.read_text(), re.MULTILINE | re.DOTALL)


def sundial(*arguments, **options):
    return subprocess.run([required("SUNDIAL_BINARY"), *arguments], capture_output=True, text=True, timeout=30, **options)


class Documentation(unittest.TestCase):
    def test_every_configuration_is_right(self):
        checked = 0
        for page in PAGES:
            for block in blocks(page, "toml"):
                with tempfile.TemporaryDirectory() as folder:
                    for name in set(FILES.findall(block)):
                        own = Path(folder) / os.path.basename(name)
                        own.write_bytes(b"0" * 32)
                        own.chmod(0o600)
                        block = block.replace(f'"{name}"', f'"{own}"')
                    file = Path(folder) / "sundial.toml"
                    file.write_text(block)
                    answer = sundial("check", "--config", str(file))
                    self.assertEqual(answer.returncode, 0, f"{page.name}:\n{block}\n{answer.stderr}")
                    checked += 1
        self.assertGreater(checked, 10)

    def test_commands_that_need_nothing_else_run(self):
        ran = 0
        for page in PAGES:
            for block in blocks(page, "sh"):
                for line in block.splitlines():
                    if line.startswith(("sundial eval ", "sundial next --cron")):
                        answer = subprocess.run(["bash", "-c", line.replace("sundial", required("SUNDIAL_BINARY"), 1)],
                                                capture_output=True, text=True, timeout=30)
                        self.assertEqual(answer.returncode, 0, f"{page.name}: {line}\n{answer.stderr}")
                        ran += 1
        self.assertGreater(ran, 0)


if __name__ == "__main__":
    unittest.main()

"""README and guide as material for tests: their blocks, and every line of them that no test runs as it stands, with the reason.

A block's language says what becomes of it, its second word the file that it is:
  toml [NAME]    a whole configuration: `sundial check` must find nothing wrong; with NAME it stays for the page's commands
  jsonl NAME     a recording, for the page's commands
  python NAME    a file of the sample worker, which is run with it
  sh             commands, run a line each in the page's folder
  text           right after `sh`: what these commands print, to the byte
  console        commands after `$ `, for the machine as a whole
  (none)         what is no part of Sundial
"""
import os
import re
from pathlib import Path

from support import ROOT, required

PAGES = [ROOT / "README.md", *sorted((ROOT / "docs/guide").glob("*.md"))]
LANGUAGES = {"", "toml", "jsonl", "python", "sh", "text", "console"}
BLOCK = re.compile(r"^```(\w*)(?: +(\S+))?\n(.*?)^```", re.MULTILINE | re.DOTALL)
# What a block names as its own secret or certificate must be there, and nobody else may read it.
FILES = re.compile(r'"(/etc/sundial/[^"]+|[\w.-]+\.(?:pem|key))"')

# Pages whose commands ask a running agent: test_tutorial follows them from the first line to the last.
FOLLOWED = {"README.md", "tutorial.md", "temporal-http-api.md", "backup-and-update.md", "on-a-pi.md", "tls-and-keys.md",
            "patterns.md", "worker.md"}

PACKAGES = "tests/packages/test_readme.py follows this section word for word, from the package to the answer"
SERVICE = "tests/service starts the installed unit under a real systemd, tests/packages restarts it"
VENV = "scripts/test makes the worker's environment by the same two commands"
EDITOR = "an editor: what is written there is the block or the text beside it"
OTHERS = "another program's own language, which the reader has already"
DISK = "it formats and mounts a disk; the boot test has its state on a second one by the same line of fstab"

# The one list of what is not run as it stands: page, how the line begins, why.
NOT_RUN = [
    ("README.md", "scripts/package arm64", PACKAGES),
    ("README.md", "scp build/pi-arm64/", PACKAGES),
    ("README.md", "sudo apt install ./sundial_", PACKAGES),
    ("README.md", "sudoedit /etc/sundial/sundial.toml", PACKAGES),
    ("README.md", "sudo systemctl restart sundial", PACKAGES),
    ("tutorial.md", "python3 -m venv venv", VENV),
    ("worker.md", "python3 -m venv venv", VENV),
    ("tutorial.md", "sudo apt install mosquitto", "tests/packages/test_lifecycle.py installs the package"),
    ("tutorial.md", "sudoedit", EDITOR),
    ("tutorial.md", "sudo systemctl restart sundial", SERVICE),
    ("backup-and-update.md", "sudo apt install", "tests/packages/test_lifecycle.py upgrades the package, with its state"),
    ("tls-and-keys.md", "sudoedit", EDITOR),
    ("on-a-pi.md", "LABEL=sundial", DISK),
    ("on-a-pi.md", "sudo mkfs.ext4", DISK),
    ("on-a-pi.md", "sudo mkdir -p /var/lib/sundial", DISK),
    ("on-a-pi.md", "sudo systemctl stop sundial && sudo mount", DISK),
    ("moving.md", "30 2 * * 1-5  /usr/local/bin/report.sh", OTHERS),
    ("moving.md", "@reboot", OTHERS),
    ("moving.md", "var last = context.get", OTHERS),
    ("moving.md", "if (msg.payload.temperature", OTHERS),
    ("moving.md", "    context.set", OTHERS),
    ("moving.md", "    return msg", OTHERS),
    ("moving.md", "}", OTHERS),
    ("moving.md", "SELECT deviceId", OTHERS),
    ("moving.md", "GROUP BY deviceId", OTHERS),
    ("moving.md", "trigger: {", OTHERS),
    ("moving.md", "action:  {", OTHERS),
    ("boot-record.md", " ", "what the boot test printed when it ran"),
]


def blocks(page):
    """(language, name, text) of each block of a page."""
    return BLOCK.findall(Path(page).read_text())


def lines(language, text):
    """What a reader would type, line by line, without prompts and remarks."""
    typed = [line[2:] if language == "console" and line.startswith("$ ") else line for line in text.splitlines()]
    return [line for line in typed if line.strip() and not line.lstrip().startswith("#")]


def reason_not_to_run(page, line):
    return next((reason for name, start, reason in NOT_RUN if name == page.name and line.startswith(start)), None)


def commands(page):
    """Every command of a page that is run, in order: (place of its block, line)."""
    return [(place, line) for place, (language, _, text) in enumerate(blocks(page)) if language in ("sh", "console")
            for line in lines(language, text) if not reason_not_to_run(page, line)]


def path_with_sundial():
    return f"{Path(required('SUNDIAL_BINARY')).parent}:{os.environ['PATH']}"


def with_its_files(configuration, folder):
    """The secrets and certificates that a configuration names are made in `folder`, and it names those."""
    for name in set(FILES.findall(configuration)):
        own = folder / os.path.basename(name)
        own.write_bytes(b"0" * 32)
        own.chmod(0o600)
        configuration = configuration.replace(f'"{name}"', f'"{own}"')
    return configuration

"""What the packages' tests share: the packages that were built, and root file systems to install them into."""
import os
import shutil
import subprocess
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
# The Debian that runs here, which scripts/package builds for.
SUITE = dict(line.split("=", 1) for line in Path("/etc/os-release").read_text().splitlines() if "=" in line)["VERSION_CODENAME"]


def run(*command, **options):
    """What the command prints; its errors are shown where it fails."""
    answer = subprocess.run(command, capture_output=True, text=True, timeout=options.pop("timeout", 300), **options)
    if answer.returncode != 0:
        raise AssertionError(f"{' '.join(map(str, command))} ended with {answer.returncode}:\n{answer.stdout}{answer.stderr}")
    return answer.stdout


def package(preset, kind="deb"):
    found = sorted((ROOT / "build" / preset).glob(f"sundial*.{kind}"))
    assert len(found) == 1, f"build/{preset} holds {found}: run scripts/package"
    return found[0]


class House:
    """A Debian of its own in a folder; what it runs shares this machine's network."""

    def __init__(self, folder, architecture, deb, suite=SUITE, boot=False):
        base = run(ROOT / "scripts/root", *(["--boot"] if boot else []), architecture, suite, deb, timeout=3600).strip()
        self.path = Path(folder) / f"root-{architecture}"
        run("cp", "-a", base, self.path)  # with its devices, which copytree would read

    def inside(self, *command, **options):
        """What the command prints, in there."""
        environment = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "DEBIAN_FRONTEND": "noninteractive"}
        return run("chroot", self.path, *command, env=environment, **options)

    def install(self, deb):
        shutil.copy(deb, self.path / "sundial.deb")
        return self.inside("dpkg", "-i", "/sundial.deb")

    def program(self, *arguments):
        """A command line that runs the installed program as its own user, as the unit does."""
        return ["chroot", "--userspec=sundial:sundial", str(self.path), "/usr/bin/sundial", *arguments]


def older(deb, folder):
    """The same package under an earlier version, as if it had been released before."""
    content, result = Path(folder) / "older", Path(folder) / "older.deb"
    run("dpkg-deb", "-R", deb, content)
    control = content / "DEBIAN/control"
    lines = [line if not line.startswith("Version:") else "Version: 0.0.1-1" for line in control.read_text().splitlines()]
    control.write_text("\n".join(lines) + "\n")
    run("dpkg-deb", "-b", "--root-owner-group", content, result)
    shutil.rmtree(content)
    return result


assert os.geteuid() == 0, "packages are installed into root file systems: run scripts/test packages as root"

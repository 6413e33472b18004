"""A Debian arm64 machine in QEMU: started, asked over a shell inside, and unplugged."""
import os
import socket
import subprocess
import time
from pathlib import Path

from support import Program, free_port, required, wait_for

# An emulated processor, on a machine that may be busy with other things, or hold the emulator for a while.
PATIENCE = 1800


class Machine:
    def __init__(self, folder):
        self.images = Path(required("SUNDIAL_BOOT_IMAGES"))
        self.console = Path(folder) / "console.log"
        self.shell_port, self.broker_port = free_port(), free_port()
        self.program = None

    def boot(self, clock="utc"):
        """`clock` is what the machine's real-time clock says: `utc`, or the instant it believes in without one."""
        forward = f"hostfwd=tcp:127.0.0.1:{self.shell_port}-:2222,hostfwd=tcp:127.0.0.1:{self.broker_port}-:1883"
        disks = []
        for name in ("root", "data"):
            disks += ["-drive", f"if=none,id={name},format=raw,file={self.images / name}.img",
                      "-device", f"virtio-blk-device,drive={name}"]
        self.program = Program(
            ["qemu-system-aarch64", "-M", "virt", "-cpu", "cortex-a53", "-smp", "2", "-m", "512", "-nographic", "-nodefaults",
             "-serial", "stdio", "-no-reboot", "-rtc", f"base={clock}", "-kernel", str(self.images / "kernel"),
             "-initrd", str(self.images / "first.cpio.gz"), "-append", "console=ttyAMA0 net.ifnames=0 panic=-1",
             *disks, "-netdev", f"user,id=net,{forward}", "-device", "virtio-net-device,netdev=net"], self.console)
        self.started = time.monotonic()
        wait_for(lambda: self.ask("echo here", 30).strip() == "here" or self.ended(), "the machine's shell", PATIENCE)

    def ended(self):
        if not self.program.running():
            raise AssertionError("the machine ended: " + self.program.text()[-3000:])
        return False

    def ask(self, command, seconds=PATIENCE):
        """What the command prints, inside, as root."""
        with socket.create_connection(("127.0.0.1", self.shell_port), seconds) as shell:
            shell.settimeout(seconds)
            shell.sendall(f"({command}) </dev/null; exit\n".encode())
            answer = b""
            while block := shell.recv(65536):
                answer += block
        return answer.decode(errors="replace")

    def synchronise(self):
        """Sets the clock and tells the kernel that it is right, as chrony and systemd-timesyncd do."""
        # adjtimex (171 on arm64) with ADJ_STATUS, ADJ_MAXERROR and ADJ_ESTERROR: STA_PLL without STA_UNSYNC.
        state = 'pack("L x4 q q q q l x4", 0x1c, 0, 0, 1000, 1000, 1) . ("\\0" x 200)'
        self.ask(f"date -s @{int(time.time())}; perl -e 'my $state = {state}; syscall(171, $state)'")

    def unplug(self):
        """What a cut of power does: no program and no kernel inside gets a chance to write anything."""
        self.program.kill()

    def publish(self, phase, numbers):
        """Each message acknowledged by the broker inside."""
        for number in numbers:
            subprocess.run(["mosquitto_pub", "-p", str(self.broker_port), "-t", f"boot/{phase}/{number}", "-q", "1",
                            "-m", f'"{phase}-{number}"'], check=True, timeout=PATIENCE)


class Record:
    """What was seen and when, line by line; written as a page where SUNDIAL_BOOT_RECORD names one."""

    def __init__(self):
        self.lines, self.started = [], time.monotonic()

    def say(self, text):
        line = f"{time.monotonic() - self.started:6.1f} s  {text}"
        self.lines.append(line)
        print(line, flush=True)

    def write(self, facts):
        target = os.environ.get("SUNDIAL_BOOT_RECORD")
        if target:
            Path(target).write_text(PAGE.format(facts=facts, lines="\n".join(self.lines)))


PAGE = """# A board in an emulator: the record of a boot test
Written by `scripts/boot-test --record`. A Debian arm64 machine in `qemu-system-aarch64` (emulated instruction by
instruction, so the times say nothing about a Pi) with 512 MB, the package installed by dpkg, systemd as its init, a
read-only root, the state on a disk of its own, and mosquitto inside. Temporal is a fake outside of it. "Unplugged" means
that QEMU was killed: nothing inside could write anything any more.

{facts}

```
{lines}
```
"""

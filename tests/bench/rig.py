"""What every workload of scripts/bench needs: the processes it runs, and what the kernel says of them."""
import json
import mmap
import os
import re
import select
import signal
import socket
import struct
import subprocess
import tempfile
import time
import urllib.request
from pathlib import Path


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Process:
    """A program that is told apart from others by what the kernel counts for it."""

    def __init__(self, command, folder, name, **more):
        self.log = open(Path(folder) / f"{name}.log", "ab")
        self.started = time.monotonic()
        self.child = subprocess.Popen([str(part) for part in command], stdin=subprocess.DEVNULL,
                                      stdout=subprocess.PIPE, stderr=more.pop("stderr", self.log), bufsize=0, **more)
        self.pid = self.child.pid

    def tasks(self):
        return [Path(f"/proc/{self.pid}/task/{task}") for task in os.listdir(f"/proc/{self.pid}/task")]

    def cpu(self):
        """Seconds on a processor, of all threads that live; exact to nanoseconds, unlike times()."""
        return sum(int((task / "schedstat").read_text().split()[0]) for task in self.tasks()) / 1e9

    def switches(self):
        """How often a thread went to sleep: each is a wake-up."""
        found = [re.search(r"^voluntary_ctxt_switches:\s*(\d+)", (task / "status").read_text(), re.M)
                 for task in self.tasks()]
        return sum(int(one[1]) for one in found)

    def written(self):
        return int(re.search(r"^write_bytes: (\d+)", Path(f"/proc/{self.pid}/io").read_text(), re.M)[1])

    def memory(self, which="VmRSS"):
        """Resident MB now, or at its highest (VmHWM)."""
        return int(re.search(rf"^{which}:\s*(\d+)", Path(f"/proc/{self.pid}/status").read_text(), re.M)[1]) * 1024 / 1e6

    def forget_peak(self):
        Path(f"/proc/{self.pid}/clear_refs").write_text("5")

    def line(self, wanted, stream, seconds=60):
        """Reads lines until one holds this text, and returns it."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            if not select.select([stream], [], [], 0.2)[0]:
                if self.child.poll() is not None:
                    break
                continue
            text = stream.readline().decode(errors="replace")
            if wanted in text:
                return text
            if not text:
                break
        raise RuntimeError(f"{self.child.args[0]}: waited in vain for '{wanted}'")

    def stop(self, how=signal.SIGTERM):
        if self.child.poll() is None:
            self.child.send_signal(how)
            try:
                self.child.wait(15)
            except subprocess.TimeoutExpired:
                self.child.kill()
                self.child.wait(5)
        for stream in (self.child.stdout, self.child.stderr):
            if stream:
                stream.close()
        self.log.close()


class Floor(Process):
    def __init__(self, tools, folder, broker, qos):
        path = Path(folder) / "floor.count"
        super().__init__([tools / "bench_floor", broker.port, qos, path], folder, "floor")
        self.line("subscribed", self.child.stdout)
        self.start_seconds = time.monotonic() - self.started
        with open(path, "rb") as file:
            self.counter = mmap.mmap(file.fileno(), 8, prot=mmap.PROT_READ)

    def received(self):
        return struct.unpack("Q", self.counter[:8])[0]


class Agent(Process):
    def __init__(self, binary, folder, config, subscribes=True):
        folder = Path(folder)
        (folder / "sundial.toml").write_text(config)
        super().__init__([binary, "run", "--config", folder / "sundial.toml", "--state", folder / "state"],
                         folder, "agent", stderr=subprocess.PIPE, cwd=folder,
                         env={"PATH": os.environ["PATH"], "TZ": "UTC"})
        self.start_lines = []
        seen = self.line("Sundial runs", self.child.stderr)
        self.port = int(re.search(r"http=\S*?:(\d+)", seen)[1]) if "http=127" in seen else 0
        if subscribes:
            self.line("every subscription", self.child.stderr)
        self.start_seconds = time.monotonic() - self.started
        # Nobody reads what it says from now on: it goes where a full pipe can't stop it.
        os.set_blocking(self.child.stderr.fileno(), False)

    def get(self, path):
        self.heed_log()
        with urllib.request.urlopen(f"http://127.0.0.1:{self.port}{path}", timeout=60) as answer:
            return answer.read().decode()

    def received(self):
        found = re.search(r'^sundial_messages_received_total\{source="mqtt"\} (\d+)', self.get("/metrics"), re.M)
        return int(found[1]) if found else 0

    def status(self):
        return json.loads(self.get("/api/v1/status"))

    def heed_log(self):
        while True:
            try:
                text = os.read(self.child.stderr.fileno(), 65536)
            except BlockingIOError:
                return
            if not text:
                return
            self.log.write(text)


class Sink(Process):
    """Answers as Temporal does, after a delay."""

    def __init__(self, tools, folder):
        super().__init__([tools / "bench_sink"], folder, "sink")
        self.port = int(self.child.stdout.readline())

    def begin(self, delay=0):
        request = urllib.request.Request(f"http://127.0.0.1:{self.port}/bench/{delay}", method="POST")
        urllib.request.urlopen(request, timeout=30).read()

    def figures(self):
        with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/bench", timeout=30) as answer:
            return json.load(answer)

    def wait_for(self, requests, seconds):
        """Until so many have come, or the time is over; returns the figures."""
        deadline = time.monotonic() + seconds
        while True:
            figures = self.figures()
            if figures["requests"] >= requests or time.monotonic() > deadline:
                return figures
            time.sleep(0.05)


class Mosquitto(Process):
    def __init__(self, folder):
        self.port = free_port()
        config = Path(folder) / "mosquitto.conf"
        # Nothing is thrown away, so that what is missing was lost by a subscriber.
        config.write_text(f"listener {self.port} 127.0.0.1\nallow_anonymous true\nmax_queued_messages 0\n"
                          f"set_tcp_nodelay true\n")
        super().__init__(["mosquitto", "-c", config], folder, "mosquitto")
        deadline = time.monotonic() + 10
        while time.monotonic() < deadline:
            try:
                socket.create_connection(("127.0.0.1", self.port), 1).close()
                return
            except OSError:
                time.sleep(0.05)
        raise RuntimeError("mosquitto did not start")


class Temporal(Process):
    """A real development server."""

    def __init__(self, binary, folder):
        self.port = free_port()
        super().__init__([binary, "server", "start-dev", "--headless", "--port", free_port(), "--http-port", self.port,
                          "--log-level", "error"], folder, "temporal")
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline:
            try:
                urllib.request.urlopen(f"http://127.0.0.1:{self.port}/api/v1/namespaces/default", timeout=5).read()
                return
            except OSError:
                time.sleep(0.2)
        raise RuntimeError("Temporal did not start")


class Rig:
    """One folder, one broker, one sink; the agents and floors come and go."""

    def __init__(self, tools, place):
        self.tools = Path(tools)
        self.handle = tempfile.TemporaryDirectory(prefix="sundial-bench-", dir=place)
        self.folder = Path(self.handle.name)
        self.folder.chmod(0o777)
        self.open = []
        self.broker = self.keep(Mosquitto(self.folder))
        self.sink = self.keep(Sink(self.tools, self.folder))

    def keep(self, process):
        self.open.append(process)
        return process

    def end(self, process, how=signal.SIGTERM):
        self.open.remove(process)
        process.stop(how)

    def floor(self, qos):
        return self.keep(Floor(self.tools, self.folder, self.broker, qos))

    def agent(self, binary, config, fresh=True, subscribes=True):
        state = self.folder / "state"
        if fresh and state.exists():
            for file in state.iterdir():
                file.unlink()
        return self.keep(Agent(binary, self.folder, config, subscribes))

    def load(self, messages, qos=0, devices=1000, rate=0, hot_every=0):
        """Publishes, and returns the generator's own figures."""
        command = [self.tools / "bench_load", self.broker.port, qos, messages, devices, rate, hot_every]
        done = subprocess.run([str(part) for part in command], check=True, capture_output=True, timeout=1800)
        return json.loads(done.stdout)

    def call(self, port, path, behind, calls, connections, body="{}"):
        """HTTP calls over several connections, and the caller's own figures."""
        command = [self.tools / "bench_calls", port, path, behind, calls, connections, body]
        done = subprocess.run([str(part) for part in command], check=True, capture_output=True, timeout=1800)
        return json.loads(done.stdout)

    def temporal(self, binary):
        return self.keep(Temporal(binary, self.folder))

    def close(self):
        for process in reversed(self.open):
            process.stop()
        self.handle.cleanup()


def wait_received(subscriber, wanted, seconds=120, counted=None):
    """Until so many messages are in, or none came for two seconds; returns how many."""
    deadline, last, since = time.monotonic() + seconds, -1, time.monotonic()
    while time.monotonic() < deadline:
        have = (counted or subscriber.received)()
        if have >= wanted or (have == last and time.monotonic() - since > 2):
            return have
        if have != last:
            last, since = have, time.monotonic()
        time.sleep(0.05)
    return last

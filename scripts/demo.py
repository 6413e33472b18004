#!/usr/bin/env python3
"""The demo itself: starts the parts, plays the sensors, shows or checks what comes of it. See scripts/demo."""
import argparse
import contextlib
import itertools
import json
import math
import os
import shutil
import signal
import socket
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "tests/system"))

from support import Agent, Mosquitto, Temporal, Worker, wait_for  # noqa: E402
import support  # noqa: E402

DEVICES = ("boiler", "oven", "greenhouse")


def usual_port(port):
    """This port, or the next one that is free."""
    for candidate in itertools.count(port):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            with contextlib.suppress(OSError):
                probe.bind(("127.0.0.1", candidate))
                return candidate


def say(text=""):
    print(text, flush=True)


class House:
    """Every part that the demo starts, ended in the reverse order."""

    def __init__(self, folder, options):
        self.parts = contextlib.ExitStack()
        # The usual ports where they are free, so that the addresses look familiar.
        usual = [7233, 7243] if options.temporal else [7233, 7243, 1883, 8000]
        ports = iter([usual_port(port) for port in usual])
        original, support.free_port = support.free_port, lambda: next(ports)
        try:
            self.start_temporal(folder, options.ui_port)
            if not options.temporal:
                self.start_agent(folder)
        except BaseException:
            self.parts.close()
            raise
        finally:
            support.free_port = original

    def start_temporal(self, folder, ui_port):
        self.temporal = Temporal(self.sub(folder, "temporal"), ui_port=ui_port)
        self.parts.callback(self.temporal.stop)
        say(f"  Temporal    http://localhost:{self.temporal.http_port} (workers: localhost:{self.temporal.grpc_port})")
        self.worker = Worker(self.sub(folder, "worker"), self.temporal, env={"WORKER_AGENT": "http://localhost:8000"})
        self.parts.callback(self.worker.stop)
        say("  worker      " + self.worker.program.text().strip().splitlines()[-1])

    def start_agent(self, folder):
        self.broker = Mosquitto(self.sub(folder, "broker"))
        self.parts.callback(self.broker.stop)
        say(f"  broker      mqtt://localhost:{self.broker.port}")
        self.agent = Agent(self.sub(folder, "agent"), (ROOT / "scripts/demo.toml").read_text(), env={
            "MQTT_URL": f"mqtt://localhost:{self.broker.port}",
            "TEMPORAL_HTTP_ADDRESS": f"http://localhost:{self.temporal.http_port}",
            "DEMO_CRON": "*/10 * * * * *"})
        started = time.monotonic()
        self.agent.start()
        self.parts.callback(self.agent.stop)
        say(f"  agent       http://localhost:{self.agent.port} (ready after {time.monotonic() - started:.2f} s)")

    @staticmethod
    def sub(folder, name):
        path = Path(folder) / name
        path.mkdir()
        return path

    def close(self):
        self.parts.close()


def show(house, ui_port):
    say()
    say("Open   the status page       " + f"http://localhost:{house.agent.port}/")
    if ui_port:
        say(f"       Temporal's own page   http://localhost:{ui_port}/")
    say(f"Try    mosquitto_pub -p {house.broker.port} -t sensors/kettle/telemetry -m '{{\"temperature\": 99.5}}'")
    say(f"       curl -X POST 'http://localhost:{house.agent.port}/trigger-workflow/hello?name=Hello'")
    say(f"       {os.environ['SUNDIAL_BINARY']} status --server http://localhost:{house.agent.port}")
    say("Ctrl-C ends everything that was started here.")
    say()
    known = set()
    for beat in itertools.count():
        for phase, device in enumerate(DEVICES):
            temperature = round(70 + 15 * math.sin(beat / 8 + phase * 2), 1)
            house.broker.publish(f"sensors/{device}/telemetry", json.dumps({"temperature": temperature, "seq": beat}))
            if beat % 3 == phase:
                house.broker.publish(f"sensors/{device}/events", json.dumps({"message": f"reading {beat}"}))
        if beat % 10 == 5:
            device = DEVICES[beat // 10 % len(DEVICES)]
            house.broker.publish(f"devices/{device}/{'maintenance' if beat % 20 == 5 else 'status'}",
                                 json.dumps({"text": f"note {beat}"}))
        for run in house.temporal.workflows():
            name, state = run["execution"]["workflowId"], run["status"].rsplit("_", 1)[-1].lower()
            if (name, state) not in known:
                known.add((name, state))
                say(f"{time.strftime('%H:%M:%S')}  {run['type']['name']:14} {state:10} {name}")
        if not house.agent.program.running():
            say(house.agent.program.text()[-2000:])
            return 1
        time.sleep(1)
    return 0


def keep(house, ui_port):
    """Temporal and worker alone, for an agent that somebody starts himself."""
    say()
    if ui_port:
        say(f"Temporal's own page: http://localhost:{ui_port}/")
    if house.temporal.http_port != 7243:
        say(f"Port 7243 was taken: write address = \"http://localhost:{house.temporal.http_port}\" under [temporal]")
    say(f"The program is {os.environ['SUNDIAL_BINARY']}. Ctrl-C ends Temporal and worker; what ran in them is forgotten.")
    while house.temporal.program.running() and house.worker.program.running():
        time.sleep(1)
    say("one of them ended by itself:\n" + house.temporal.program.text()[-1000:] + house.worker.program.text()[-1000:])
    return 1


def evidence(what, workflow_id, result):
    say(f"  ok  {what}: {workflow_id} -> {json.dumps(result)}")


def only(house, kind, fits):
    """The one workflow of this type whose result fits, once it is there."""
    def find():
        for run in house.temporal.workflows(f'WorkflowType="{kind}"'):
            workflow_id = run["execution"]["workflowId"]
            result = house.temporal.result(workflow_id)
            if result is not None and fits(result):
                return workflow_id, result
        return None
    return wait_for(find, f"a {kind} with the right result", 60)


def check(house):
    say()
    house.broker.publish("sensors/kettle/telemetry", json.dumps({"temperature": 20.5}))
    house.broker.publish("sensors/kettle/telemetry", json.dumps({"temperature": 99.5}))
    evidence("threshold", *only(house, "Overheat", lambda r: r == {
        "alert": "notified: kettle reads 99.5", "temperature": 99.5}))
    assert len(house.temporal.workflows('WorkflowType="Overheat"')) == 1, "the cool reading started an alert too"

    health = only(house, "DeviceHealth", lambda r: r["health"] == "healthy")
    assert health[0] == f"device-health-{health[1]['due']}", f"{health} does not name its due time"
    evidence("cron", *health)

    house.broker.publish_lines("sensors/kettle/events", [json.dumps({"message": f"m{n}"}) for n in range(5)])
    evidence("batch of five", *only(house, "Batch", lambda r: r == {
        "count": 5, "readings": [f"m{n}" for n in range(5)]}))

    for kind, text in (("status", "up"), ("maintenance", "oil"), ("close", "")):
        house.broker.publish(f"devices/kettle/{kind}", json.dumps({"text": text}))
    evidence("signals", *only(house, "DeviceWatch", lambda r: r == {
        "device": "kettle", "events": [["status", {"text": "up"}], ["maintenance", {"text": "oil"}], ["close", {"text": ""}]]}))
    say("everything arrived, once")
    return 0


def main():
    parser = argparse.ArgumentParser(prog="scripts/demo", description=__doc__)
    parser.add_argument("--check", action="store_true")
    parser.add_argument("--temporal", action="store_true")
    parser.add_argument("--ui-port", type=int, default=0)
    options = parser.parse_args()
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, lambda *_: sys.exit(130))
    folder = tempfile.mkdtemp(prefix="sundial-demo-")
    try:
        house = House(folder, options)
        try:
            if options.temporal:
                return keep(house, options.ui_port)
            return check(house) if options.check else show(house, options.ui_port)
        except AssertionError as problem:
            say(f"  FAILED  {problem}")
            say(house.agent.program.text()[-3000:])
            return 1
        finally:
            # Ended as a whole, however often Ctrl-C is pressed meanwhile.
            signal.signal(signal.SIGINT, signal.SIG_IGN)
            house.close()
    except AssertionError as problem:
        say(f"  FAILED  {problem}")
        return 1
    except KeyboardInterrupt:
        say("\nended")
        return 0
    finally:
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    sys.exit(main())

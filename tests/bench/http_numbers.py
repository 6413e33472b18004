#!/usr/bin/env python3
"""What a call over the HTTP surface costs: POST /trigger-workflow against posting to Temporal directly, and idle connections.

usage: tests/bench/http_numbers.py [--starts N] [--connections N,N]

Prints one JSON object. SUNDIAL_BINARY and SUNDIAL_TEMPORAL say where the programs are. Both ways are measured
in turns with the same client, so that their ratio holds on a busy machine; rates by themselves do not.
"""
import argparse
import http.client
import json
import os
import statistics
import sys
import threading
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "system"))

from support import Agent, Folder, Temporal  # noqa: E402

TICKS = os.sysconf("SC_CLK_TCK")


class Caller:
    """One kept connection."""

    def __init__(self, port):
        self.connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)

    def post(self, path, body=None):
        began = time.perf_counter()
        self.connection.request("POST", path, body=body, headers={"Content-Type": "application/json"} if body else {})
        answer = self.connection.getresponse()
        text = answer.read()
        if answer.status != 200:
            raise AssertionError(f"{path}: {answer.status} {text[:200]}")
        return time.perf_counter() - began


def directly(name):
    return f"/api/v1/namespaces/default/workflows/{name}", json.dumps(
        {"workflowType": {"name": "CronWorkflow"}, "taskQueue": {"name": "nobody"}, "requestId": name,
         "input": [{"metadata": {"encoding": "anNvbi9wbGFpbg=="}, "data": "IkhUVFAgVHJpZ2dlcmVkIg=="}]})


def by_agent(name):
    return f"/trigger-workflow/{name}", None


def starts(port, shape, count, connections, tag):
    """(starts a second, median seconds a call) over so many connections."""
    times, each = [], count // connections

    def call(number):
        caller = Caller(port)
        times.extend([caller.post(*shape(f"{tag}-{number}-{n}")) for n in range(each)])

    threads = [threading.Thread(target=call, args=(number,)) for number in range(connections)]
    began = time.perf_counter()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return len(times) / (time.perf_counter() - began), statistics.median(times)


def cpu_seconds(agent):
    fields = Path(f"/proc/{agent.program.process.pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / TICKS


def resident(agent):
    for line in Path(f"/proc/{agent.program.process.pid}/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) * 1024


def compare(agent, temporal, count, connections):
    rates = {"direct": [], "agent": []}
    medians = {"direct": [], "agent": []}
    cost = 0.0
    for turn in range(4):
        for way, port, shape in (("direct", temporal.http_port, directly), ("agent", agent.port, by_agent)):
            before = cpu_seconds(agent)
            rate, median = starts(port, shape, count // 4, connections, f"{way}-{connections}-{turn}")
            if way == "agent":
                cost += cpu_seconds(agent) - before
            rates[way].append(rate)
            medians[way].append(median)
    return {
        "connections": connections,
        "starts_a_second_directly": round(statistics.median(rates["direct"]), 1),
        "starts_a_second_by_the_agent": round(statistics.median(rates["agent"]), 1),
        "ratio": round(statistics.median(rates["agent"]) / statistics.median(rates["direct"]), 3),
        "added_milliseconds_at_the_median": round(1000 * (statistics.median(medians["agent"]) - statistics.median(medians["direct"])), 2),
        "cpu_microseconds_a_call": round(1e6 * cost / count),
    }


def idle(agent, count):
    """What so many idle connections cost in memory, and the slowest of some calls beside them."""
    def slowest():
        # One of its own each time: of more than 512, the door closes those that were idle longest.
        caller = http.client.HTTPConnection("127.0.0.1", agent.port, timeout=10)
        worst = 0.0
        for _ in range(200):
            began = time.perf_counter()
            caller.request("GET", "/healthz")
            caller.getresponse().read()
            worst = max(worst, time.perf_counter() - began)
        return round(1000 * worst, 1)

    alone, before = slowest(), resident(agent)
    held = []
    for _ in range(count):
        connection = http.client.HTTPConnection("127.0.0.1", agent.port, timeout=10)
        connection.connect()
        held.append(connection)
    time.sleep(1)
    beside, after = slowest(), resident(agent)
    for connection in held:
        connection.close()
    return {"idle_connections": count, "bytes_more": after - before, "slowest_call_milliseconds_alone": alone,
            "slowest_call_milliseconds_beside": beside}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--starts", type=int, default=800)
    parser.add_argument("--connections", default="1,8")
    options = parser.parse_args()
    folder = Folder()
    temporal = Temporal(folder.path)
    agent = Agent(folder.path, f'[temporal]\naddress = "http://127.0.0.1:{temporal.http_port}"\n[http]\ntask_queue = "nobody"\n')
    try:
        agent.start()
        starts(temporal.http_port, directly, 40, 1, "warm")
        starts(agent.port, by_agent, 40, 1, "warm-too")
        found = {"starts": [compare(agent, temporal, options.starts, int(n)) for n in options.connections.split(",")],
                 "idle": idle(agent, 1000)}
        print(json.dumps(found, indent=1))
    finally:
        agent.stop()
        temporal.stop()
        folder.close()


if __name__ == "__main__":
    main()

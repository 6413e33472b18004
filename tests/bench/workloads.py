"""The workloads of scripts/bench: each returns its figures by name. W1 to W5 are those by which the peers were measured."""
import os
import re
import signal
import statistics
import time

from rig import wait_received

HEAD = '''[device]
name = "bench"
[temporal]
address = "http://127.0.0.1:{sink}"
signals_per_second = 0
[http]
listen = "127.0.0.1:0"
[log]
format = "text"
[store]
sync = "{sync}"
max_size = "{size}"
'''
BROKER = '''[mqtt]
url = "mqtt://127.0.0.1:{broker}"
session_expiry = "0s"
'''
FILTER = '''[rule.hot]
topic = "sensors/{{device}}/telemetry"
qos = {qos}
when = "payload.temperature > 80.0"
start = {{ workflow = "Overheat", id = "hot-{{payload.seq}}-t{{payload.sent}}", args = ["{{payload}}"] }}
'''
WINDOW = '''[rule.window]
topic = "sensors/{{device}}/telemetry"
qos = {qos}
window = {{ count = 100 }}
collect = {{ mean = "avg(payload.temperature)" }}
start = {{ workflow = "Window", id = "window-{{topic.device}}-{{payload.seq}}", args = ["{{window.mean}}"] }}
'''
KEYS = '''[rule.keys]
topic = "sensors/{{device}}/telemetry"
qos = 1
max_keys = 200_000
window = {{ every = "1h" }}
collect = {{ n = "count()", mean = "avg(payload.temperature)", least = "min(payload.temperature)", most = "max(payload.temperature)", spread = "stddev(payload.humidity)" }}
start = {{ workflow = "Hour", id = "hour-{{topic.device}}-{{window.start}}", args = ["{{window.mean}}"] }}
'''


def config(rig, body="", qos=0, sync="1s", size="64MiB", broker=True):
    return (HEAD + (BROKER if broker else "") + body).format(
        sink=rig.sink.port, broker=rig.broker.port, qos=qos, sync=sync, size=size)


def measured(rig, subscriber, messages, **load):
    """CPU-seconds of the subscriber a million messages that it got, at the generator's rate."""
    before, cpu, wakes, written = subscriber.received(), subscriber.cpu(), subscriber.switches(), subscriber.written()
    began = time.monotonic()
    rig.load(messages, **load)
    got = wait_received(subscriber, before + messages) - before
    took = time.monotonic() - began
    spent = subscriber.cpu() - cpu
    return {"cpu_s_per_million": spent / max(got, 1) * 1e6, "got": got, "rate": got / took,
            "core_percent": spent / took * 100, "wakes_per_message": (subscriber.switches() - wakes) / max(got, 1),
            "bytes_per_message": (subscriber.written() - written) / max(got, 1)}


def mean_of(rows):
    return {name: statistics.fmean(row[name] for row in rows) for name in rows[0]}


def against_floor(rig, binaries, body, qos, messages, rounds, **load):
    """Floor and agents take turns in short slices, so that a busy machine is busy for all of them."""
    rows = {name: [] for name in ("floor", *binaries)}
    floor = rig.floor(qos)
    measured(rig, floor, messages // 10, qos=qos, **load)
    rig.end(floor)
    for _ in range(rounds):
        floor = rig.floor(qos)
        rows["floor"].append(measured(rig, floor, messages, qos=qos, **load))
        rig.end(floor)
        for name, binary in binaries.items():
            rig.sink.begin()
            agent = rig.agent(binary, config(rig, body, qos))
            row = measured(rig, agent, messages, qos=qos, **load)
            expected = messages // load["hot_every"] if load.get("hot_every") else messages // 100
            arrived = rig.sink.wait_for(expected, 30)["requests"]
            row["lost"] = messages - row["got"]
            row["actions_missing"] = expected - arrived
            row["peak_mb"] = agent.memory("VmHWM")
            rig.end(agent)
            rows[name].append(row)
    result = {name: mean_of(rows[name]) for name in rows}
    floor_cost = [row["cpu_s_per_million"] for row in rows["floor"]]
    for name in binaries:
        ratios = [row["cpu_s_per_million"] / base for row, base in zip(rows[name], floor_cost)]
        result[name]["ratio"] = statistics.median(ratios)
    return result


def w1(rig, binaries, quick, qos):
    messages, rounds = (60_000, 2) if quick else (300_000, 5)
    return against_floor(rig, binaries, FILTER, qos, messages, rounds, hot_every=1000)


def w2(rig, binaries, quick, qos=0):
    messages, rounds = (100_000, 2) if quick else (300_000, 5)
    return against_floor(rig, binaries, WINDOW, qos, messages, rounds)


def w4(rig, binaries, quick, qos=0):
    messages, rounds = (3_000, 2) if quick else (15_000, 5)
    return against_floor(rig, binaries, FILTER, qos, messages, rounds, hot_every=1000, rate=1000)


def w5(rig, binaries, quick):
    """200 actions a second to a side that answers after 50 ms: ten at once, the default of four does 80 a second."""
    messages, result = 600 if quick else 2_000, {}
    for name, binary in binaries.items():
        agent = rig.agent(binary, config(rig, FILTER, 1).replace("[temporal]", "[temporal]\nmax_connections = 16"))
        rig.sink.begin(50)
        rig.load(messages, qos=1, rate=200, hot_every=1)
        figures = rig.sink.wait_for(messages, 60)
        result[name] = {"arrived_of_1000": figures["requests"] / messages * 1000,
                        "p50_ms": figures["p50_ms"], "p99_ms": figures["p99_ms"]}
        rig.sink.begin()
        rig.end(agent)
    return result


def latency(rig, binaries, quick):
    """Event to request on the wire, at 50 a second: nothing else is in the way."""
    messages, result = 150 if quick else 1_000, {}
    for name, binary in binaries.items():
        result[name] = {}
        for sync in ("1s", "always"):
            agent = rig.agent(binary, config(rig, FILTER, 1, sync))
            rig.sink.begin()
            rig.load(messages, qos=1, rate=50, hot_every=1)
            figures = rig.sink.wait_for(messages, 60)
            result[name] |= {f"p50_ms_{sync}": figures["p50_ms"], f"p99_ms_{sync}": figures["p99_ms"]}
            rig.end(agent)
    return result


def durable(rig, binaries, quick):
    """QoS 1 into windows that are kept, sync = 1s: how many a second, and what each writes."""
    messages, result = 100_000 if quick else 500_000, {}
    for name, binary in binaries.items():
        agent = rig.agent(binary, config(rig, WINDOW, 1))
        rig.sink.begin()
        row = measured(rig, agent, messages, qos=1)
        result[name] = {key: row[key] for key in ("rate", "bytes_per_message", "cpu_s_per_million")}
        result[name]["actions_missing"] = messages // 100 - rig.sink.wait_for(messages // 100, 30)["requests"]
        result[name]["peak_mb"] = agent.memory("VmHWM")
        rig.end(agent)
    return result


def trigger(rig, binaries, quick):
    """POST /trigger-workflow over four connections, beside posting straight to the other side."""
    calls, connections = (1_000, 4) if quick else (10_000, 4)
    straight = rig.call(rig.sink.port, "/api/v1/namespaces/default/workflows/w-", "", calls, connections)
    result = {"straight": straight}
    for name, binary in binaries.items():
        agent = rig.agent(binary, config(rig, broker=False), subscribes=False)
        cpu, written = agent.cpu(), agent.written()
        row = rig.call(agent.port, "/trigger-workflow/w-", "?name=bench", calls, connections)
        row["cpu_us_per_call"] = (agent.cpu() - cpu) / calls * 1e6
        row["bytes_per_call"] = (agent.written() - written) / calls
        row["rate_of_straight"] = row["rate"] / straight["rate"]
        rig.end(agent)
        result[name] = row
    return result


def forwarded(rig, agent, count, seconds):
    """Messages that are each an action: from the first one sent to the last one answered."""
    before, cpu = agent.received(), agent.cpu()
    began = time.monotonic()
    rig.load(count, qos=1, hot_every=1)
    wait_received(agent, before + count, seconds)
    while agent.status()["outbox"]["entries"] > 0 and time.monotonic() < began + seconds:
        time.sleep(0.05)
    took = time.monotonic() - began
    return {"rate": count / took, "cpu_us_per_record": (agent.cpu() - cpu) / count * 1e6}


def forward(rig, binaries, quick):
    """From the broker to the answer, beside posting straight: four connections, and forty to a side that takes 50 ms."""
    count, connections = (2_000, 4) if quick else (20_000, 4)
    path, body = "/api/v1/namespaces/default/workflows/straight-", '{"workflowType":{"name":"W"},"taskQueue":{"name":"bench"}}'
    result = {"straight": rig.call(rig.sink.port, path, "", count, connections, body)}
    sides = {"": rig.sink.port}
    if os.environ.get("SUNDIAL_TEMPORAL"):
        temporal = rig.temporal(os.environ["SUNDIAL_TEMPORAL"])
        sides["_temporal"] = temporal.port
        count_there = count // 10
        result["straight_temporal"] = rig.call(temporal.port, path, "", count_there, connections, body)
    for name, binary in binaries.items():
        for side, port in sides.items():
            agent = rig.agent(binary, config(rig, FILTER, 1).replace(f":{rig.sink.port}", f":{port}"))
            rig.sink.begin()
            row = forwarded(rig, agent, count_there if side else count, 300)
            rig.end(agent)
            result[name + side] = row | {"rate_of_straight": row["rate"] / result["straight" + side]["rate"]}
        agent = rig.agent(binary, config(rig, FILTER, 1).replace("[temporal]", "[temporal]\nmax_connections = 40"))
        rig.sink.begin(50)
        result[name + "_50ms"] = forwarded(rig, agent, count, 300)
        rig.sink.begin()
        rig.end(agent)
    return result


def start(rig, binaries, quick):
    """From exec to the last SUBACK; the agent without and with a state to come back to."""
    floors = []
    for _ in range(3 if quick else 20):
        floor = rig.floor(1)
        floors.append(floor.start_seconds * 1000)
        rig.end(floor)
    result = {"floor": {"median_ms": statistics.median(floors)}}
    for name, binary in binaries.items():
        seconds = []
        for i in range(5 if quick else 20):
            agent = rig.agent(binary, config(rig, FILTER, 1), fresh=i == 0)
            seconds.append(agent.start_seconds * 1000)
            rig.end(agent, signal.SIGKILL)
        result[name] = {"median_ms": statistics.median(seconds), "first_ms": seconds[0]}
    return result


def at_rest(process, seconds):
    cpu, wakes, written = process.cpu(), process.switches(), process.written()
    time.sleep(seconds)
    return {"wakes_per_second": (process.switches() - wakes) / seconds,
            "core_percent": (process.cpu() - cpu) / seconds * 100,
            "bytes_written": process.written() - written, "rss_mb": process.memory()}


def idle(rig, binaries, quick):
    """Connected, and nothing happens."""
    seconds = 15 if quick else 120
    floor = rig.floor(1)
    result = {"floor": at_rest(floor, seconds)}
    rig.end(floor)
    for name, binary in binaries.items():
        agent = rig.agent(binary, config(rig, FILTER, 1))
        time.sleep(4)
        result[name] = at_rest(agent, seconds)
        rig.end(agent)
    return result


def keys(rig, binaries, quick):
    """100,000 keys of five aggregates each."""
    count, result = 100_000, {}
    for name, binary in binaries.items():
        agent = rig.agent(binary, config(rig, KEYS, 1, size="256MiB"))
        rig.load(count, qos=1, devices=count)
        wait_received(agent, count)
        time.sleep(3)
        result[name] = {"rss_mb": agent.memory(), "peak_mb": agent.memory("VmHWM")}
        rig.end(agent, signal.SIGKILL)
        agent = rig.agent(binary, config(rig, KEYS, 1, size="256MiB"), fresh=False)
        result[name]["start_again_ms"] = agent.start_seconds * 1000
        rig.end(agent)
    return result


def schedules(rig, binaries, quick):
    count, result = 10_000, {}
    body = "".join(f'[schedule.s{i}]\ncron = "{i % 60} {i // 60 % 24} {i % 28 + 1} * *"\n'
                   'start = {{ workflow = "Job", args = [] }}\n' for i in range(count))
    for name, binary in binaries.items():
        agent = rig.agent(binary, config(rig, body, broker=False), subscribes=False)
        time.sleep(3)
        result[name] = {"start_ms": agent.start_seconds * 1000} | at_rest(agent, 10 if quick else 60)
        rig.end(agent)
    return result


def lateness(rig, binaries, quick):
    """A hundred schedules each second: from the due time to the end of the commit, by the agent's own histogram."""
    result = {}
    body = "".join(f'[schedule.s{i}]\ncron = "* * * * * *"\noverlap = "allow_all"\n'
                   'start = {{ workflow = "Job", args = ["{{schedule.time}}"] }}\n' for i in range(100))
    for name, binary in binaries.items():
        agent = rig.agent(binary, config(rig, body, broker=False, sync="always"), subscribes=False)
        time.sleep(20 if quick else 120)
        found = re.findall(r'schedule_lateness_seconds_bucket\{le="([^"]+)"\} (\d+)', agent.get("/metrics"))
        fires = int(found[-1][1])
        shares = {float(bound): int(below) / max(fires, 1) for bound, below in found}
        result[name] = {"fires": fires, "within_5_ms_percent": shares[0.005] * 100,
                        "p50_below_ms": min(bound for bound, share in shares.items() if share >= 0.5) * 1000,
                        "p99_below_ms": min(bound for bound, share in shares.items() if share >= 0.99) * 1000}
        rig.end(agent)
    return result


def backlog(rig, binaries, quick):
    """Records that wait while Temporal does not answer: memory, a start with them, and how fast they drain."""
    count, result = 30_000 if quick else 1_000_000, {}
    for name, binary in binaries.items():
        body = FILTER.replace("args = [\"{{payload}}\"]", "args = [1]")
        away = config(rig, body, 1, size="2GiB").replace(f":{rig.sink.port}", ":9")
        agent = rig.agent(binary, away)
        rig.load(count, qos=1, hot_every=1)
        wait_received(agent, count, 3600)
        # What was received waits in the journal first: the loop makes records of it in groups.
        row = {"records": wait_received(agent, count, 3600, counted=lambda: agent.status()["outbox"]["entries"])}
        row["peak_mb"] = agent.memory("VmHWM")
        rig.end(agent, signal.SIGKILL)
        rig.sink.begin()
        agent = rig.agent(binary, away.replace(":9\"", f":{rig.sink.port}\""), fresh=False)
        began, wanted = time.monotonic(), min(count, 20_000)
        row["start_ms"] = agent.start_seconds * 1000
        done = rig.sink.wait_for(wanted, 120)["requests"]
        row["drained_per_second"] = done / (time.monotonic() - began)
        row["draining_mb"] = agent.memory()
        rig.end(agent, signal.SIGKILL)
        result[name] = row
    return result


WORKLOADS = {
    "w1-qos0": lambda rig, binaries, quick: w1(rig, binaries, quick, 0),
    "w1-qos1": lambda rig, binaries, quick: w1(rig, binaries, quick, 1),
    "w2": w2,
    "w4": w4,
    "w4-qos1": lambda rig, binaries, quick: w4(rig, binaries, quick, 1),
    "w5": w5,
    "latency": latency,
    "durable": durable,
    "forward": forward,
    "trigger": trigger,
    "start": start,
    "idle": idle,
    "keys": keys,
    "schedules": schedules,
    "lateness": lateness,
    "backlog": backlog,
}

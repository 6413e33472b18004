"""One site for the tests of Temporal's patterns: server, worker, broker and agent, started once for all of them."""
import atexit
import uuid

from site_of_tests import Site
from support import free_port

CONFIG = """
[device]
name = "site"
[temporal]
address = "http://127.0.0.1:<temporal>"
signals_per_second = 0
[mqtt]
url = "mqtt://127.0.0.1:<broker>"
[log]
format = "json"

# a window's list goes to parallel activities
[rule.batch]
topic = "batch/{device}"
window = { count = 5, timeout = "20s" }
collect = { values = "list(payload.value)" }
start = { workflow = "ParallelReadings", id = "batch-{topic.device}", args = ["{window.values}"] }

# cancel from a rule
[rule.switched-off]
topic = "off/{workflow}"
cancel = { id = "{topic.workflow}", reason = "{payload.why}" }

# signals by workflow id, whichever run there is
[rule.count]
topic = "count/{workflow}"
signal = { id = "{topic.workflow}", name = "reading", args = ["{payload}"] }

# one workflow for each device, for its whole life
[rule.entity]
topic = "entity/{device}"
signal_with_start = { workflow = "DeviceEntity", id = "entity-{topic.device}", start_args = ["{topic.device}"], name = "reading", args = ["{payload}"] }

# a button approves or rejects
[rule.approve]
topic = "button/{workflow}"
when = "payload == 'short'"
signal = { id = "{topic.workflow}", name = "approve", args = ["by the button"] }
[rule.reject]
topic = "button/{workflow}"
when = "payload == 'long'"
signal = { id = "{topic.workflow}", name = "reject", args = ["by the button"] }

# the device as an activity: the command goes out, its replies come back
[rule.command]
topic = "ask/{device}"
publish = { topic = "devices/{topic.device}/command", payload = "{payload}", qos = 1 }
[rule.reply]
topic = "devices/{device}/reply"
when = "payload.state == 'done'"
complete = { workflow_id = "{payload.workflow_id}", activity_id = "{payload.activity_id}", result = "{payload.result}" }
[rule.busy]
topic = "devices/{device}/reply"
when = "payload.state == 'busy'"
heartbeat = { workflow_id = "{payload.workflow_id}", activity_id = "{payload.activity_id}", details = "{payload.progress}" }
[rule.broken]
topic = "devices/{device}/reply"
when = "payload.state == 'broken'"
fail = { workflow_id = "{payload.workflow_id}", activity_id = "{payload.activity_id}", failure = { message = "{payload.why}", type = "DeviceBroken", non_retryable = true } }

# a trace goes through to the activity
[rule.traced]
topic = "traced/{device}"
start = { workflow = "Overheat", id = "traced-{topic.device}", args = ["{payload}"] }

[webhook.hooked]
secret_file = "<folder>/hook.secret"
[rule.hooked]
webhook = "hooked"
start = { workflow = "Overheat", id = "hooked-{payload.id}", args = ["{payload}"] }

[schedule.health]
every = "1d"
paused = true
start = { workflow = "DeviceHealth", args = [{ device = "{device.name}", due = "{schedule.time}" }] }
"""

_site = None


def site():
    """The one site of this process, gone at its end."""
    global _site
    if _site is None:
        agent, metrics = free_port(), free_port()
        _site = Site(CONFIG, agent_port=agent, worker_env={
            "LOG_LEVEL": "INFO", "WORKER_AGENT": f"http://127.0.0.1:{agent}", "WORKER_METRICS": f"127.0.0.1:{metrics}"})
        _site.metrics_port = metrics
        atexit.register(_site.stop)
    return _site


def fresh(name):
    return f"{name}-{uuid.uuid4().hex[:8]}"

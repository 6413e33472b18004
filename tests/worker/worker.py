"""The sample worker: runs every workflow and activity that the registry finds, on their task queues."""
from __future__ import annotations

import asyncio
import os
import signal
import sys
from datetime import timedelta
from pathlib import Path
from typing import Sequence

from temporalio.client import Client
from temporalio.worker import Worker

sys.path.insert(0, str(Path(__file__).resolve().parent))

import connection  # noqa: E402
import registry  # noqa: E402
import telemetry  # noqa: E402

GRACE = timedelta(seconds=10)  # for activities that run when the worker is told to stop


async def run() -> None:
    telemetry.set_up_logging(os.environ.get("LOG_LEVEL", "WARNING"))
    settings = connection.Settings.from_environment()
    print(settings.summary(), flush=True)
    client = await connection.connect(settings, [telemetry.tracing()])
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)
    await serve(client, registry.queues(settings.task_queue), stop)


def make_workers(client: Client, queues: Sequence[registry.Queue]) -> list[Worker]:
    found = registry.discover()
    return [
        Worker(client, task_queue=queue.name, workflows=found.workflows, activities=found.activities,
               max_concurrent_activities=queue.concurrent_activities, graceful_shutdown_timeout=GRACE,
               interceptors=[telemetry.ActivityMetrics()])
        for queue in queues
    ]


async def serve(client: Client, queues: Sequence[registry.Queue], stop: asyncio.Event) -> None:
    """Until `stop`, or until a worker fails; what runs then is given time to end."""
    found = registry.discover()
    workers = make_workers(client, queues)
    running = [asyncio.create_task(worker.run()) for worker in workers]
    print(f"worker is ready: {len(found.workflows)} workflows, {len(found.activities)} activities on "
          + ", ".join(f"{queue.name} ({queue.concurrent_activities} at once)" for queue in queues), flush=True)
    waiting = asyncio.create_task(stop.wait())
    await asyncio.wait([waiting, *running], return_when=asyncio.FIRST_COMPLETED)
    waiting.cancel()
    print("worker is stopping", flush=True)
    await asyncio.gather(*(worker.shutdown() for worker in workers))
    await asyncio.gather(*running)
    print("worker has stopped", flush=True)


def main() -> int:
    try:
        asyncio.run(run())
        return 0
    except connection.NotReachable as problem:
        print(problem, file=sys.stderr)
        return 69
    except connection.Misconfigured as problem:
        print(problem, file=sys.stderr)
        return 78


if __name__ == "__main__":
    status = main()
    sys.stdout.flush()
    sys.stderr.flush()
    # Not sys.exit: after a failed connection a thread of the SDK may still end, and then abort an interpreter that ends.
    os._exit(status)

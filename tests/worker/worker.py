"""The sample worker: runs every workflow and activity that the registry finds, on their task queues."""
import asyncio
import logging
import os
import signal
import sys
from pathlib import Path

from temporalio.client import Client
from temporalio.worker import Worker

sys.path.insert(0, str(Path(__file__).resolve().parent))

import connection  # noqa: E402
import registry  # noqa: E402


async def run() -> None:
    logging.basicConfig(level=os.environ.get("LOG_LEVEL", "WARNING"), format="%(levelname)s %(name)s: %(message)s")
    settings = connection.Settings.from_environment()
    print(settings.summary(), flush=True)
    client = await connection.connect(settings)
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)
    await serve(client, stop)


async def serve(client: Client, stop: asyncio.Event) -> None:
    found = registry.discover()
    workers = [
        Worker(client, task_queue=queue.name, workflows=found.workflows, activities=found.activities,
               max_concurrent_activities=queue.concurrent_activities)
        for queue in registry.QUEUES
    ]
    running = [asyncio.create_task(worker.run()) for worker in workers]
    print(f"worker is ready: {len(found.workflows)} workflows, {len(found.activities)} activities on "
          + ", ".join(queue.name for queue in registry.QUEUES), flush=True)
    waiting = asyncio.create_task(stop.wait())
    done, _ = await asyncio.wait([waiting, *running], return_when=asyncio.FIRST_COMPLETED)
    await asyncio.gather(*(worker.shutdown() for worker in workers))
    waiting.cancel()
    for task in done:
        task.result()
    print("worker has stopped", flush=True)


if __name__ == "__main__":
    try:
        asyncio.run(run())
    except connection.NotReachable as problem:
        print(problem, file=sys.stderr)
        sys.exit(69)

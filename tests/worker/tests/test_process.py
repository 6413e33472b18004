"""The worker as a program: it ends in order when it is told to, and says why where it can't begin."""
from __future__ import annotations

import asyncio
import os
import signal
import sys
import unittest
import uuid
from pathlib import Path

from temporalio.client import Client, WorkflowHandle
from temporalio.testing import WorkflowEnvironment

PROGRAM = Path(__file__).resolve().parent.parent / "worker.py"


async def started(**environment: str) -> asyncio.subprocess.Process:
    return await asyncio.create_subprocess_exec(
        sys.executable, "-u", str(PROGRAM), env={**os.environ, **environment},
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT)


async def said(process: asyncio.subprocess.Process, word: str) -> str:
    """What it prints, up to the line with `word`."""
    assert process.stdout
    text = ""
    while word not in text:
        line = (await asyncio.wait_for(process.stdout.readline(), 180)).decode()
        if not line:
            raise AssertionError(f"it ended without saying '{word}': {text}")
        text += line
    return text


async def until_it_runs(workflow: WorkflowHandle[object, object]) -> None:
    while not any(one.last_started_time.seconds for one in (await workflow.describe()).raw_description.pending_activities):
        await asyncio.sleep(0.05)


class Process(unittest.IsolatedAsyncioTestCase):
    async def ends_in_order(self, client: Client, number: signal.Signals) -> None:
        process = await started(TEMPORAL_ADDRESS=client.service_client.config.target_host)
        summary = await said(process, "worker is ready")
        self.assertIn("namespace default, no TLS, no API key", summary)
        self.assertRegex(summary, r"\d+ workflows, \d+ activities on sundial \(100 at once\).*processing \(10 at once\)")
        workflow = await client.start_workflow("LongActivity", 20, id=str(uuid.uuid4()), task_queue="processing")
        await asyncio.wait_for(until_it_runs(workflow), 180)
        process.send_signal(number)
        await said(process, "worker has stopped")
        self.assertEqual(await asyncio.wait_for(process.wait(), 180), 0)
        # Its activity ran to the end; the workflow goes on with the next worker.
        ended = [event.activity_task_completed_event_attributes.result.payloads[0].data
                 async for event in workflow.fetch_history_events()
                 if event.HasField("activity_task_completed_event_attributes")]
        self.assertEqual(ended, [b'"20 steps"'])

    async def test_it_ends_in_order(self) -> None:
        async with await WorkflowEnvironment.start_local(dev_server_existing_path=os.environ["SUNDIAL_TEMPORAL"]) as environment:
            for number in (signal.SIGINT, signal.SIGTERM):
                with self.subTest(number.name):
                    await self.ends_in_order(environment.client, number)

    async def test_it_says_why_it_can_not_begin(self) -> None:
        for status, reason, environment in (
            (69, "no Temporal server answers at 127.0.0.1:1", {"TEMPORAL_ADDRESS": "127.0.0.1:1"}),
            (78, "is no gRPC address", {"TEMPORAL_ADDRESS": "http://127.0.0.1:7243"}),
        ):
            process = await started(**environment)
            output, _ = await asyncio.wait_for(process.communicate(), 180)
            self.assertEqual(process.returncode, status)
            self.assertIn(reason, output.decode())


if __name__ == "__main__":
    unittest.main()

"""The lab's CronWorkflow: five messages, a stop, or 30 seconds, whichever comes first."""
from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from activities.readings import process_batch

ENOUGH = 5
PATIENCE = timedelta(seconds=30)
FULL = 10
SOON = timedelta(seconds=10)


@workflow.defn
class CronWorkflow:
    def __init__(self) -> None:
        self.messages: list[Any] = []
        self.stopped = False

    @workflow.run
    async def run(self, task_name: str) -> dict[str, Any]:
        try:
            await workflow.wait_condition(lambda: self.stopped or len(self.messages) >= ENOUGH, timeout=PATIENCE)
        except asyncio.TimeoutError:
            pass  # what has come until then is the result
        return {
            "task": task_name,
            "messages_processed": len(self.messages),
            "messages": self.messages,
            "completed_at": workflow.now().isoformat(),
        }

    @workflow.signal
    def add_message(self, message: Any) -> None:
        self.messages.append(message)

    @workflow.signal
    def stop_processing(self) -> None:
        self.stopped = True


@workflow.defn
class BatchWorkflow:
    """Processes messages in batches of ten, or of what came in five minutes, until it is stopped."""

    def __init__(self) -> None:
        self.waiting: list[Any] = []
        self.stopped = False

    @workflow.run
    async def run(self, task_name: str, patience_seconds: float = 300) -> dict[str, Any]:
        batches: list[int] = []
        while not self.stopped or self.waiting:
            try:
                await workflow.wait_condition(lambda: self.stopped or len(self.waiting) >= FULL,
                                              timeout=timedelta(seconds=patience_seconds))
            except asyncio.TimeoutError:
                pass  # a batch that is not full
            batch, self.waiting = self.waiting[:FULL], self.waiting[FULL:]
            if batch:
                batches.append(await workflow.execute_activity(process_batch, batch, start_to_close_timeout=SOON))
        return {"task": task_name, "batches": batches}

    @workflow.signal
    def add_message(self, message: Any) -> None:
        self.waiting.append(message)

    @workflow.signal
    def stop_processing(self) -> None:
        self.stopped = True

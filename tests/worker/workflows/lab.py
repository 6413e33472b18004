"""The lab's CronWorkflow: five messages, a stop, or 30 seconds, whichever comes first."""
from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any

from temporalio import workflow

ENOUGH = 5
PATIENCE = timedelta(seconds=30)


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

"""The greenhouse of the demo: an alert a hot sensor starts, a health check, a device that listens."""
from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any, Sequence

from temporalio import workflow
from temporalio.common import RawValue

with workflow.unsafe.imports_passed_through():
    from activities.devices import check_device, notify

SOON = timedelta(seconds=10)


@workflow.defn
class Overheat:
    """Tells somebody about one reading that was too hot."""

    @workflow.run
    async def run(self, reading: dict[str, Any]) -> dict[str, Any]:
        note = await workflow.execute_activity(
            notify, f"{reading.get('device', 'a sensor')} reads {reading.get('temperature')}",
            start_to_close_timeout=SOON)
        return {"alert": note, "temperature": reading.get("temperature")}


@workflow.defn
class DeviceHealth:
    """What the hourly schedule starts."""

    @workflow.run
    async def run(self, request: dict[str, Any]) -> dict[str, Any]:
        health = await workflow.execute_activity(check_device, request.get("device", ""), start_to_close_timeout=SOON)
        return {"device": request.get("device"), "due": request.get("due"), "health": health}


@workflow.defn
class DeviceWatch:
    """One long-running workflow a device: status and maintenance messages arrive as signals."""

    def __init__(self) -> None:
        self.seen: list[list[Any]] = []
        self.closed = False

    @workflow.run
    async def run(self, device: str) -> dict[str, Any]:
        try:
            await workflow.wait_condition(lambda: self.closed, timeout=timedelta(days=7))
        except asyncio.TimeoutError:
            pass
        return {"device": device, "events": self.seen}

    @workflow.signal(dynamic=True)
    def on_event(self, name: str, args: Sequence[RawValue]) -> None:
        self.seen.append([name, *workflow.payload_converter().from_payloads([arg.payload for arg in args])])
        self.closed = self.closed or name == "close"

    @workflow.query
    def events(self) -> list[list[Any]]:
        return self.seen


@workflow.defn
class Batch:
    """Takes a window's readings at once."""

    @workflow.run
    async def run(self, readings: list[Any]) -> dict[str, Any]:
        return {"count": len(readings), "readings": readings}

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


def first_of(reading: dict[str, Any], *names: str) -> Any:
    return next((reading[name] for name in names if name in reading), None)


@workflow.defn
class Overheat:
    """Tells somebody about one reading that was too hot, whatever its sender calls place and value."""

    @workflow.run
    async def run(self, reading: dict[str, Any]) -> dict[str, Any]:
        place, value = first_of(reading, "device", "bed", "box"), first_of(reading, "temperature", "celsius")
        note = await workflow.execute_activity(notify, f"{place or 'a sensor'} reads {value}", start_to_close_timeout=SOON)
        return {"alert": note, "temperature": value}


@workflow.defn
class ShedLoad:
    """What an energy meter's rule starts: the mean of its last quarter of an hour is too high."""

    @workflow.run
    async def run(self, load: dict[str, Any]) -> str:
        return await workflow.execute_activity(
            notify, f"{load['meter']} had {load['mean']} W in the mean until {load['until']}", start_to_close_timeout=SOON)


@workflow.defn
class Report:
    """What a fleet's schedule starts once a night on each device."""

    @workflow.run
    async def run(self, device: str) -> str:
        return await workflow.execute_activity(notify, f"{device} reports", start_to_close_timeout=SOON)


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

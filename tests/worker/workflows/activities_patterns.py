"""Ways of calling activities: chosen by input, in parallel, local, long, repeated, with a fallback."""
from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any

from temporalio import workflow
from temporalio.common import RetryPolicy
from temporalio.exceptions import ActivityError

with workflow.unsafe.imports_passed_through():
    from activities import readings

SOON = timedelta(seconds=10)
ONCE = RetryPolicy(maximum_attempts=1)


@workflow.defn
class ReadingByKind:
    """Which activity runs is chosen by the sensor's kind; several readings run at once."""

    @workflow.run
    async def run(self, reading: dict[str, Any] | list[dict[str, Any]]) -> Any:
        if isinstance(reading, list):
            return await asyncio.gather(*(self.handle(one) for one in reading))
        return await self.handle(reading)

    @staticmethod
    async def handle(reading: dict[str, Any]) -> Any:
        chosen = readings.BY_KIND.get(reading["kind"], readings.unknown_kind)
        return await workflow.execute_activity(chosen, reading, start_to_close_timeout=SOON)


@workflow.defn
class ParallelReadings:
    """One activity a reading of the batch, gathered, with totals."""

    @workflow.run
    async def run(self, batch: list[float]) -> dict[str, Any]:
        doubled = await asyncio.gather(*(
            workflow.execute_activity(readings.double, value, start_to_close_timeout=SOON) for value in batch))
        return {"count": len(doubled), "total": sum(doubled)}


@workflow.defn
class LocalActivity:
    @workflow.run
    async def run(self, value: float) -> float:
        return await workflow.execute_local_activity(readings.double, value, start_to_close_timeout=SOON)


@workflow.defn
class Fallback:
    """When the first activity fails for good, another one answers."""

    @workflow.run
    async def run(self, reading: dict[str, Any]) -> str:
        try:
            return await workflow.execute_activity(readings.fragile, reading, start_to_close_timeout=SOON, retry_policy=ONCE)
        except ActivityError:
            return await workflow.execute_activity(readings.sturdy, reading, start_to_close_timeout=SOON)


@workflow.defn
class Idempotent:
    """A second call with the same key says that it is already done."""

    @workflow.run
    async def run(self, key: str) -> list[str]:
        return [await workflow.execute_activity(readings.once_only, key, start_to_close_timeout=SOON) for _ in range(2)]


@workflow.defn
class LongActivity:
    """A long activity that tells by heartbeats how far it is."""

    @workflow.run
    async def run(self, steps: int) -> str:
        return await workflow.execute_activity(readings.long_work, steps, activity_id="long-work",
                                               start_to_close_timeout=timedelta(minutes=5),
                                               heartbeat_timeout=timedelta(seconds=5))


@workflow.defn
class FrequentPolling:
    """The activity itself asks again and again, with heartbeats."""

    @workflow.run
    async def run(self, name: str) -> str:
        return await workflow.execute_activity(readings.poll_until_ready, name, start_to_close_timeout=timedelta(minutes=1),
                                               heartbeat_timeout=timedelta(seconds=5))


@workflow.defn
class InfrequentPolling:
    """The activity fails until the thing is ready; the server's retries are the polling."""

    @workflow.run
    async def run(self, name: str) -> str:
        return await workflow.execute_activity(
            readings.ready_or_fail, name, start_to_close_timeout=SOON,
            retry_policy=RetryPolicy(initial_interval=timedelta(seconds=1), backoff_coefficient=1.0))


@workflow.defn
class Failing:
    """Ends as it is told: after retries, or at once, with the cause."""

    @workflow.run
    async def run(self, request: dict[str, Any]) -> str:
        return await workflow.execute_activity(
            readings.fail_as_told, request, start_to_close_timeout=SOON,
            retry_policy=RetryPolicy(initial_interval=timedelta(milliseconds=50), maximum_attempts=3))

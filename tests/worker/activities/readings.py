"""Activities over readings, for the patterns of calling activities."""
from __future__ import annotations

import asyncio
from typing import Any

from temporalio import activity
from temporalio.exceptions import ApplicationError

done_keys: set[str] = set()


@activity.defn
async def celsius(reading: dict[str, Any]) -> dict[str, Any]:
    return {"kind": "temperature", "text": f"{reading['value']} °C"}


@activity.defn
async def percent(reading: dict[str, Any]) -> dict[str, Any]:
    return {"kind": "humidity", "text": f"{reading['value']} %"}


@activity.defn
async def unknown_kind(reading: dict[str, Any]) -> dict[str, Any]:
    return {"kind": reading["kind"], "text": "unknown"}


BY_KIND = {"temperature": celsius, "humidity": percent}


@activity.defn
async def double(value: float) -> float:
    return value * 2


@activity.defn
async def fragile(reading: dict[str, Any]) -> str:
    raise ApplicationError("the fast way is closed", type="Closed")


@activity.defn
async def sturdy(reading: dict[str, Any]) -> str:
    return "by the slow way"


@activity.defn
async def once_only(key: str) -> str:
    if key in done_keys:
        return "already done"
    done_keys.add(key)
    return "done"


@activity.defn
async def long_work(steps: int) -> str:
    for step in range(steps):
        activity.heartbeat({"step": step})
        await asyncio.sleep(0.2)
    return f"{steps} steps"


@activity.defn
async def poll_until_ready(name: str) -> str:
    for asked in range(1, 4):
        activity.heartbeat(asked)
        await asyncio.sleep(0.1)
    return f"{name} is ready"


@activity.defn
async def ready_or_fail(name: str) -> str:
    if activity.info().attempt < 3:
        raise ApplicationError(f"{name} is not ready")
    return f"{name} is ready"


@activity.defn
async def fail_as_told(request: dict[str, Any]) -> str:
    attempt = activity.info().attempt
    if attempt < request.get("succeed_at", 99):
        raise ApplicationError(f"attempt {attempt} failed", type=request.get("type", "Told"),
                               non_retryable=request.get("final", False))
    return f"attempt {attempt} succeeded"


@activity.defn
async def process_batch(batch: list[Any]) -> int:
    return len(batch)

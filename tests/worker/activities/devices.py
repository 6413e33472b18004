"""Activities about devices; real ones would send mail or call a service."""
from __future__ import annotations

from temporalio import activity


@activity.defn
async def notify(text: str) -> str:
    activity.logger.info("notify: %s", text)
    return f"notified: {text}"


@activity.defn
async def check_device(device: str) -> str:
    return "healthy" if device else "unknown device"

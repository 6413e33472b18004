"""Activities about devices; real ones would send mail or call a service."""
from __future__ import annotations

from typing import Any

from temporalio import activity


@activity.defn
async def notify(text: str) -> str:
    activity.logger.info("notify: %s", text)
    return f"notified: {text}"


@activity.defn
async def check_device(device: str) -> str:
    return "healthy" if device else "unknown device"


@activity.defn
async def ask_device(command: dict[str, Any]) -> Any:
    """Hands the command over and is completed from outside, by workflow and activity id."""
    activity.raise_complete_async()


@activity.defn
async def scrape(config: dict[str, Any]) -> list[dict[str, Any]]:
    return [{"error": f"{source} did not answer"} if source.startswith("bad") else {"source": source}
            for source in config.get("sources", [])]


@activity.defn
async def deploy(count: int) -> bool:
    activity.logger.info("deployed %d events", count)
    return True

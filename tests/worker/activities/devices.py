"""Activities about devices; real ones would send mail or call a service."""
from __future__ import annotations

import asyncio
import json
import os
import urllib.request
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
    """Hands the command over to the agent, whose rules send it on and complete this activity from outside."""
    agent = os.environ.get("WORKER_AGENT")
    if agent:
        info = activity.info()
        payload = {"workflow_id": info.workflow_id, "activity_id": info.activity_id, **command}
        await asyncio.to_thread(post, f"{agent}/api/v1/messages", {"topic": f"ask/{command['device']}", "payload": payload})
    activity.raise_complete_async()


def post(url: str, body: dict[str, Any]) -> None:
    request = urllib.request.Request(url, json.dumps(body).encode(), {"Content-Type": "application/json"})
    urllib.request.urlopen(request, timeout=10).close()


@activity.defn
async def scrape(config: dict[str, Any]) -> list[dict[str, Any]]:
    await asyncio.sleep(config.get("slow_seconds", 0))
    return [{"error": f"{source} did not answer"} if source.startswith("bad") else {"source": source}
            for source in config.get("sources", [])]


@activity.defn
async def deploy(count: int) -> bool:
    activity.logger.info("deployed %d events", count)
    return True

"""Ways for a workflow to live: long, anew, with children, with timers, cancelled, waiting for people or devices."""
from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any

from temporalio import workflow
from temporalio.common import RetryPolicy
from temporalio.exceptions import ActivityError, ApplicationError, TimeoutError

with workflow.unsafe.imports_passed_through():
    from activities import devices

SOON = timedelta(seconds=10)


@workflow.defn
class ReadingCounter:
    """Counts readings for ever: continues as new before its history grows long, and loses none."""

    def __init__(self) -> None:
        self.count = 0
        self.since = 0
        self.finished = False

    @workflow.run
    async def run(self, start: dict[str, Any]) -> dict[str, Any]:
        self.count += start.get("count", 0)
        await workflow.wait_condition(lambda: self.finished or self.since >= start.get("each_run", 100))
        await workflow.wait_condition(workflow.all_handlers_finished)
        if self.finished:
            return {"count": self.count}
        workflow.continue_as_new({"count": self.count, "each_run": start.get("each_run", 100)})

    @workflow.signal
    def reading(self, _: Any) -> None:
        self.count += 1
        self.since += 1

    @workflow.signal
    def finish(self) -> None:
        self.finished = True

    @workflow.query
    def total(self) -> int:
        return self.count


@workflow.defn
class DeviceEntity:
    """One workflow for the whole life of a device: signals tell, queries ask, updates change."""

    @workflow.init
    def __init__(self, device: str, state: dict[str, Any] | None = None) -> None:
        self.readings: int = (state or {}).get("readings", 0)
        self.last: Any = (state or {}).get("last")
        self.threshold: float = (state or {}).get("threshold", 80.0)
        self.retired = False

    @workflow.run
    async def run(self, device: str, state: dict[str, Any] | None = None) -> dict[str, Any]:
        await workflow.wait_condition(lambda: self.retired or workflow.info().is_continue_as_new_suggested())
        await workflow.wait_condition(workflow.all_handlers_finished)
        if not self.retired:
            workflow.continue_as_new(args=[device, {"readings": self.readings, "last": self.last, "threshold": self.threshold}])
        return {"device": device, "readings": self.readings, "threshold": self.threshold}

    @workflow.signal
    def reading(self, value: Any) -> None:
        self.readings += 1
        self.last = value

    @workflow.signal
    def retire(self) -> None:
        self.retired = True

    @workflow.query
    def latest(self) -> Any:
        return self.last

    @workflow.update
    def set_threshold(self, value: float) -> float:
        before, self.threshold = self.threshold, value
        return before

    @set_threshold.validator
    def check_threshold(self, value: float) -> None:
        if value <= 0:
            raise ApplicationError("a threshold is above zero")


@workflow.defn
class CleanUp:
    """Cancelled, it tidies up before it ends."""

    @workflow.run
    async def run(self, device: str) -> str:
        try:
            await workflow.wait_condition(lambda: False)
        except asyncio.CancelledError:
            await asyncio.shield(workflow.execute_activity(
                devices.notify, f"{device} was switched off", start_to_close_timeout=SOON))
            raise
        return "never"


@workflow.defn
class RecurringTimers:
    """Several timers at once: whichever is due first notifies and is armed again."""

    def __init__(self) -> None:
        self.fired: list[str] = []

    @workflow.run
    async def run(self, timers: dict[str, float]) -> list[str]:
        async def recur(name: str, seconds: float) -> None:
            while len(self.fired) < 5:
                await asyncio.sleep(seconds)
                self.fired.append(name)
                await workflow.execute_activity(devices.notify, f"{name} is due", start_to_close_timeout=SOON)

        running = [asyncio.create_task(recur(name, seconds)) for name, seconds in sorted(timers.items())]
        await workflow.wait_condition(lambda: len(self.fired) >= 5)
        for task in running:
            task.cancel()
        return self.fired[:5]


@workflow.defn
class TimerOrSignal:
    """A timer against a signal: the first one wins."""

    def __init__(self) -> None:
        self.beaten_by: str | None = None

    @workflow.run
    async def run(self, seconds: float) -> str:
        try:
            await workflow.wait_condition(lambda: self.beaten_by is not None, timeout=timedelta(seconds=seconds))
        except asyncio.TimeoutError:
            return "timer"
        return f"signal: {self.beaten_by}"

    @workflow.signal
    def beat(self, who: str) -> None:
        self.beaten_by = who


@workflow.defn
class Child:
    @workflow.run
    async def run(self, name: str) -> str:
        return f"hello from {name}"


@workflow.defn
class LastingChild:
    """Outlives its parent."""

    @workflow.run
    async def run(self, seconds: float) -> str:
        await asyncio.sleep(seconds)
        return "still here"


@workflow.defn
class Parent:
    @workflow.run
    async def run(self, names: list[str]) -> list[str]:
        own = workflow.info().workflow_id
        return list(await asyncio.gather(*(
            workflow.execute_child_workflow(Child.run, name, id=f"{own}-{name}") for name in names)))


@workflow.defn
class ParentOfLasting:
    @workflow.run
    async def run(self, seconds: float) -> str:
        child = f"{workflow.info().workflow_id}-child"
        await workflow.start_child_workflow(LastingChild.run, seconds, id=child,
                                            parent_close_policy=workflow.ParentClosePolicy.ABANDON)
        return child


@workflow.defn
class Coordinator:
    """Starts children and passes every message on to all of them."""

    def __init__(self) -> None:
        self.messages: list[Any] = []

    @workflow.run
    async def run(self, request: dict[str, Any]) -> dict[str, Any]:
        own = workflow.info().workflow_id
        children = [await workflow.start_child_workflow("CronWorkflow", f"part {n}", id=f"{own}-{n}")
                    for n in range(request.get("children", 2))]
        sent = 0
        while sent < request.get("messages", 5):
            await workflow.wait_condition(lambda: len(self.messages) > sent)
            for child in children:
                await child.signal("add_message", self.messages[sent])
            sent += 1
        results = await asyncio.gather(*children)
        return {"children": len(children), "messages": [result["messages_processed"] for result in results]}

    @workflow.signal
    def add_message(self, message: Any) -> None:
        self.messages.append(message)


@workflow.defn
class Approval:
    """Waits up to seven days for a person, a button or an update."""

    def __init__(self) -> None:
        self.decision: dict[str, Any] | None = None

    @workflow.run
    async def run(self, request: str) -> dict[str, Any]:
        try:
            await workflow.wait_condition(lambda: self.decision is not None, timeout=timedelta(days=7))
        except asyncio.TimeoutError:
            return {"request": request, "status": "expired"}
        assert self.decision is not None
        return {"request": request, **self.decision}

    @workflow.signal
    def approve(self, comment: str) -> None:
        self.decision = self.decision or {"status": "approved", "comment": comment}

    @workflow.signal
    def reject(self, comment: str) -> None:
        self.decision = self.decision or {"status": "rejected", "comment": comment}

    @workflow.update
    async def decide(self, approved: bool) -> str:
        self.decision = self.decision or {"status": "approved" if approved else "rejected", "comment": "by update"}
        return str(self.decision["status"])

    @workflow.query
    def status(self) -> str:
        return str(self.decision["status"]) if self.decision else "waiting"


@workflow.defn
class DeviceCommand:
    """The device as an activity: what waits here is completed, kept alive or failed by the agent."""

    @workflow.run
    async def run(self, command: dict[str, Any]) -> dict[str, Any]:
        silence = command.get("silence")
        try:
            answer = await workflow.execute_activity(
                devices.ask_device, command, activity_id="command",
                start_to_close_timeout=timedelta(seconds=command.get("patience", 60)),
                heartbeat_timeout=timedelta(seconds=silence) if silence else None,
                retry_policy=RetryPolicy(maximum_attempts=1))
        except ActivityError as problem:
            return {"status": "failed", "reason": str(problem.cause), "kind": type(problem.cause).__name__}
        return {"status": "done", "answer": answer}


@workflow.defn
class Versioned:
    """Changed after it was in use: old runs keep their way, new ones take the new one."""

    @workflow.run
    async def run(self, device: str) -> str:
        if workflow.patched("greeting-names-device"):
            return f"hello {device}"
        return "hello"


@workflow.defn
class ScrapeAndDeploy:
    """Scrape, then deploy, with a time limit each; a partial success is told as one."""

    @workflow.run
    async def run(self, config: dict[str, Any]) -> dict[str, Any]:
        limit = timedelta(seconds=config.get("scrape_seconds", 600))
        try:
            events = await workflow.execute_activity(devices.scrape, config, start_to_close_timeout=limit,
                                                     retry_policy=RetryPolicy(maximum_attempts=2))
        except ActivityError as problem:
            reason = f"the scrape took longer than {limit}" if isinstance(problem.cause, TimeoutError) else str(problem.cause)
            return {"success": False, "message": reason, "events_count": 0, "errors": [reason], "deployed": False}
        errors = [event["error"] for event in events if "error" in event]
        deployed = False
        if config.get("deploy") and len(errors) < len(events):
            deployed = await workflow.execute_activity(devices.deploy, len(events), start_to_close_timeout=timedelta(minutes=5))
        good = len(events) - len(errors)
        return {"success": good > 0, "message": f"{good} of {len(events)} scraped", "events_count": good,
                "errors": errors, "deployed": deployed}

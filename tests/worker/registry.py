"""Finds workflows and activities in their folders, so that a new one is one new file."""
from __future__ import annotations

import importlib
import inspect
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any, Callable, Iterator

HERE = Path(__file__).resolve().parent


@dataclass(frozen=True)
class Queue:
    name: str
    concurrent_activities: int


# Task queues with their own limits: messages are many and light, processing is heavy.
QUEUES = [Queue("sundial", 100), Queue("lab6-queue", 100), Queue("greenhouse", 100), Queue("processing", 10)]


def queues(another: str | None) -> list[Queue]:
    """Those above, and the one that TEMPORAL_TASK_QUEUE names."""
    known = another is None or another in {queue.name for queue in QUEUES}
    return QUEUES if known else [*QUEUES, Queue(str(another), 100)]


@dataclass(frozen=True)
class Found:
    workflows: list[type]
    activities: list[Callable[..., Any]]


def modules(folder: str) -> Iterator[ModuleType]:
    for file in sorted((HERE / folder).glob("*.py")):
        if not file.name.startswith("_"):
            yield importlib.import_module(f"{folder}.{file.stem}")


def discover() -> Found:
    workflows = {
        thing.__qualname__: thing
        for module in modules("workflows")
        for thing in vars(module).values()
        if inspect.isclass(thing) and hasattr(thing, "__temporal_workflow_definition")
    }
    activities = {
        thing.__qualname__: thing
        for module in modules("activities")
        for thing in vars(module).values()
        if callable(thing) and hasattr(thing, "__temporal_activity_definition")
    }
    return Found(list(workflows.values()), list(activities.values()))

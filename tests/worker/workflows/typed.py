"""Typed payloads: pydantic checks what comes in, and writes what goes out."""
from __future__ import annotations

from datetime import datetime, timedelta

from pydantic import BaseModel, Field
from temporalio import workflow

LIMIT = 80.0


class Reading(BaseModel):
    device: str
    temperature: float
    taken: datetime
    tags: list[str] = Field(default_factory=list)


class Verdict(BaseModel):
    device: str
    too_hot: bool
    taken: datetime
    look_again: timedelta


@workflow.defn
class TypedReading:
    @workflow.run
    async def run(self, reading: Reading) -> Verdict:
        return Verdict(device=reading.device, too_hot=reading.temperature > LIMIT, taken=reading.taken,
                       look_again=timedelta(minutes=5))

"""What jobs publish, as typed classes: in `job.<id>`, and `job.changed` in the owner's own topic."""

from typing import Any, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict

from backend.jobs.schemas import JobOut, RowStatusName, StatusName

Level = Literal["info", "warning", "error"]


class Event(BaseModel):
    """The `data` of an event."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Progress(Event):
    """`progress`, at most about ten a second: totals, never less than before but by a retry.

    `rate` in rows a second, `eta_s` in seconds (null: not known), `cost` in the currency of the price list.
    """

    done: int
    failed: int
    total: int
    rate: float
    eta_s: float | None
    cost: float
    step: str


class RowEnded(Event):
    """`row`: how a row ended. `output` is its beginning, at most 200 characters; `GET jobs/{id}/rows` has it whole."""

    index: int
    status: RowStatusName
    model: str = ""
    output: str = ""
    error: dict[str, Any] | None = None
    cost: float | None = None


class Log(Event):
    """`log`: a sentence for people."""

    level: Level
    text: str


class StatusChanged(Event):
    """`status`: `reason` says why where there is something to say."""

    status: StatusName
    reason: str = ""
    error: dict[str, Any] | None = None


class JobSnapshot(Event):
    """The snapshot of `job.<id>`; `log` has the last lines, `wanted` is `pause` or `cancel` while that is under way."""

    status: StatusName
    reason: str
    error: dict[str, Any] | None
    wanted: str
    done: int
    failed: int
    total: int
    rate: float
    eta_s: float | None
    cost: float
    step: str
    log: list[Log]


class JobChanged(Event):
    """`job.changed`, in a person's topic: a job is new, or its status is another."""

    id: UUID
    change: Literal["created", "updated"]
    job: JobOut


EVENTS: dict[str, dict[str, type[Event]]] = {
    "job": {
        "progress": Progress,
        "row": RowEnded,
        "log": Log,
        "status": StatusChanged,
        "snapshot": JobSnapshot,
    },
    "user": {"job.changed": JobChanged},
}

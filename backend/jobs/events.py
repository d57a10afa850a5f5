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

    `rate` in rows a second, `eta_s` in seconds (null: not known), `cost` in the currency of the price list, tokens of
    the calls that it pays for.
    `step_said` names the sentence in `step`, and has its parameters.
    """

    done: int
    failed: int
    total: int
    rate: float
    eta_s: float | None
    cost: float
    input_tokens: int
    output_tokens: int
    step: str
    step_said: dict[str, Any] | None = None


class RowEnded(Event):
    """`row`: how a row ended. `output` is its beginning, at most 200 characters; `GET jobs/{id}/rows` has it whole."""

    index: int
    status: RowStatusName
    model: str = ""
    output: str = ""
    error: dict[str, Any] | None = None
    cost: float | None = None


class Log(Event):
    """`log`: a sentence for people. `sentence` is its stable name, `params` what stands in it; an empty name: there is
    only the text.
    """

    level: Level
    text: str
    sentence: str = ""
    params: dict[str, Any] = {}


class StatusChanged(Event):
    """`status`: `reason` says why where there is something to say."""

    status: StatusName
    reason: str = ""
    error: dict[str, Any] | None = None


class JobSnapshot(Event):
    """The snapshot of `job.<id>`; `log` has the last lines, `wanted` is `pause` or `cancel` while that is under way.

    `lost_cost`, a part of `cost`, is an estimate for the `lost_calls` that were cut off and made again.
    """

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
    input_tokens: int
    output_tokens: int
    lost_calls: int
    lost_cost: float
    step: str
    step_said: dict[str, Any] | None
    log: list[Log]


class ResearchStep(Event):
    """A step of a research: `row` is its row of work, which begins again after a crash. Costs nothing to forget:
    `GET jobs/{id}/report` has it all.
    """

    row: int
    state: Literal["begun", "writing", "done", "failed"]
    error: dict[str, Any] | None = None


class ResearchPlan(ResearchStep):
    """`plan`: what a round wants to find out, what it searches for, and why."""

    round: int
    questions: list[str] = []
    searches: list[str] = []
    reason: str = ""


class ResearchHit(Event):
    """What a search found."""

    url: str
    title: str


class ResearchSearch(ResearchStep):
    """`search`: `found` is how many results there were."""

    query: str
    provider: str = ""
    found: int = 0
    hits: list[ResearchHit] = []


class ResearchRead(ResearchStep):
    """`read`: `number` is how the report calls the page, `chars` the length of its text."""

    number: int
    url: str
    title: str
    chars: int = 0


class ResearchNoted(Event):
    """What a page says, and the passage that the model says it stands in; it is verified with the report."""

    claim: str
    quote: str


class ResearchNote(ResearchStep):
    """`note`: what the page `number` has for the question."""

    number: int
    notes: list[ResearchNoted] = []


class ResearchWrite(ResearchStep):
    """`write`: in the state `writing`, the report's next piece, which begins at the character `offset`."""

    offset: int = 0
    text: str = ""


class ResearchVerify(ResearchStep):
    """`verify`: how many citations were checked, and how many passages found, found in another place, or given up."""

    checked: int = 0
    found: int = 0
    mended: int = 0
    dropped: int = 0


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
        "plan": ResearchPlan,
        "search": ResearchSearch,
        "read": ResearchRead,
        "note": ResearchNote,
        "write": ResearchWrite,
        "verify": ResearchVerify,
    },
    "user": {"job.changed": JobChanged},
}

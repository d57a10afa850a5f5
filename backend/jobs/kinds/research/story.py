"""What a research has done so far, read from its rows of work: they are all that there is to know."""

import json
from dataclasses import dataclass, field
from typing import Any, Literal
from uuid import UUID

from backend.jobs.models import JobRow, ResearchSource

Step = Literal["plan", "search", "read", "note", "write", "verify", "mend"]

OPEN = ("pending", "running")


@dataclass(frozen=True, slots=True)
class Done:
    """A row: what it was to do, how it stands, and what came of it."""

    index: int
    step: Step
    input: dict[str, Any]
    status: str
    output: dict[str, Any]
    error: dict[str, Any] | None

    @property
    def ended(self) -> bool:
        """It has been done, or has failed."""
        return self.status not in OPEN


@dataclass(frozen=True, slots=True)
class Noted:
    """A note on a source."""

    source: int
    claim: str
    quote: str


@dataclass(frozen=True, slots=True)
class Story:
    """All rows in their order."""

    rows: list[Done] = field(default_factory=list)

    def of(self, *steps: Step) -> list[Done]:
        """The rows of some steps."""
        return [row for row in self.rows if row.step in steps]

    def done(self, step: Step) -> list[Done]:
        """Those that came to something."""
        return [row for row in self.rows if row.step == step and row.status == "done"]

    @property
    def last(self) -> Done | None:
        """The last of the steps that only begin when all others have ended."""
        return next((row for row in reversed(self.rows) if row.step in ("plan", "write", "verify")), None)

    @property
    def notes(self) -> list[Noted]:
        """In turns by source, so that a part of them has something of each."""
        by_source = [(row.input["number"], row.output.get("notes", [])) for row in self.done("note")]
        most = max((len(notes) for _, notes in by_source), default=0)
        return [
            Noted(number, notes[turn]["claim"], notes[turn]["quote"])
            for turn in range(most)
            for number, notes in by_source
            if turn < len(notes)
        ]

    @property
    def queries(self) -> list[str]:
        """The searches, whatever came of them."""
        return [row.input["query"] for row in self.of("search")]

    def report(self) -> dict[str, Any] | None:
        """The last report whose citations were verified: `markdown`, `citations`, `dropped`."""
        found = [row for row in self.done("verify") if row.output.get("final")]
        return found[-1].output if found else None

    def draft(self) -> Done | None:
        """The last report as it was written."""
        found = self.done("write")
        return found[-1] if found else None


def story_of(job: UUID) -> Story:
    """Read a job's rows."""
    names = ("index", "input", "status", "output", "error")
    return Story([_done(row) for row in JobRow.objects.filter(job_id=job).order_by("index").values(*names)])


def texts_of(job: UUID, numbers: set[int]) -> dict[int, str]:
    """The stored texts of sources."""
    found = ResearchSource.objects.filter(job_id=job, number__in=numbers, status="read")
    return dict(found.values_list("number", "text"))


def _done(row: dict[str, Any]) -> Done:
    given = row["input"] or {}
    try:
        output = json.loads(row["output"]) if row["status"] == "done" else {}
    except ValueError:
        output = {}
    return Done(row["index"], given.get("do", "plan"), given, row["status"], output, row["error"])

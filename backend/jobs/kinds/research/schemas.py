"""What clients see of a research: its report, and the pages that it stands on."""

from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from pydantic import BaseModel

from backend.jobs.schemas import DepthName, StatusName

SourceState = Literal["waiting", "read", "failed"]


class CitationOut(BaseModel):
    """`[number]` in the report. `quote` stands in the text of the source from the character `start` to `end`, word for
    word. `mended`: the passage that the note had was not there, and this one was found in its place.
    """

    number: int
    source: int
    claim: str
    quote: str
    start: int
    end: int
    mended: bool


class DroppedOut(BaseModel):
    """A citation that was taken out, `[?]` in the report: `quote` was said to be in the source, and is not."""

    source: int
    claim: str
    quote: str
    reason: str


class SourceOut(BaseModel):
    """A page. `error` (`code`, `message`) says why it could not be read; `cited`: the report stands on it, too."""

    number: int
    url: str
    title: str
    status: SourceState
    error: dict[str, Any] | None
    fetched: datetime | None
    chars: int
    truncated: bool
    cited: bool


class PlanOut(BaseModel):
    """A round's plan."""

    round: int
    questions: list[str]
    searches: list[str]
    reason: str


class SearchOut(BaseModel):
    """A search; `error` says why it failed."""

    query: str
    provider: str
    found: int
    error: dict[str, Any] | None


class NoteOut(BaseModel):
    """What the model says that a source says. Only what the report cites is verified."""

    source: int
    claim: str
    quote: str


class ReachOut(BaseModel):
    """Searches, pages, steps, and minutes of work."""

    searches: int
    pages: int
    steps: int
    minutes: float


class ReportOut(BaseModel):
    """A research as it stands. `markdown` is null until it is written, and its marks `[1]` mean nothing until it is
    `verified`: then `[1]` is the citation 1, and `[?]` stands where a citation was dropped. `stopped` says which limit
    ended the reading early; `stopped_said` names that sentence, with its parameters.
    """

    job: UUID
    status: StatusName
    question: str
    model: str
    depth: DepthName
    language: str
    title: str
    markdown: str | None
    verified: bool
    written: datetime | None
    citations: list[CitationOut]
    dropped: list[DroppedOut]
    sources: list[SourceOut]
    plan: list[PlanOut]
    searches: list[SearchOut]
    notes: list[NoteOut]
    limits: ReachOut
    used: ReachOut
    stopped: str
    stopped_said: dict[str, Any] | None = None


class PassageOut(BaseModel):
    """Where a citation's passage is, in characters (Unicode code points)."""

    citation: int
    start: int
    end: int


class SourceText(BaseModel):
    """A page as it was stored, with the passages that the report quotes."""

    number: int
    url: str
    title: str
    status: SourceState
    error: dict[str, Any] | None
    fetched: datetime | None
    truncated: bool
    text: str
    passages: list[PassageOut]

"""Checks the citations of a report: each passage has to stand in the stored page, word for word."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from backend.jobs.kinds.research.marks import cited, renumbered
from backend.jobs.kinds.research.quotes import Text
from backend.jobs.kinds.research.story import Done, Noted, Story, texts_of


@dataclass(frozen=True, slots=True)
class Missing:
    """A note that is cited, and whose passage is not in its source."""

    number: int
    note: Noted


@dataclass(frozen=True, slots=True)
class Verified:
    """`missing` passages were not found, and nobody was asked for others yet: then there is no report."""

    checked: int
    missing: list[Missing]
    report: dict[str, Any]

    @property
    def mended(self) -> int:
        """Citations with another passage than the note had."""
        return sum(one["mended"] for one in self.report["citations"])


NOT_THERE = "The passage is not in the page, and no other one there says it."


def verify(job: UUID, story: Story, draft: Done) -> Verified:
    """Check a draft against the stored pages, with the passages that its mends have found."""
    notes = [Noted(**note) for note in draft.output["notes"]]
    markdown = draft.output["markdown"]
    numbers = [number for number in cited(markdown) if 1 <= number <= len(notes)]
    texts = {number: Text(text) for number, text in texts_of(job, {notes[at - 1].source for at in numbers}).items()}
    mends = {row.input["note"]: row for row in story.of("mend") if row.input["write"] == draft.index}
    citations: list[dict[str, Any]] = []
    dropped: list[dict[str, Any]] = []
    missing: list[Missing] = []
    places: dict[int, int] = {}
    for at in numbers:
        note, mend = notes[at - 1], mends.get(at)
        text = texts.get(note.source)
        span = text.find(note.quote) if text else None
        mended = span is None and mend is not None and bool(mend.output.get("quote"))
        if text and mend and mended:
            span = text.find(mend.output["quote"])
        if text is None or span is None:
            missing += [] if mend else [Missing(at, note)]
            dropped.append({"source": note.source, "claim": note.claim, "quote": note.quote, "reason": _reason(mend)})
            continue
        places[at] = len(citations) + 1
        citations.append(
            {
                "number": places[at],
                "source": note.source,
                "claim": note.claim,
                "quote": text.passage(span),
                "start": span[0],
                "end": span[1],
                "mended": mended,
            }
        )
    report = {"markdown": renumbered(markdown, places), "citations": citations, "dropped": dropped}
    return Verified(len(numbers), missing, report)


def _reason(mend: Done | None) -> str:
    if mend is not None and mend.error is not None:
        return f"The passage is not in the page, and no other could be asked for: {mend.error['message']}"
    return NOT_THERE

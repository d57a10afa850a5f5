"""The last steps of a research: the report, and the check of its citations."""

import time
from dataclasses import asdict
from typing import Any

from backend.core.db import in_thread
from backend.core.sentences import sentence
from backend.jobs.calls import RowCalls
from backend.jobs.events import ResearchVerify, ResearchWrite
from backend.jobs.kinds.base import Handle, Taken
from backend.jobs.kinds.research import prompts
from backend.jobs.kinds.research.answers import Passage, unthought
from backend.jobs.kinds.research.asking import Asker, Unreadable
from backend.jobs.kinds.research.marks import cited, cleaned
from backend.jobs.kinds.research.quotes import Text
from backend.jobs.kinds.research.room import Room
from backend.jobs.kinds.research.story import Noted, story_of, texts_of
from backend.jobs.kinds.research.telling import Telling
from backend.jobs.kinds.research.verify import verify
from backend.jobs.models import Job, ResearchSource
from backend.jobs.schemas import ResearchSpec

PIECE_SECONDS = 0.25
"""Between two pieces of the report that are told while it is written."""


class Reporting:
    """The steps `write`, `verify` and `mend`."""

    def __init__(self, handle: Handle, *, spec: ResearchSpec, asker: Asker, telling: Telling) -> None:
        self._handle, self._job = handle, handle.job
        self._spec, self._asker, self._telling = spec, asker, telling

    async def step(self, step: str, row: Taken, calls: RowCalls) -> dict[str, Any]:
        """What it came to. Raises as the asking does."""
        if step == "write":
            return await self._write(row, calls)
        if step == "mend":
            return await self._mend(row, calls)
        return await self._verify(row)

    async def _write(self, row: Taken, calls: RowCalls) -> dict[str, Any]:
        self._telling.begun(row, ResearchWrite, sentence("writing", "Writing the report"))
        notes, urls = await in_thread(_material, self._job)
        lines = _lines(notes, self._asker.room)
        notes = notes[: len(lines)]

        pieces = _Pieces(row, self._telling)

        def use(answer: str) -> str:
            markdown = cleaned(unthought(answer), urls=urls)
            if not any(1 <= number <= len(notes) for number in cited(markdown)):
                pieces.begin_again()
                raise Unreadable("It has none of the notes' numbers in square brackets.")
            return markdown

        asked = prompts.write(
            question=self._spec.question, rules=self._spec.instructions, language=self._spec.language, notes=lines
        )
        markdown = await self._asker.used(asked, use, calls=calls, said=pieces.said)
        self._telling.done(row, offset=len(markdown), text="")
        stopped: dict[str, Any] = {name: row.input[name] for name in ("stopped", "stopped_said") if name in row.input}
        return {"markdown": markdown, "notes": [asdict(note) for note in notes], **stopped}

    async def _verify(self, row: Taken) -> dict[str, Any]:
        self._telling.begun(row, ResearchVerify, sentence("checking", "Checking the citations"))
        found = await in_thread(_verified, self._job, row.input["write"])
        dropped = len(found.report["dropped"]) - len(found.missing)
        self._telling.done(
            row, checked=found.checked, found=len(found.report["citations"]), mended=found.mended, dropped=dropped
        )
        if found.missing:
            text = "{missing} of {checked} citations are not in their pages as quoted."
            self._handle.log(sentence("quotes_missing", text, missing=len(found.missing), checked=found.checked))
            missing = [{"note": one.number, **asdict(one.note)} for one in found.missing]
            return {"final": False, "missing": missing}
        counts = {"checked": found.checked, "mended": found.mended, "dropped": dropped}
        said = sentence("quotes_checked", "{checked} citations checked, {mended} mended, {dropped} dropped.", **counts)
        self._handle.log(said, level="warning" if dropped else "info")
        return {"final": True, **found.report}

    async def _mend(self, row: Taken, calls: RowCalls) -> dict[str, Any]:
        given = row.input
        self._telling.begun(row, ResearchVerify, sentence("mending", "Looking for a passage"), checked=1)
        texts = await in_thread(texts_of, self._job.id, {given["source"]})
        text = texts.get(given["source"], "")
        asked = prompts.mend(
            room=self._asker.room, question=self._spec.question, claim=given["claim"], quote=given["quote"], text=text
        )
        passage = await self._asker.read(asked, Passage, calls=calls) if text else Passage()
        found = bool(passage.quote) and await in_thread(_is_there, passage.quote or "", text)
        self._telling.done(row, checked=1, found=int(found), mended=int(found), dropped=int(not found))
        return {"quote": passage.quote if found else None}


class _Pieces:
    """The report as it is written, told a few times a second."""

    def __init__(self, row: Taken, telling: Telling) -> None:
        self._row, self._telling = row, telling
        self._text, self._told, self._at = "", 0, time.monotonic()

    def begin_again(self) -> None:
        """What comes now is the second try."""
        self._text, self._told = "", 0

    def said(self, piece: str) -> None:
        """The next piece, as the model gives it."""
        self._text += piece
        now = time.monotonic()
        if now - self._at < PIECE_SECONDS:
            return
        text = unthought(self._text)
        if text.startswith("<think") or len(text) <= self._told:
            return
        self._telling.more(self._row, offset=self._told, text=text[self._told :])
        self._told, self._at = len(text), now


def _material(job: Job) -> tuple[list[Noted], set[str]]:
    urls = ResearchSource.objects.filter(job_id=job.id, status="read").values_list("url", flat=True)
    return story_of(job.id).notes, set(urls)


def _lines(notes: list[Noted], room: Room) -> list[str]:
    """Notes with the numbers that the report calls them by, as many as fit."""
    found, left = [], room.notes
    for number, note in enumerate(notes, 1):
        line = f'[{number}] (source {note.source}) {note.claim} "{note.quote}"'
        left -= len(line) + 1
        if left < 0:
            break
        found.append(line)
    return found


def _is_there(quote: str, text: str) -> bool:
    return Text(text).find(quote) is not None


def _verified(job: Job, write: int) -> Any:
    story = story_of(job.id)
    draft = next(row for row in story.done("write") if row.index == write)
    return verify(job.id, story, draft)

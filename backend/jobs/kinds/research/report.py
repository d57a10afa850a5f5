"""The report of a research and its sources, to read: as clients see them, and as a file."""

import re
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models.functions import Length

from backend.accounts.principal import Principal
from backend.core.errors import Conflict, NotFound
from backend.jobs.kinds.research.kind import kept_spec
from backend.jobs.kinds.research.limits import limits_of
from backend.jobs.kinds.research.schemas import (
    CitationOut,
    DroppedOut,
    NoteOut,
    PassageOut,
    PlanOut,
    ReachOut,
    ReportOut,
    SearchOut,
    SourceOut,
    SourceText,
)
from backend.jobs.kinds.research.story import Done, Story, story_of
from backend.jobs.models import ENDED, Job, JobRow, ResearchSource
from backend.jobs.selectors import job_get

_HEADING = re.compile(r"^#{1,6}\s+(.+?)\s*#*$", re.MULTILINE)


def report(*, principal: Principal, job: UUID) -> ReportOut:
    """A research as it stands. Raises `NotFound`, for other kinds too."""
    found = _research(principal, job)
    spec, story = kept_spec(found.spec), story_of(found.id)
    limits = limits_of(spec)
    final, draft = story.report(), story.draft()
    markdown = final["markdown"] if final else draft.output["markdown"] if draft else None
    shown = final or {"citations": [], "dropped": []}
    heading = _HEADING.search(markdown) if markdown else None
    return ReportOut(
        job=found.id,
        status=found.status,
        question=spec.question,
        model=spec.model or "",
        depth=spec.depth,
        language=spec.language,
        title=re.sub(r"\s*\[[\d?]+\]", "", heading.group(1)) if heading else spec.question,
        markdown=markdown,
        verified=final is not None,
        written=_written(found.id, story),
        citations=[CitationOut(**one) for one in shown["citations"]],
        dropped=[DroppedOut(**one) for one in shown["dropped"]],
        sources=_sources(found.id, story, {one["source"] for one in shown["citations"]}),
        plan=[_plan(row) for row in story.done("plan")],
        searches=[_search(row) for row in story.of("search") if row.ended],
        notes=[NoteOut(source=note.source, claim=note.claim, quote=note.quote) for note in story.notes],
        limits=ReachOut(**limits.as_dict()),
        used=ReachOut(
            searches=sum(row.ended for row in story.of("search")),
            pages=sum(row.ended for row in story.of("read")),
            steps=sum(row.ended for row in story.rows),
            minutes=round(float(found.state.get("seconds", 0)) / 60, 1),
        ),
        stopped=draft.output["stopped"] if draft else "",
        stopped_said=draft.output.get("stopped_said") if draft else None,
    )


def source(*, principal: Principal, job: UUID, number: int) -> SourceText:
    """A page as it was stored. Raises `NotFound`, for one that was not tried yet, too."""
    found = _research(principal, job)
    one = ResearchSource.objects.filter(job_id=found.id, number=number).first()
    if one is None:
        raise NotFound
    final = story_of(found.id).report() or {"citations": []}
    return SourceText(
        number=one.number,
        url=one.url,
        title=one.title,
        status=one.status,
        error=one.error,
        fetched=one.fetched_at,
        truncated=one.truncated,
        text=one.text,
        passages=[
            PassageOut(citation=cited["number"], start=cited["start"], end=cited["end"])
            for cited in final["citations"]
            if cited["source"] == number
        ],
    )


def as_markdown(found: ReportOut) -> str:
    """The report as a file, with its citations, and with what failed. Raises `Conflict` where there is none yet."""
    if found.markdown is None or not found.verified:
        raise Conflict("There is no report." if found.status in ENDED else "The report is not written yet.")
    sources = {one.number: one for one in found.sources}
    parts = [found.markdown if found.markdown.startswith("#") else f"# {found.title}\n\n{found.markdown}"]
    if found.citations:
        parts.append("## Citations\n\n" + "\n".join(_cited(one, sources[one.source]) for one in found.citations))
    if found.dropped:
        lines = [f"- {_line(one.claim)} ({sources[one.source].url}): {_line(one.reason)}" for one in found.dropped]
        parts.append("## Citations that were dropped\n\n" + "\n".join(lines))
    if failed := [one for one in found.sources if one.status == "failed"]:
        lines = [f"- <{one.url}>: {_line((one.error or {}).get('message', ''))}" for one in failed]
        parts.append("## Sources that could not be read\n\n" + "\n".join(lines))
    if found.stopped:
        parts.append(found.stopped)
    return "\n\n".join(parts) + "\n"


def _research(principal: Principal, job: UUID) -> Job:
    found = job_get(principal=principal, job=job)
    if found.kind != "research":
        raise NotFound
    return found


def _written(job: UUID, story: Story) -> datetime | None:
    ends = [row.index for row in story.done("write")]
    if not ends:
        return None
    return JobRow.objects.values_list("finished_at", flat=True).get(job_id=job, index=ends[-1])


def _sources(job: UUID, story: Story, cited: set[int]) -> list[SourceOut]:
    stored = ResearchSource.objects.filter(job_id=job).annotate(chars=Length("text")).defer("text")
    found = {one.number: one for one in stored}
    return [_source(row.input, found.get(row.input["number"]), cited) for row in story.of("read")]


def _source(given: dict[str, Any], stored: Any, cited: set[int]) -> SourceOut:
    return SourceOut(
        number=given["number"],
        url=stored.url if stored else given["url"],
        title=stored.title if stored else given["title"],
        status=stored.status if stored else "waiting",
        error=stored.error if stored else None,
        fetched=stored.fetched_at if stored else None,
        chars=stored.chars if stored else 0,
        truncated=stored.truncated if stored else False,
        cited=given["number"] in cited,
    )


def _plan(row: Done) -> PlanOut:
    return PlanOut(**{name: row.output[name] for name in ("round", "questions", "searches", "reason")})


def _search(row: Done) -> SearchOut:
    return SearchOut(
        query=row.input["query"],
        provider=row.output.get("provider", ""),
        found=row.output.get("found", 0),
        error=row.error,
    )


def _cited(one: CitationOut, page: SourceOut) -> str:
    return f"{one.number}. {_line(page.title) or page.url}, <{page.url}>: “{_line(one.quote)}”"


def _line(text: str) -> str:
    return " ".join(text.split())

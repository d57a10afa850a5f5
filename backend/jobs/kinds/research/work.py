"""A research at work: what each of its steps does, up to the report."""

import asyncio
import json
import time
from typing import Any

import structlog

from backend.core.db import in_thread
from backend.core.errors import QuotaExceeded, Unavailable
from backend.core.sentences import Sentence, problem, sentence, went_wrong
from backend.jobs.calls import RowCalls
from backend.jobs.events import ResearchNote, ResearchPlan, ResearchRead, ResearchSearch
from backend.jobs.kinds.base import Handle, NewRow, Outcome, Taken
from backend.jobs.kinds.research import prompts, sources
from backend.jobs.kinds.research.answers import Notes, Plan
from backend.jobs.kinds.research.asking import Asker, ProviderError, Unreadable
from backend.jobs.kinds.research.limits import limit_reached, limits_of, pages_a_search, searches_a_round
from backend.jobs.kinds.research.reporting import Reporting
from backend.jobs.kinds.research.story import Story, story_of
from backend.jobs.kinds.research.telling import Telling
from backend.jobs.kinds.research.urls import same
from backend.jobs.kinds.research.web import SearchError, Web
from backend.jobs.models import RowStatus
from backend.jobs.schemas import ResearchSpec

log = structlog.get_logger(__name__)

CONCURRENCY = 4
STEP_SECONDS = 60.0
"""What a search or the reading of a page may take."""

LIMIT_SECONDS = 30.0
"""What of these a search may wait for as many as its person may make in a minute."""

AWAY_SECONDS = 0.3
"""Until the database is looked for again."""

MAX_SAID = 1000
TOO_LONG = sentence("too_long", "It took too long.")


class Research:
    """See `Work`."""

    concurrency = CONCURRENCY

    def __init__(self, handle: Handle, *, spec: ResearchSpec, asker: Asker, web: Web, story: Story) -> None:
        self._handle, self._job = handle, handle.job
        self._spec, self._asker, self._web = spec, asker, web
        self._limits = limits_of(spec)
        self._telling = Telling(handle)
        self._reporting = Reporting(handle, spec=spec, asker=asker, telling=self._telling)
        self._began = time.monotonic()
        self._worked = float(handle.job.state.get("seconds", 0))
        self._urls = {same(row.input["url"]): row.input["number"] for row in story.of("read")}
        self._rows = len(story.rows)
        self._searches = len(story.of("search"))

    async def run(self, row: Taken) -> Outcome:
        """See `Work`."""
        calls = RowCalls(self._job, row)
        step = row.input["do"]
        try:
            output, more = await self._patiently(step, row, calls)
            error = None
        except QuotaExceeded:
            raise
        except (ProviderError, SearchError) as failure:
            output, more, error = {}, [], {"code": _code(failure), "message": failure.message[:MAX_SAID]}
        except Unreadable as failure:
            output, more, error = {}, [], {"code": "provider_error", "message": str(failure)[:MAX_SAID]}
        except TimeoutError:
            output, more, error = {}, [], problem("provider_error", TOO_LONG)
        except Exception as failure:
            log.exception("jobs.row_failed", job=str(self._job.id), row=row.index)
            output, more, error = {}, [], problem("internal", went_wrong(failure))
        if error is not None:
            self._telling.failed(row, error)
        self._handle.save({**self._job.state, "seconds": round(self._seconds, 1)})
        return Outcome(
            output=json.dumps(output, ensure_ascii=False) if error is None else "",
            error=error,
            usage=calls.usage,
            cost=calls.cost,
            more=more,
        )

    async def _patiently(self, step: str, row: Taken, calls: RowCalls) -> tuple[dict[str, Any], list[NewRow]]:
        """A step that the database went away under is done once more when it is back."""
        while True:
            try:
                return await self._step(step, row, calls)
            except Unavailable:
                await asyncio.sleep(AWAY_SECONDS)

    async def _step(self, step: str, row: Taken, calls: RowCalls) -> tuple[dict[str, Any], list[NewRow]]:
        if step in ("search", "read", "note") and (reason := self.over()):
            return {"skipped": reason.text, "skipped_said": reason.plain()}, []
        match step:
            case "plan":
                return await self._plan(row, calls)
            case "search":
                return await self._search(row, calls)
            case "read":
                return await self._read(row)
            case "note":
                return await self._note(row, calls), []
            case _:
                return await self._reporting.step(step, row, calls), []

    async def _plan(self, row: Taken, calls: RowCalls) -> tuple[dict[str, Any], list[NewRow]]:
        story = await in_thread(story_of, self._job.id)
        number = row.input["round"]
        first = number == 1
        self._telling.begun(
            row, ResearchPlan, sentence("planning", "Planning, round {number}", number=number), round=number
        )
        most = min(searches_a_round(self._spec), self._limits.searches - self._searches)
        asked = prompts.plan(
            room=self._asker.room,
            question=self._spec.question,
            rules=self._spec.instructions,
            most=most,
            done=story.queries,
            notes=(f"- {note.claim}" for note in story.notes),
            failed=(one.input["url"] for one in story.of("read") if one.status == RowStatus.FAILED),
        )
        plan = await self._asker.read(
            asked, Plan, calls=calls, check=lambda found: "It has no searches." if first and not found.searches else ""
        )
        known = {query.casefold() for query in story.queries}
        wanted = [query[:300] for query in dict.fromkeys(plan.searches) if query.casefold() not in known][:most]
        queries = self._room([] if plan.enough and not first else wanted)
        self._searches += len(queries)
        told = {
            "round": number,
            "questions": [question[:300] for question in plan.questions[:6]],
            "searches": queries,
            "reason": plan.reason[:500],
        }
        self._telling.done(row, **told)
        self._handle.log(
            sentence(
                "round",
                "Round {number}: {count} searches. {reason}",
                number=number,
                count=len(queries),
                reason=plan.reason,
            )
            if queries
            else sentence("enough", "Enough. {reason}", reason=plan.reason)
        )
        return {**told, "enough": plan.enough}, [
            NewRow(line=number, input={"do": "search", "round": number, "query": query}) for query in queries
        ]

    async def _search(self, row: Taken, calls: RowCalls) -> tuple[dict[str, Any], list[NewRow]]:
        query, number = row.input["query"], row.input["round"]
        self._telling.begun(row, ResearchSearch, sentence("searching", "Searching: {query}", query=query), query=query)
        wanted = pages_a_search(self._spec)
        async with asyncio.timeout(STEP_SECONDS):
            account = calls.searching(patience=LIMIT_SECONDS)
            found = await self._web.search(query, limit=wanted + 3, freshness=self._spec.freshness, account=account)
        hits = [{"url": hit.url[:2000], "title": hit.title[:300]} for hit in found.hits]
        new = {same(hit["url"]): hit for hit in reversed(hits) if same(hit["url"]) not in self._urls}
        left = min(wanted, self._limits.pages - len(self._urls))
        pages = []
        for page, hit in self._room([*reversed(new.items())][: max(0, left)]):
            self._urls[page] = len(self._urls) + 1
            given = {"do": "read", "round": number, "number": self._urls[page], **hit}
            pages.append(NewRow(line=number, input=given))
        told = {"query": query, "provider": found.provider, "found": len(hits), "hits": hits}
        self._telling.done(row, **told)
        return {**told, "credits": found.credits}, pages

    async def _read(self, row: Taken) -> tuple[dict[str, Any], list[NewRow]]:
        given = row.input
        number, url, title = given["number"], given["url"], given["title"]
        said = sentence("reading", "Reading {url}", url=url)
        self._telling.begun(row, ResearchRead, said, number=number, url=url, title=title)
        source = await in_thread(sources.known, job=self._job.id, number=number)
        if source is None:
            try:
                async with asyncio.timeout(STEP_SECONDS):
                    page = await self._web.read(url)
            except (SearchError, TimeoutError) as failure:
                why = failure.message if isinstance(failure, SearchError) else TOO_LONG
                error = problem(_code(failure), why, most=MAX_SAID)
                await in_thread(sources.keep_error, job=self._job.id, given=given, error=error)
                told_of = sentence("page_unread", "{url} could not be read: {reason}", url=url, reason=why)
                self._handle.log(told_of, level="warning")
                raise
            source = await in_thread(sources.keep, job=self._job.id, number=number, page=page, title=title)
        told = {"number": number, "url": source.url, "title": source.title, "chars": source.chars}
        self._telling.done(row, **told)
        note = NewRow(
            line=given["round"], model=self._model, input={"do": "note", "round": given["round"], "number": number}
        )
        return told, self._room([note])

    async def _note(self, row: Taken, calls: RowCalls) -> dict[str, Any]:
        number = row.input["number"]
        story, source = await in_thread(sources.to_note, job=self._job.id, number=number)
        said = sentence("noting", "Taking notes on {title}", title=source.title or source.url)
        self._telling.begun(row, ResearchNote, said, number=number)
        plans = story.done("plan")
        asked = prompts.note(
            room=self._asker.room,
            question=self._spec.question,
            open_questions=plans[-1].output["questions"] if plans else [],
            rules=self._spec.instructions,
            title=source.title,
            url=source.url,
            text=source.text,
        )
        found = await self._asker.read(asked, Notes, calls=calls)
        notes = [{"claim": one.claim[:600], "quote": one.quote[:1000]} for one in found.notes[: prompts.MOST_NOTES]]
        self._telling.done(row, number=number, notes=notes)
        return {"number": number, "notes": notes}

    def over(self) -> Sentence | None:
        """Why no more is read; None: go on."""
        if self._seconds > self._limits.minutes * 60:
            return limit_reached("minutes", self._limits.minutes)
        return None

    @property
    def _seconds(self) -> float:
        return self._worked + time.monotonic() - self._began

    @property
    def _model(self) -> str:
        return self._spec.model or ""

    def _room(self, wanted: list[Any]) -> list[Any]:
        """What of these steps the limit leaves room for."""
        found = wanted[: max(0, self._limits.steps - self._rows)]
        self._rows += len(found)
        return found


def _code(failure: ProviderError | SearchError | TimeoutError) -> str:
    return "provider_error" if isinstance(failure, TimeoutError) else failure.code

"""The kind `research`: what is checked before it begins, its first row, and what comes when all rows have ended."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from decimal import Decimal
from typing import Any

from pydantic import ValidationError

from backend.accounts.absent import principal_of
from backend.accounts.principal import Principal
from backend.catalog import registry
from backend.core.db import in_thread
from backend.core.errors import AppError, BadRequest
from backend.core.opaque import user_key
from backend.jobs.kinds.base import Checked, Handle, Kind, NewRow, Reserve, Rows
from backend.jobs.kinds.research.asking import Asker
from backend.jobs.kinds.research.next import next_rows
from backend.jobs.kinds.research.room import ANSWER_TOKENS, room_of
from backend.jobs.kinds.research.story import story_of
from backend.jobs.kinds.research.web import Web, web
from backend.jobs.kinds.research.work import Research
from backend.jobs.models import Job
from backend.jobs.schemas import ResearchSpec
from backend.usage.ledger import expected


class ResearchKind(Kind):
    """See the package's docstring."""

    name = "research"
    long = True

    def __init__(self, web: Web = web) -> None:
        self._web = web

    async def check(self, principal: Principal, spec: dict[str, Any]) -> Checked:
        """See `Kind`."""
        given = read_spec(spec)
        if not given.question.strip():
            raise BadRequest("Ask a question.", field="spec.question")
        try:
            entry = (await registry.resolve(given.model, principal=principal)).entry
        except AppError as error:
            error.field = error.field or "spec.model"
            raise
        if not self._web.available():
            raise BadRequest(
                "No search service is connected, so nothing can be looked up. An administrator can connect one: "
                "set TAVILY_API_KEY or SEARXNG_URL.",
                field="kind",
            )
        once = expected(entry, input_tokens=room_of(entry.context).prompt_tokens, output_tokens=ANSWER_TOKENS)
        kept = given.model_dump(mode="json", exclude_unset=True)
        kept |= {
            "question": given.question.strip(),
            "model": given.model or entry.name,
            "depth": given.depth,
            "prices": {"step": None if once is None else str(once * 2)},
        }
        return Checked(spec=kept, cost_cap=None if given.cost_cap is None else Decimal(str(given.cost_cap)))

    def rows(self, job: Job) -> Rows:
        """The first plan."""
        spec = kept_spec(job.spec)
        reserve = Reserve()
        step = job.spec["prices"]["step"]
        reserve.add(None if step is None else Decimal(step))
        return Rows(iter([NewRow(line=1, model=spec.model or "", input={"do": "plan", "round": 1})]), reserve)

    async def further(self, job: Job) -> Sequence[NewRow]:
        """The next plan, the report, or the check of its citations."""
        story = await in_thread(story_of, job.id)
        return next_rows(story, kept_spec(job.spec), seconds=float(job.state.get("seconds", 0)))

    @asynccontextmanager
    async def open(self, handle: Handle) -> AsyncIterator[Research]:
        """See `Kind`."""
        spec = kept_spec(handle.job.spec)
        owner = await principal_of(handle.job.owner_id)
        resolved = await registry.resolve(spec.model, principal=owner)
        story = await in_thread(story_of, handle.job.id)
        asker = Asker(resolved, user_key=user_key(str(handle.job.owner_id)))
        yield Research(handle, spec=spec, asker=asker, web=self._web, story=story)


def read_spec(spec: dict[str, Any]) -> ResearchSpec:
    """Raises `BadRequest` naming the field."""
    try:
        return ResearchSpec.model_validate(spec)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False, include_context=False)[0]
        path = ".".join(["spec", *(str(part) for part in first["loc"])])
        raise BadRequest(f"{path}: {first['msg'].removeprefix('Value error, ')}", field=path) from None


def kept_spec(spec: dict[str, Any]) -> ResearchSpec:
    """A stored spec."""
    return ResearchSpec.model_validate({name: value for name, value in spec.items() if name != "prices"})

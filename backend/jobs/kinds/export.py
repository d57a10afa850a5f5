"""The kind `export`: everything that a person has said and been told, a row for each conversation, and for each other
part of their data.

What is deleted is not in it. Its forms are made of the rows when they are downloaded.
"""

import json
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from typing import Any
from uuid import UUID

from backend.accounts.principal import Principal
from backend.chat.models import Conversation
from backend.core.db import in_thread
from backend.core.errors import BadRequest
from backend.core.sentences import problem, sentence
from backend.jobs import portable
from backend.jobs.exports.conversation import conversation_data
from backend.jobs.kinds.base import Checked, Handle, Kind, NewRow, Outcome, Rows, SpecError, Taken, Work
from backend.jobs.kinds.checked import read_spec
from backend.jobs.models import Job
from backend.jobs.schemas import ExportSpec

CONCURRENCY = 2
CONVERSATIONS = "conversations"


class ExportKind(Kind):
    """See the module."""

    name = "export"

    async def check(self, principal: Principal, spec: dict[str, Any]) -> Checked:  # noqa: ARG002
        """See `Kind`."""
        given = read_spec(ExportSpec, spec)
        known = [CONVERSATIONS, *portable.parts()]
        for name in given.include or ():
            if name not in known:
                raise BadRequest(f"There is no {name[:40]!r} to export, only {', '.join(known)}.", field="spec.include")
        return Checked(spec=given.model_dump(mode="json"), at_once=False)

    def rows(self, job: Job) -> Rows:
        """See `Kind`."""
        spec = ExportSpec.model_validate(job.spec)
        wanted = spec.include
        if wanted is None:
            wanted = [CONVERSATIONS] if spec.conversations is not None else [CONVERSATIONS, *portable.parts()]
        ids: list[UUID] = []
        if CONVERSATIONS in wanted:
            found = Conversation.objects.filter(owner_id=job.owner_id, deleted_at=None).order_by("created", "id")
            if spec.conversations is not None:
                found = found.filter(id__in=spec.conversations)
            ids = list(found.values_list("id", flat=True))
        parts = [name for name in portable.parts() if name in wanted]
        if not ids and not parts:
            raise SpecError(
                sentence("nothing_to_export", "There is no conversation to export."), field="spec.conversations"
            )
        return Rows(_rows(ids, parts))

    @asynccontextmanager
    async def open(self, handle: Handle) -> AsyncIterator[Work]:
        """See `Kind`."""
        yield _Reading(handle.job.owner_id)


class _Reading:
    """See `Work`."""

    concurrency = CONCURRENCY

    def __init__(self, owner: UUID) -> None:
        self._owner = owner

    async def run(self, row: Taken) -> Outcome:
        """One conversation, or one other part, as JSON in a line."""
        if "part" in row.input:
            return Outcome(output=await in_thread(_part_text, self._owner, row.input["part"]))
        text = await in_thread(_conversation_text, self._owner, UUID(row.input["conversation"]))
        if text is None:
            said = sentence("conversation_gone", "The conversation was deleted meanwhile.")
            return Outcome(error=problem("not_found", said))
        return Outcome(output=text)


def _conversation_text(owner: UUID, conversation: UUID) -> str | None:
    found = conversation_data(owner=owner, conversation=conversation)
    return None if found is None else json.dumps(found, ensure_ascii=False)


def _part_text(owner: UUID, name: str) -> str:
    part = portable.parts()[name]
    return "[" + ",\n".join(json.dumps(item, ensure_ascii=False) for item in part.items(owner=owner)) + "]"


def _rows(ids: list[UUID], parts: list[str]) -> Iterator[NewRow]:
    for number, ident in enumerate(ids, 1):
        yield NewRow(line=number, input={"conversation": str(ident)})
    for number, name in enumerate(parts, len(ids) + 1):
        yield NewRow(line=number, input={"part": name})

"""The kind `export`: everything that a person has said and been told, a row for each conversation.

The result as JSONL has a conversation a line, with all messages of its tree; what is deleted is not in it.
"""

import json
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from typing import Any
from uuid import UUID

from pydantic import ValidationError

from backend.accounts.principal import Principal
from backend.chat.models import Conversation, Message
from backend.core.db import in_thread
from backend.core.errors import BadRequest
from backend.jobs.kinds.base import Checked, Handle, Kind, NewRow, Outcome, Rows, SpecError, Taken, Work
from backend.jobs.models import Job
from backend.jobs.schemas import ExportSpec

CONCURRENCY = 2


class ExportKind(Kind):
    """See the module."""

    name = "export"

    async def check(self, principal: Principal, spec: dict[str, Any]) -> Checked:  # noqa: ARG002
        """See `Kind`."""
        try:
            given = ExportSpec.model_validate(spec)
        except ValidationError as error:
            first = error.errors(include_url=False, include_input=False, include_context=False)[0]
            path = ".".join(["spec", *(str(part) for part in first["loc"])])
            raise BadRequest(f"{path}: {first['msg']}", field=path) from None
        return Checked(spec=given.model_dump(mode="json"), at_once=False)

    def rows(self, job: Job) -> Rows:
        """See `Kind`."""
        spec = ExportSpec.model_validate(job.spec)
        found = Conversation.objects.filter(owner_id=job.owner_id, deleted_at=None).order_by("created", "id")
        if spec.conversations is not None:
            found = found.filter(id__in=spec.conversations)
        ids = list(found.values_list("id", flat=True))
        if not ids:
            raise SpecError("There is no conversation to export.", field="spec.conversations")
        return Rows(_rows(ids))

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
        """One conversation as JSON."""
        text = await in_thread(conversation_text, owner=self._owner, conversation=UUID(row.input["conversation"]))
        if text is None:
            return Outcome(error={"code": "not_found", "message": "The conversation was deleted meanwhile."})
        return Outcome(output=text)


def conversation_text(*, owner: UUID, conversation: UUID) -> str | None:
    """A conversation and its messages in their order, in one line; None: it is gone."""
    row = Conversation.objects.filter(id=conversation, owner_id=owner, deleted_at=None).first()
    if row is None:
        return None
    messages = [
        {
            "id": str(message.id),
            "parent": None if message.parent_id is None else str(message.parent_id),
            "role": message.role,
            "status": message.status,
            "parts": message.parts,
            "text": message.text,
            "model": message.model,
            "params": message.params,
            "usage": message.usage,
            "cost": None if message.cost is None else float(message.cost),
            "created": message.created.isoformat(),
        }
        for message in Message.objects.filter(conversation_id=row.id).order_by("seq").iterator(chunk_size=200)
    ]
    found = {
        "id": str(row.id),
        "title": row.title,
        "model": row.model,
        "system": row.system,
        "folder": row.folder,
        "pinned": row.pinned,
        "archived": row.archived,
        "created": row.created.isoformat(),
        "updated": row.updated.isoformat(),
        "messages": messages,
    }
    return json.dumps(found, ensure_ascii=False)


def _rows(ids: list[UUID]) -> Iterator[NewRow]:
    for number, ident in enumerate(ids, 1):
        yield NewRow(line=number, input={"conversation": str(ident)})

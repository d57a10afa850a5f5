"""Keeps an imported conversation: whole in one transaction, once for each id of its source."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Literal, cast
from uuid import UUID, uuid5

from django.db import connection, transaction

from backend.chat import bodies, changes, titles
from backend.chat.models import Conversation, Message, TitledBy
from backend.chat.order import conversation_topic
from backend.chat.schemas import MessageOut, RoleName, StatusName
from backend.core import outbox
from backend.core.ids import new_epoch, new_id
from backend.core.models import OutboxEvent
from backend.jobs.imports.base import Said, Source, Told
from backend.jobs.models import Imported

AT_ONCE = 500
"""Messages of one INSERT."""

Result = Literal["imported", "updated", "known"]


@dataclass(frozen=True, slots=True)
class Kept:
    """What became of a conversation: `messages` were stored now."""

    conversation: UUID
    result: Result
    messages: int


def conversation_keep(
    *, owner: UUID, job: UUID, source: Source, ident: str, told: Told, folder: str = "", models: frozenset[str]
) -> Kept:
    """Store it, or what is new of it where it is known. `models` can be asked here, so they are kept as its choice."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [f"jobs.import {owner} {source} {ident}"]
        )
        known = Imported.objects.filter(owner_id=owner, source=source, source_id=ident).first()
        row = _there(owner, source, ident, known)
        if row is None:
            return _new(owner, job, source, ident, told, folder=folder, models=models, known=known)
        return _more(row, told)


def _there(owner: UUID, source: Source, ident: str, known: Imported | None) -> Conversation | None:
    """The conversation that it became, or that it is; None: there is none, or it was deleted."""
    rows = Conversation.objects.select_for_update().filter(owner_id=owner, deleted_at=None)
    if known is not None and (row := rows.filter(id=known.conversation_id).first()) is not None:
        return row
    own = _uuid(ident) if source == "rivulet" else None
    return rows.filter(id=own).first() if own else None


def _new(
    owner: UUID,
    job: UUID,
    source: Source,
    ident: str,
    told: Told,
    *,
    folder: str,
    models: frozenset[str],
    known: Imported | None,
) -> Kept:
    asked = next((said.text for said in told.messages if said.role == "user" and said.text.strip()), "")
    title = " ".join(told.title.split())[:200]
    row = Conversation.objects.create(
        id=new_id(),
        owner_id=owner,
        title=title or titles.from_text(asked),
        titled_by=TitledBy.PERSON if title else TitledBy.MESSAGE,
        model=_model(told, models),
        system=told.system,
        folder=(folder or told.folder)[:120],
        pinned=told.pinned,
        archived=told.archived,
        created=told.created,
        updated=told.updated,
        epoch=new_epoch(),
        position=len(told.messages),
    )
    ids = {said.key: uuid5(row.id, said.key) for said in told.messages}
    _store(row, told.messages, ids, first=1)
    values: dict[str, Any] = {"conversation": row, "job_id": job, "position": row.position}
    if known is None:
        Imported.objects.create(owner_id=owner, source=source, source_id=ident, **values)
    else:
        Imported.objects.filter(id=known.id).update(**values)
    changes.conversation_created(row)
    return Kept(row.id, "imported", len(told.messages))


def _more(row: Conversation, told: Told) -> Kept:
    """Add the messages that are not there yet, and tell those who have it open."""
    there = set(Message.objects.filter(conversation_id=row.id).values_list("id", flat=True))
    ids: dict[str, UUID] = {}
    for said in told.messages:
        own = _uuid(said.key)
        ids[said.key] = own if own in there and own is not None else uuid5(row.id, said.key)
    new = [said for said in told.messages if ids[said.key] not in there]
    if not new:
        return Kept(row.id, "known", 0)
    first = row.position + 1
    row.position += len(new)
    row.updated = max(row.updated, told.updated)
    row.save(update_fields=["position", "updated"])
    stored = _store(row, new, ids, first=first)
    told_bodies = [bodies.message_created(_out(message)) for message in stored]
    topic = conversation_topic(row.id)
    OutboxEvent.objects.bulk_create(
        [
            OutboxEvent(topic=topic, epoch=row.epoch, offset=first + number, body=body)
            for number, body in enumerate(told_bodies)
        ],
        batch_size=AT_ONCE,
    )
    epoch, last = row.epoch, row.position
    transaction.on_commit(lambda: outbox.announce(topic=topic, epoch=epoch, last=last, bodies=told_bodies))
    changes.conversation_updated(row, title=row.title)
    return Kept(row.id, "updated", len(new))


def _store(row: Conversation, messages: Iterable[Said], ids: Mapping[str, UUID], *, first: int) -> list[Message]:
    return Message.objects.bulk_create(
        [_message(row, said, ids, seq) for seq, said in enumerate(messages, first)], batch_size=AT_ONCE
    )


def _message(row: Conversation, said: Said, ids: Mapping[str, UUID], seq: int) -> Message:
    return Message(
        id=ids[said.key],
        conversation_id=row.id,
        parent_id=None if said.parent is None else ids[said.parent],
        seq=seq,
        role=said.role,
        status=said.status,
        parts=said.parts,
        text=said.text,
        model=said.model[:200],
        params=said.params,
        usage=said.usage,
        cost=said.cost,
        reason=said.reason[:40],
        error=said.error,
        timings=said.timings,
        system=said.system,
        prompt=said.prompt,
        sources=said.sources,
        instead_of=said.instead_of,
        tools=said.tools,
        request=said.request,
        created=said.created or row.created,
        updated=said.created or row.updated,
    )


def _out(message: Message) -> MessageOut:
    return MessageOut.model_construct(
        id=message.id,
        conversation=message.conversation_id,
        parent=message.parent_id,
        seq=message.seq,
        role=cast("RoleName", message.role),
        status=cast("StatusName", message.status),
        parts=message.parts,
        text=message.text,
        model=message.model,
        params=message.params,
        usage=message.usage,
        cost=None if message.cost is None else float(message.cost),
        reason=message.reason,
        error=message.error,
        timings=message.timings,
        prompt=message.prompt,
        sources=message.sources,
        instead_of=message.instead_of,
        created=message.created,
    )


def _model(told: Told, models: frozenset[str]) -> str:
    """The model that answered last, where it can be asked here; else the default one is to."""
    last = next((said.model for said in reversed(told.messages) if said.role == "assistant" and said.model), "")
    return next((name for name in (last, told.model) if name in models), "")


def _uuid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None

"""Conversations themselves: create, rename, pin, archive, file, delete and restore. Plain ORM; run in a thread."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from backend.accounts.permissions import Owned, require
from backend.accounts.principal import Principal
from backend.chat import changes
from backend.chat.models import RUNNING, Conversation, Generation, TitledBy
from backend.chat.schemas import ConversationCreate, ConversationOut, ConversationUpdate
from backend.core.errors import BadRequest, NotFound
from backend.core.idempotency import run_once


def conversation_create(
    *,
    principal: Principal,
    data: ConversationCreate,
    key: str | None = None,
    fields: Mapping[str, Any] | None = None,
) -> ConversationOut:
    """A conversation without messages; once for a `key`, whose hash is of the `fields` as given.

    Raises `Forbidden` for an API key that may not write, `KeyReused`, `BadRequest`.
    """
    require(principal, "write", Owned("conversation", principal.user_id))
    if key is None:
        return _create(principal, data)
    reply, _ = run_once(
        user_id=principal.user_id,
        key=key,
        fields=fields or {},
        work=lambda: _create(principal, data).model_dump(mode="json"),
    )
    return ConversationOut.model_validate(reply)


def _create(principal: Principal, data: ConversationCreate) -> ConversationOut:
    now = timezone.now()
    with transaction.atomic():
        row = Conversation(
            owner_id=principal.user_id,
            titled_by=TitledBy.PERSON if data.title else TitledBy.MESSAGE,
            created=now,
            updated=now,
            **data.model_dump(),
        )
        row.save(force_insert=True)
        changes.conversation_created(row)
    return changes.as_seen(row)


def conversation_update(*, principal: Principal, conversation: UUID, data: ConversationUpdate) -> ConversationOut:
    """Change what `data` names; `deleted: false` restores. Raises `NotFound`, `Forbidden`, `BadRequest`."""
    changed = {name: value for name, value in data.model_dump(exclude_unset=True).items() if name != "deleted"}
    for name, value in changed.items():
        if value is None:
            raise BadRequest(f"{name} can't be null.", field=name)
    restore = data.deleted is False
    with transaction.atomic():
        row = _locked(conversation, deleted=restore)
        require(principal, "delete" if restore else "write", Owned("conversation", row.owner_id))
        stored: dict[str, Any] = dict(changed)
        if changed.get("pinned", row.pinned) != row.pinned:
            stored["repinned"] = timezone.now()
        for name, value in changed.items():
            setattr(row, name, value)
        if "title" in changed:
            stored["titled_by"] = TitledBy.PERSON
        if restore and row.deleted_at is not None:
            row.deleted_at = stored["deleted_at"] = None
            changed["deleted"] = False
        if changed:
            Conversation.objects.filter(id=row.id).update(**stored)
            changes.conversation_updated(row, **changed)
    return changes.as_seen(row)


def conversation_delete(*, principal: Principal, conversation: UUID) -> None:
    """Hide a conversation and stop its answers; it can be restored for 30 days. Raises `NotFound`, `Forbidden`."""
    with transaction.atomic():
        row = _locked(conversation, deleted=False)
        require(principal, "delete", Owned("conversation", row.owner_id))
        Conversation.objects.filter(id=row.id).update(deleted_at=timezone.now())
        Generation.objects.filter(conversation_id=row.id, status__in=RUNNING).update(cancel_requested=True)
        changes.conversation_updated(row, deleted=True)


def _locked(conversation: UUID, *, deleted: bool) -> Conversation:
    """The row, locked; a deleted one only where that is asked for."""
    rows = Conversation.objects.select_for_update().filter(id=conversation)
    row = (rows if deleted else rows.filter(deleted_at=None)).first()
    if row is None:
        raise NotFound
    return row

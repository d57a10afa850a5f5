"""A person's message and the answer to it: exactly once for a key."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from django.conf import settings

from backend.accounts.permissions import Owned, require
from backend.accounts.principal import Principal
from backend.chat import context, selectors, titles
from backend.chat.calls import size
from backend.chat.entries import Resolved
from backend.chat.host import GenerationHost, current
from backend.chat.order import Order, Parts
from backend.chat.schemas import ConversationOut, ImagePart, MessageOut, MessageSend, Position, Started
from backend.chat.services.begin import UNNUMBERED, Beginning, Key, begin, replay
from backend.core import limits
from backend.core.errors import AppError, BadRequest
from backend.core.idempotency import check_key, fields_hash
from backend.core.ids import new_epoch, new_id


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where a message goes: a conversation that exists, or a new one (`known` None)."""

    known: selectors.SendPlace | None
    resolved: Resolved


async def message_send(
    *, principal: Principal, command: MessageSend, key: str | None = None, fields: Mapping[str, Any] | None = None
) -> tuple[Started, bool]:
    """Store the message and start its answer; `(reply, replayed)`.

    `fields` are the command's fields as given, for the key's hash. Raises `NotFound`, `BadRequest`, `KeyReused`,
    `ModelUnavailable`, `Unavailable`.
    """
    host = current()
    held = key_of(key, fields)
    found = await admit(principal, held)
    if found is not None:
        return found, True
    try:
        place = await _place(principal, command, host)
    except AppError:
        found = await replay(principal=principal, key=held)
        if found is None:
            raise
        return found, True
    beginning = _beginning(principal, command, place, held)
    return await begin(beginning, host=host, resolved=place.resolved)


async def admit(principal: Principal, key: Key | None) -> Started | None:
    """Count a send; before that, the first reply to a key that was used already. Raises `RateLimited`.

    Without limits nothing is looked up: the key's constraint finds what came before.
    """
    if settings.RIVULET.limits == "off":
        return None
    found = await replay(principal=principal, key=key)
    if found is None:
        await limits.require(limits.SENDS, principal.user)
    return found


def key_of(key: str | None, fields: Mapping[str, Any] | None) -> Key | None:
    """The key with its hash. Raises `BadRequest` for one that can't be stored."""
    if key is None:
        return None
    check_key(key)
    return Key(key, fields_hash(fields or {}))


def parts_of(command: MessageSend) -> Parts:
    """The content as a message's parts."""
    if isinstance(command.content, str):
        return [{"kind": "text", "text": command.content}]
    parts: Parts = []
    for part in command.content:
        if isinstance(part, ImagePart):
            parts.append({"kind": "image", "text": "", **part.image_url.model_dump()})
        else:
            parts.append({"kind": "text", "text": part.text})
    return parts


async def _place(principal: Principal, command: MessageSend, host: GenerationHost) -> Place:
    if command.prompt is not None:
        raise BadRequest("There are no prompt templates here yet.", field="prompt")
    parts = parts_of(command)
    if not any(part["kind"] == "image" or part["text"].strip() for part in parts):
        raise BadRequest("A message needs some text.", field="content")
    host.check()
    if command.conversation is None:
        if command.parent is not None:
            raise BadRequest("A new conversation has no message to answer.", field="parent")
        require(principal, "write", Owned("conversation", principal.user_id))
        return Place(known=None, resolved=await host.resolve(command.model, principal=principal))
    known = await selectors.send_place(
        conversation=command.conversation, parent=command.parent, newest="parent" not in command.model_fields_set
    )
    require(principal, "write", Owned("conversation", known.conversation.owner))
    if command.parent is not None and known.parent is None:
        raise BadRequest("There is no such message in this conversation.", field="parent")
    if known.parent is not None and known.parent_role == "user":
        raise BadRequest("A message follows an answer, not another message.", field="parent")
    return Place(
        known=known, resolved=await host.resolve(command.model or known.conversation.model or None, principal=principal)
    )


def _beginning(principal: Principal, command: MessageSend, place: Place, key: Key | None) -> Beginning:
    now = datetime.now(UTC)
    known, model = place.known, place.resolved.entry.name
    conversation = command.conversation or new_id()
    params = command.params.model_dump(exclude_none=True) if command.params else {}
    parts = parts_of(command)
    text = "".join(part["text"] for part in parts)
    generation = new_id()
    first = UNNUMBERED if known else 1
    asked = MessageOut.model_construct(
        id=new_id(),
        conversation=conversation,
        parent=known.parent if known else None,
        seq=first,
        role="user",
        status="done",
        parts=parts,
        text=text,
        model="",
        params={},
        created=now,
    )
    answer = answer_row(
        conversation=conversation,
        parent=asked.id,
        seq=first if known else 2,
        model=model,
        params=params,
        generation=generation,
        now=now,
    )
    owner = known.conversation.owner if known else principal.user_id
    untitled = known is None or not known.conversation.title
    changed = {}
    if known and untitled:
        changed["title"] = titles.from_text(text)
    if known and known.conversation.model != model and (command.model or not known.conversation.model):
        changed["model"] = model
    order = Order(
        generation=generation,
        epoch=new_epoch(),
        attempt=1,
        user=principal.user_id,
        owner=owner,
        message=answer,
        model=model,
        params=params,
        tools=command.tools,
        messages=None if known else context.request_messages(system="", path=[("user", parts, text)]),
        question=text if untitled else None,
    )
    return Beginning(
        principal=principal,
        key=key,
        conversation=conversation,
        new=None if known else new_conversation(conversation, titles.from_text(text), model, count=3, now=now),
        owner=owner,
        messages=[asked, answer],
        order=order,
        now=now,
        context_tokens=known.above + size(text) if known else 0,
        changed=changed,
    )


def answer_row(
    *,
    conversation: UUID,
    parent: UUID | None,
    seq: int,
    model: str,
    params: dict[str, Any],
    generation: UUID,
    now: datetime,
) -> MessageOut:
    """An assistant message that is about to be written."""
    return MessageOut.model_construct(
        id=new_id(),
        conversation=conversation,
        parent=parent,
        seq=seq,
        role="assistant",
        status="running",
        parts=[],
        text="",
        model=model,
        params=params,
        generation=generation,
        created=now,
    )


def new_conversation(conversation: UUID, title: str, model: str, *, count: int, now: datetime) -> ConversationOut:
    """A conversation that begins with `count` events."""
    return ConversationOut.model_construct(
        id=conversation,
        title=title,
        model=model,
        folder="",
        system="",
        pinned=False,
        archived=False,
        created=now,
        updated=now,
        position=Position.model_construct(epoch=new_epoch(), offset=count),
    )

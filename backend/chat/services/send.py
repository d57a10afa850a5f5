"""A person's message and the answer to it: exactly once for a key."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from django.conf import settings

from backend.accounts.permissions import Owned, require
from backend.accounts.principal import Principal
from backend.catalog.params import merged
from backend.chat import context, selectors, titles, toolbox
from backend.chat.calls import size
from backend.chat.entries import Resolved
from backend.chat.host import GenerationHost, current
from backend.chat.order import Order
from backend.chat.schemas import ConversationOut, MessageOut, MessageSend, Position, Started
from backend.chat.services.begin import UNNUMBERED, Beginning, Key, begin, replay
from backend.chat.services.content import parts_of, question_rows
from backend.core import limits
from backend.core.errors import AppError, BadRequest
from backend.core.idempotency import check_key, fields_hash
from backend.core.ids import new_epoch, new_id
from backend.prompts import use as prompts
from backend.prompts.use import Rendered


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where a message goes: a conversation that exists, or a new one (`known` None)."""

    known: selectors.SendPlace | None
    resolved: Resolved
    prompt: Rendered | None


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


async def _place(principal: Principal, command: MessageSend, host: GenerationHost) -> Place:
    if command.prompt is None:
        prompt = None
        parts_of(command)
        host.check()
    else:
        host.check()
        prompt = await prompts.render(principal, command.prompt)
        parts_of(command, prompt)
    asked = command.model or (prompt.model if prompt else None) or None
    if command.conversation is None:
        if command.parent is not None:
            raise BadRequest("A new conversation has no message to answer.", field="parent")
        require(principal, "write", Owned("conversation", principal.user_id))
        resolved = await host.resolve(asked, principal=principal)
        toolbox.check(command.tools, resolved.entry)
        return Place(known=None, resolved=resolved, prompt=prompt)
    known = await selectors.send_place(
        conversation=command.conversation, parent=command.parent, newest="parent" not in command.model_fields_set
    )
    require(principal, "write", Owned("conversation", known.conversation.owner))
    if command.parent is not None and known.parent is None:
        raise BadRequest("There is no such message in this conversation.", field="parent")
    if known.parent is not None and known.parent_role == "user":
        raise BadRequest("A message follows an answer, not another message.", field="parent")
    resolved = await host.resolve(asked or known.conversation.model or None, principal=principal)
    toolbox.check(command.tools, resolved.entry)
    return Place(known=known, resolved=resolved, prompt=prompt)


def _beginning(principal: Principal, command: MessageSend, place: Place, key: Key | None) -> Beginning:
    now = datetime.now(UTC)
    known, model, prompt = place.known, place.resolved.entry.name, place.prompt
    conversation = command.conversation or new_id()
    params = command.params.model_dump(exclude_none=True) if command.params else {}
    if prompt is not None:
        params = merged(prompt.params, params)
    provenance = prompt.provenance() if prompt else None
    parts = parts_of(command, prompt)
    text = "".join(part["text"] for part in parts)
    generation = new_id()
    above = known.parent if known else None
    rows = question_rows(conversation, above, prompt, parts, text, provenance=provenance, now=now)
    answer = answer_row(
        conversation=conversation,
        parent=rows[-1].id,
        seq=UNNUMBERED,
        model=model,
        params=params,
        generation=generation,
        now=now,
        prompt=provenance,
    )
    messages = [*rows, answer]
    if known is None:
        for seq, message in enumerate(messages, start=1):
            message.seq = seq
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
        messages=None
        if known
        else context.request_messages(system="", path=[(row.role, row.parts, row.text) for row in rows]),
        system=known.conversation.system if known else "",
        question=text if untitled else None,
    )
    return Beginning(
        principal=principal,
        key=key,
        conversation=conversation,
        new=None
        if known
        else new_conversation(conversation, titles.from_text(text), model, count=len(messages) + 1, now=now),
        owner=owner,
        messages=messages,
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
    prompt: dict[str, Any] | None = None,
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
        prompt=prompt,
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

"""The beginning of an answer: one statement stores key, conversation, messages, generation, lease, events, and the
reservation for its call.

It is one statement because a burst of sends is bound by the processor, and because a statement is a transaction: the
key is kept only when all the rest is. A conversation that exists is locked first, so that the offsets of its events
have no holes; a second call with the same key waits there, or at the key, for the first one's commit.
"""

import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec

from backend.accounts.permissions import Owned, require
from backend.accounts.principal import Principal
from backend.chat import bodies
from backend.chat.calls import reservation
from backend.chat.entries import Resolved
from backend.chat.host import GenerationHost
from backend.chat.order import Order, conversation_topic, user_topic
from backend.chat.schemas import ConversationOut, MessageOut, Position, Started
from backend.chat.verbatim import Verbatim, encode
from backend.core import db, outbox
from backend.core.errors import NotFound
from backend.core.idempotency import check_same
from backend.usage.ledger import RESERVE, Purpose, encoded
from backend.usage.refusal import refusals

_encode = msgspec.json.encode


@dataclass(frozen=True, slots=True)
class Key:
    """An idempotency key and the hash of what it stands for."""

    value: str
    hash: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Beginning:
    """What is stored. `messages` are in order, the answer last; `new` is the conversation where it begins here.

    `changed` is what becomes of a known conversation (`title`, `model`). A message's `seq` is
    `UNNUMBERED` until the commit. `purpose` and `context_tokens` are the ledger's: what the call is for and about how
    much of the conversation goes into it.
    """

    principal: Principal
    key: Key | None
    conversation: UUID
    new: ConversationOut | None
    owner: UUID
    messages: Sequence[MessageOut]
    order: Order
    now: datetime
    continues: UUID | None = None
    purpose: Purpose = "chat"
    context_tokens: int = 0
    changed: dict[str, str] = field(default_factory=dict)

    @property
    def reply(self) -> Started:
        """What the caller is told; the same to whoever comes again with the key."""
        asked = [message.id for message in self.messages[:-1] if message.role == "user"]
        return Started.model_construct(
            conversation=self.conversation,
            user_message=asked[-1] if asked else None,
            message=self.order.message.id,
            generation=self.order.generation,
            topic=self.order.topic,
            position=Position.model_construct(epoch=self.order.epoch, offset=0),
        )


async def begin(beginning: Beginning, *, host: GenerationHost, resolved: Resolved) -> tuple[Started, bool]:
    """Store and launch; `(reply, replayed)`. Raises `KeyReused`, `QuotaExceeded`, or `NotFound` where the conversation
    went away.
    """
    reply = beginning.reply
    events = _events(beginning)
    values = _values(beginning, reply=reply, events=events, host=host)
    values["reservation"] = encoded(
        reservation(
            principal=beginning.principal,
            order=beginning.order,
            resolved=resolved,
            purpose=beginning.purpose,
            context_tokens=beginning.context_tokens,
        )
    )
    asked = time.monotonic()
    with refusals():
        async with db.connect() as connection:
            cursor = await connection.execute(
                _statement(new=beginning.new is not None, keyed=beginning.key is not None), values
            )
            row = await cursor.fetchone()
    if row is None:
        replayed = await replay(principal=beginning.principal, key=beginning.key)
        if replayed is None:
            raise NotFound
        return replayed, True
    epoch, position = row
    first = position - len(events) + 1
    beginning.order.message.seq = first + len(beginning.messages) - 1
    host.launch(beginning.order, resolved, owned_at=asked)
    outbox.announce(
        topic=conversation_topic(beginning.conversation),
        epoch=epoch,
        last=position,
        bodies=_numbered(events, first=first),
    )
    return reply, False


async def replay(*, principal: Principal, key: Key | None) -> Started | None:
    """The first reply to this key, if there is one. Raises `KeyReused`, and `NotFound` where access was lost since."""
    if key is None:
        return None
    row = await db.row(_REPLAY, {"user": principal.user_id, "key": key.value})
    if row is None:
        return None
    check_same(stored=row["hash"], given=key.hash)
    if row["owner_id"] is None or row["deleted_at"] is not None:
        raise NotFound
    require(principal, "write", Owned("conversation", row["owner_id"]))
    return Started.model_validate_json(row["reply"])


def _events(beginning: Beginning) -> list[str]:
    """The events of the conversation; those of messages first, since their offsets are the messages' `seq`."""
    order = beginning.order
    events = [bodies.message_created(message) for message in beginning.messages]
    events.append(bodies.generation_started(generation=order.generation, message=order.message.id, epoch=order.epoch))
    if beginning.changed:
        events.append(outbox.encode_event(type="conversation.updated", data=beginning.changed))
    return events


def _numbered(events: list[str], *, first: int) -> list[str]:
    """The bodies as the statement stored them: a message's `seq` is the offset of its event, known at the commit."""
    return [body.replace(_UNNUMBERED, f'"seq":{first + n},', 1) for n, body in enumerate(events)]


def _row(message: MessageOut) -> dict[str, Any]:
    return {
        "id": message.id,
        "parent": message.parent,
        "role": message.role,
        "status": message.status,
        "parts": message.parts,
        "text": message.text,
        "model": message.model,
        "params": message.params,
        "prompt": message.prompt,
    }


def _request(order: Order) -> str:
    if not order.verbatim or order.messages is None:
        return ""
    return encode(Verbatim(order.messages, order.params, order.tools))


def _values(beginning: Beginning, *, reply: Started, events: list[str], host: GenerationHost) -> dict[str, Any]:
    order, messages, new = beginning.order, beginning.messages, beginning.new
    values: dict[str, Any] = {
        "now": beginning.now,
        "user": beginning.principal.user_id,
        "owner": beginning.owner,
        "conversation": beginning.conversation,
        "model": beginning.changed.get("model"),
        "title": beginning.changed.get("title"),
        "messages": _encode([_row(message) for message in messages]).decode(),
        "tools": None if order.tools is None else _encode(order.tools).decode(),
        "request": _request(order),
        "system": order.system or "",
        "message": order.message.id,
        "generation": order.generation,
        "generation_epoch": order.epoch,
        "continues": beginning.continues,
        "host": host.id,
        "lease": host.settings.lease,
        "run_id": host.run_id,
        "topic": conversation_topic(beginning.conversation),
        "bodies": _encode(events).decode(),
        "count": len(events),
        "user_topic": user_topic(beginning.owner),
        "user_body": bodies.conversation_started(
            conversation=beginning.conversation, generation=order.generation, updated=beginning.now, created=new
        ),
    }
    if beginning.key is not None:
        values |= {"key": beginning.key.value, "hash": beginning.key.hash, "reply": reply.model_dump_json()}
    if new is not None:
        values |= {"title": new.title, "epoch": new.position.epoch, "model": new.model}
    return values


UNNUMBERED = -1
_UNNUMBERED = f'"seq":{UNNUMBERED},'
# ids stand before `seq` in a message and nothing else does, so the first place is the right one

_KEY = """INSERT INTO core_idempotencykey (user_id, key, hash, reply)
  SELECT %(user)s, %(key)s, %(hash)s, %(reply)s FROM place
  ON CONFLICT (user_id, key) DO NOTHING RETURNING 1"""

_NO_PLACE = "SELECT 1"
_LOCKED_PLACE = "SELECT 1 FROM chat_conversation WHERE id = %(conversation)s AND deleted_at IS NULL FOR UPDATE"

_NEW_CONVERSATION = """INSERT INTO chat_conversation (id, created, updated, owner_id, title, titled_by, model, system,
    folder, pinned, archived, auth_version, epoch, position)
  SELECT %(conversation)s, %(now)s, %(now)s, %(owner)s, %(title)s, 'message', %(model)s, '', '', false, false, 1,
    %(epoch)s, %(count)s
  FROM key RETURNING epoch, position"""

_KNOWN_CONVERSATION = """UPDATE chat_conversation c
  SET position = c.position + %(count)s, updated = %(now)s, model = coalesce(%(model)s, c.model),
    title = coalesce(%(title)s, c.title)
  FROM key WHERE c.id = %(conversation)s RETURNING c.epoch, c.position"""

_REST = """, messages AS (
  INSERT INTO chat_message (id, created, updated, conversation_id, parent_id, seq, role, status, parts, text, model,
    params, prompt, tools, request, system, reason)
  SELECT m.id, %(now)s, %(now)s, %(conversation)s, m.parent, c.position - %(count)s + m.n, m.role, m.status,
    m.parts, m.text, m.model, m.params, m.prompt, CASE WHEN m.id = %(message)s THEN %(tools)s::jsonb END,
    CASE WHEN m.id = %(message)s THEN %(request)s ELSE '' END, CASE WHEN m.id = %(message)s THEN %(system)s END, ''
  FROM conversation c, ROWS FROM (json_to_recordset(%(messages)s::json) AS (id uuid, parent uuid, role text,
    status text, parts jsonb, text text, model text, params jsonb, prompt jsonb)) WITH ORDINALITY
    AS m(id, parent, role, status, parts, text, model, params, prompt, n)
), generation AS (
  INSERT INTO chat_generation (id, created, updated, conversation_id, message_id, user_id, continues, epoch, attempt,
    status, lease_owner, lease_until, cancel_requested, run_id, checkpoint, checkpoint_offset, terminal_event)
  SELECT %(generation)s, %(now)s, %(now)s, %(conversation)s, %(message)s, %(user)s, %(continues)s,
    %(generation_epoch)s, 1, 'running', %(host)s, now() + make_interval(secs => %(lease)s), false, %(run_id)s, '', 0, ''
  FROM conversation
), call AS (
  __RESERVE__
), events AS (
  INSERT INTO core_outboxevent (topic, epoch, "offset", body)
  SELECT %(topic)s, c.epoch, c.position - %(count)s + e.n,
    regexp_replace(e.body, '"seq":-1,', '"seq":' || (c.position - %(count)s + e.n) || ',')
  FROM conversation c, json_array_elements_text(%(bodies)s::json) WITH ORDINALITY AS e(body, n)
  UNION ALL SELECT %(user_topic)s, '', NULL, %(user_body)s FROM conversation
)
SELECT epoch, position FROM conversation
"""

_REPLAY = """
SELECT k.hash, k.reply, c.owner_id, c.deleted_at FROM core_idempotencykey k
LEFT JOIN chat_conversation c ON c.id = (k.reply::jsonb ->> 'conversation')::uuid
WHERE k.user_id = %(user)s AND k.key = %(key)s
"""


def _compose(*, new: bool, keyed: bool) -> str:
    place = _NO_PLACE if new else _LOCKED_PLACE
    key = _KEY if keyed else "SELECT 1 FROM place"
    conversation = _NEW_CONVERSATION if new else _KNOWN_CONVERSATION
    return f"WITH place AS ({place}), key AS ({key}), conversation AS ({conversation})" + _REST.replace(
        "__RESERVE__", RESERVE.format(source="conversation")
    )


_STATEMENTS = {(new, keyed): _compose(new=new, keyed=keyed) for new in (True, False) for keyed in (True, False)}


def _statement(*, new: bool, keyed: bool) -> str:
    return _STATEMENTS[new, keyed]

"""The end of an answer: one compare-and-set stores message, usage, status and the terminal event with its position, and
settles its call.

Whoever holds the generation's `attempt` may end it, once. The terminal event goes into the log after that, and anyone
may append exactly it where it is missing. While PostgreSQL is away the text is complete and the end waits.
"""

import asyncio

import msgspec
import structlog

from backend.chat import bodies
from backend.chat.order import Ending, conversation_topic, user_topic
from backend.core import db, outbox
from backend.core.errors import Unavailable
from backend.usage.ledger import SETTLE_GENERATION, encoded

log = structlog.get_logger(__name__)

FIRST_PAUSE = 0.2
LONGEST_PAUSE = 2.0


async def store(ending: Ending) -> bool:
    """Store an ending; False: another attempt has it, or it had ended. Waits for as long as PostgreSQL is away."""
    pause = FIRST_PAUSE
    while True:
        try:
            return await _store(ending)
        except Unavailable:
            log.warning("an answer waits for the database to end", generation=str(ending.generation))
            await asyncio.sleep(pause)
            pause = min(LONGEST_PAUSE, pause * 2)


async def _store(ending: Ending) -> bool:
    message, outcome = ending.message, ending.outcome
    status = outcome.status
    events = [
        bodies.message_updated(message),
        bodies.generation_ended(generation=ending.generation, message=message.id, status=status),  # type: ignore[arg-type]
    ]
    changed = bodies.conversation_ended(
        conversation=ending.conversation,
        generation=ending.generation,
        updated=ending.now,
        status=status,  # type: ignore[arg-type]
    )
    encode = msgspec.json.encode
    async with db.connect() as connection:
        cursor = await connection.execute(
            _FINISH,
            {
                "generation": ending.generation,
                "attempt": ending.attempt,
                "conversation": ending.conversation,
                "message": message.id,
                "status": status,
                "epoch": ending.epoch,
                "offset": ending.offset,
                "event": outcome.event.decode(),
                "now": ending.now,
                "parts": encode(message.parts).decode(),
                "text": message.text,
                "model": message.model,
                "usage": encode(message.usage).decode() if message.usage else None,
                "cost": message.cost,
                "timings": encode(message.timings).decode() if message.timings else None,
                "reason": message.reason,
                "error": encode(message.error).decode() if message.error else None,
                "instead_of": encode(message.instead_of).decode() if message.instead_of else None,
                "sources": encode(message.sources).decode() if message.sources else None,
                "topic": conversation_topic(ending.conversation),
                "bodies": encode(events).decode(),
                "count": len(events),
                "user_topic": user_topic(ending.user),
                "user_body": changed,
                "settlement": encoded(ending.settlement),
            },
        )
        row = await cursor.fetchone()
    if row is None:
        return False
    outbox.announce(topic=conversation_topic(ending.conversation), epoch=row[0], last=row[1], bodies=events)
    return True


_FINISH = f"""
WITH generation AS (
  UPDATE chat_generation SET status = %(status)s, terminal_offset = %(offset)s, terminal_event = %(event)s,
    epoch = %(epoch)s, checkpoint = '', lease_until = NULL, updated = %(now)s
  WHERE id = %(generation)s AND attempt = %(attempt)s AND status IN ('queued', 'running')
  RETURNING id
), message AS (
  UPDATE chat_message SET status = %(status)s, parts = %(parts)s::jsonb, text = %(text)s, model = %(model)s,
    usage = %(usage)s::jsonb, cost = %(cost)s::numeric, timings = %(timings)s::jsonb, reason = %(reason)s,
    error = %(error)s::jsonb, instead_of = %(instead_of)s::jsonb, sources = %(sources)s::jsonb,
    updated = %(now)s
  FROM generation WHERE chat_message.id = %(message)s
), conversation AS (
  UPDATE chat_conversation SET position = position + %(count)s, updated = %(now)s
  FROM generation WHERE chat_conversation.id = %(conversation)s
  RETURNING chat_conversation.epoch, chat_conversation.position
), call AS (
  {SETTLE_GENERATION.format(source="generation")}
), events AS (
  INSERT INTO core_outboxevent (topic, epoch, "offset", body)
  SELECT %(topic)s, c.epoch, c.position - %(count)s + e.n, e.body
  FROM conversation c, json_array_elements_text(%(bodies)s::json) WITH ORDINALITY AS e(body, n)
  UNION ALL SELECT %(user_topic)s, '', NULL, %(user_body)s FROM conversation
)
SELECT epoch, position FROM conversation
"""  # noqa: S608

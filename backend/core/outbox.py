"""Events of topics that many write to, stored in the transaction that changes the content and hinted after it.

`publish` is the ordinary way, from a service inside a transaction: it raises the counter on the topic's row, so that
offsets have no holes and their order is the order of the commits. A person's own topic (`user.<id>`) would make every
write of that person wait for the one before; its events are stored without a number by `publish_later`, and `relay`
numbers them in batches. A reader finds an event in the table whether or not its hint arrived.

Statements on hot paths write the same rows themselves (`backend.chat.services.begin`) and call `announce`.
"""

from collections.abc import Sequence
from typing import Any

import msgspec
from django.contrib.auth import get_user_model
from django.db import connection, transaction
from pydantic import BaseModel

from backend.core import db
from backend.core.models import OutboxEvent, TopicRow
from realtime import hints

KEPT_HOURS = 24
RELAY_BATCH = 500

_encode = msgspec.json.Encoder().encode


def encode_event(*, type: str, data: BaseModel | dict[str, Any]) -> str:  # noqa: A002
    """The stored form of an event: a JSON object with `type` and `data`."""
    body = data.model_dump_json() if isinstance(data, BaseModel) else _encode(data).decode()
    return f'{{"type":"{type}","data":{body}}}'


def publish(*, row: TopicRow, topic: str, type: str, data: BaseModel | dict[str, Any]) -> int:  # noqa: A002
    """Store an event of `row`'s topic and hint it on commit; returns its offset.

    `row` is a saved instance; its `position` follows. Raises `TransactionManagementError` outside a transaction.
    """
    transaction.get_connection().validate_no_broken_transaction()
    if not transaction.get_connection().in_atomic_block:
        raise transaction.TransactionManagementError("An event is published in the transaction of its change.")
    body = encode_event(type=type, data=data)
    table = connection.ops.quote_name(row._meta.db_table)
    with connection.cursor() as cursor:
        cursor.execute(
            f"UPDATE {table} SET position = position + 1 WHERE id = %s RETURNING epoch, position",  # noqa: S608
            [row.pk],
        )
        epoch, offset = cursor.fetchone()
    OutboxEvent.objects.create(topic=topic, epoch=epoch, offset=offset, body=body)
    row.epoch, row.position = epoch, offset
    transaction.on_commit(lambda: hints.announce(topic, epoch, offset, body.encode()))
    return int(offset)


def publish_later(*, topic: str, type: str, data: BaseModel | dict[str, Any]) -> None:  # noqa: A002
    """Store an event of a person's topic; a node's `relay` numbers and hints it within a second."""
    OutboxEvent.objects.create(topic=topic, body=encode_event(type=type, data=data))


def announce(*, topic: str, epoch: str, last: int, bodies: Sequence[str]) -> None:
    """Hint events that a hot statement has committed; `last` is the offset of the last body."""
    hints.announce_all(topic, epoch, last - len(bodies) + 1, [body.encode() for body in bodies])


async def relay() -> int:
    """Number the waiting events of people's topics, in one statement, and hint them. Returns how many there were."""
    table = get_user_model()._meta.db_table
    async with db.connect() as connection:
        cursor = await connection.execute(_RELAY.replace("{users}", table), {"batch": RELAY_BATCH})
        rows = await cursor.fetchall()
    for topic, epoch, offset, body in sorted(rows):
        if offset:
            hints.announce(topic, epoch, offset, body.encode())
    return len(rows)


async def trim() -> None:
    """Forget events that are older than `KEPT_HOURS`: a client that comes back later gets a snapshot."""
    async with db.connect() as connection:
        await connection.execute(
            "DELETE FROM core_outboxevent WHERE created < now() - make_interval(hours => %s)", [KEPT_HOURS]
        )


# Rows are locked in one order (events by id, then people by id), so that nodes neither wait in a circle nor take the
# same event twice. An event of a person who is gone gets number 0, which nobody reads and `trim` deletes.
_RELAY = """
WITH waiting AS (
  SELECT id, topic FROM core_outboxevent WHERE "offset" IS NULL ORDER BY id LIMIT %(batch)s FOR UPDATE SKIP LOCKED
), numbered AS (
  SELECT id, topic, row_number() OVER (PARTITION BY topic ORDER BY id) AS n, count(*) OVER (PARTITION BY topic) AS of
  FROM waiting
), people AS (
  SELECT u.id, 'user.' || u.id AS topic, max(numbered.of) AS of
  FROM numbered JOIN {users} u ON u.id = substr(numbered.topic, 6)::uuid GROUP BY u.id ORDER BY u.id
), moved AS (
  UPDATE {users} u SET position = u.position + people.of FROM people WHERE u.id = people.id
  RETURNING people.topic, u.epoch, u.position - people.of AS base
)
UPDATE core_outboxevent e
SET epoch = coalesce(moved.epoch, e.id::text), "offset" = coalesce(moved.base + numbered.n, 0)
FROM numbered LEFT JOIN moved USING (topic)
WHERE e.id = numbered.id
RETURNING e.topic, e.epoch, e."offset", e.body
"""

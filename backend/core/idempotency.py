"""Writes that happen once: a key that the caller chose, the hash of what it asked for, and the first reply.

One key space for a person. Only a commit keeps a key: whoever comes second with the same key waits for the first
one's transaction, then gets its reply, or finds the key free because the first one failed. Statements on hot paths
insert the row themselves (`backend.chat.services.begin`).
"""

import hashlib
import json
from collections.abc import Callable, Mapping
from typing import Any
from uuid import UUID

import msgspec
from django.db import connection, transaction

from backend.core import db
from backend.core.errors import BadRequest, KeyReused

KEPT_HOURS = 25
MAX_KEY = 200


def fields_hash(fields: Mapping[str, Any]) -> str:
    """SHA-256 (hex) of the command's fields as given, in canonical JSON; without its id and its key."""
    text = json.dumps(fields, sort_keys=True, separators=(",", ":"), ensure_ascii=False, default=str)
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def check_key(key: str) -> None:
    """Raise `BadRequest` for a key that can't be stored."""
    if not 1 <= len(key) <= MAX_KEY or "\0" in key:
        raise BadRequest(f"client_msg_id (Idempotency-Key) has 1 to {MAX_KEY} characters.", field="client_msg_id")


def check_same(*, stored: str, given: str) -> None:
    """Raise `KeyReused` when the key was first used for another body."""
    if stored != given:
        raise KeyReused


def run_once(
    *, user_id: UUID, key: str, fields: Mapping[str, Any], work: Callable[[], dict[str, Any]]
) -> tuple[dict[str, Any], bool]:
    """Run `work` in a transaction unless the key has a reply: `(reply, replayed)`. Raises `KeyReused`."""
    check_key(key)
    wanted = fields_hash(fields)
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO core_idempotencykey (user_id, key, hash, reply) VALUES (%s, %s, %s, '') "
            "ON CONFLICT (user_id, key) DO NOTHING RETURNING id",
            [user_id, key, wanted],
        )
        row = cursor.fetchone()
        if row is None:
            cursor.execute(
                "SELECT hash, reply FROM core_idempotencykey WHERE user_id = %s AND key = %s", [user_id, key]
            )
            stored, reply = cursor.fetchone()
            check_same(stored=stored, given=wanted)
            return msgspec.json.decode(reply), True
        result = work()
        cursor.execute(
            "UPDATE core_idempotencykey SET reply = %s WHERE id = %s", [msgspec.json.encode(result).decode(), row[0]]
        )
    return result, False


async def trim() -> None:
    """Forget keys that are older than `KEPT_HOURS`."""
    async with db.connect() as found:
        await found.execute(
            "DELETE FROM core_idempotencykey WHERE created < now() - make_interval(hours => %s)", [KEPT_HOURS]
        )

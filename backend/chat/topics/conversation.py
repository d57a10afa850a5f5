"""`conversation.<id>`: its messages and answers, as they come and change."""

from collections.abc import Sequence
from typing import Any

from psycopg import AsyncConnection

from backend.accounts.permissions import Owned, may
from backend.accounts.principal import Principal
from backend.chat.events import ConversationSnapshot, RunningGeneration
from backend.chat.order import topic_of
from backend.chat.rows import CONVERSATION_COLUMNS, as_id, conversation_out
from backend.chat.selectors.lists import message_page_on
from backend.chat.topics.outbox_kind import OutboxKind
from backend.core import db
from backend.core.errors import NotFound
from realtime import Position, Snapshot

SHOWN_MESSAGES = 50


class ConversationKind(OutboxKind):
    """Followed by everyone who has the conversation open."""

    name = "conversation"
    presence = True
    TABLE = "chat_conversation"
    VISIBLE = "deleted_at IS NULL"

    async def authorize(self, *, principal: Principal, topic: str) -> None:
        """Whoever may read the conversation."""
        if not (await self.authorized([(principal, topic)]))[0]:
            raise NotFound

    async def authorized(self, pairs: Sequence[tuple[Any, str]]) -> list[bool]:
        """One query for all."""
        ids = [as_id(topic.partition(".")[2]) for _, topic in pairs]
        known = await db.rows(_OWNERS, {"ids": [found for found in ids if found]})
        owners = {row["id"]: row["owner_id"] for row in known}
        return [
            found in owners and may(principal, "read", Owned("conversation", owners[found]))
            for found, (principal, _) in zip(ids, pairs, strict=True)
        ]

    async def snapshot(self, *, topic: str) -> Snapshot:
        """The conversation, its last messages and its running answers, all as of one moment."""
        async with db.connect() as connection, connection.transaction():
            await connection.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")
            return await self._snapshot(connection, topic)

    async def _snapshot(self, connection: AsyncConnection[Any], topic: str) -> Snapshot:
        found = self.topic_id(topic)
        row = await db.row(_CONVERSATION, {"id": found}, on=connection)
        if row is None:
            raise NotFound
        page = await message_page_on(connection, conversation=found, limit=SHOWN_MESSAGES)
        running = await db.rows(_RUNNING, {"id": found}, on=connection)
        data = ConversationSnapshot.model_construct(
            conversation=conversation_out(row),
            messages=page.items,
            running=[running_generation(entry) for entry in running],
            next=page.next,
        )
        return Snapshot(Position(row["epoch"], row["position"]), data.model_dump(mode="json"))


def running_generation(row: dict[str, Any]) -> RunningGeneration:
    """A row of `id`, `message_id` and `conversation_id` as an entry of `running`."""
    return RunningGeneration.model_construct(
        generation=row["id"],
        message=row["message_id"],
        conversation=row["conversation_id"],
        topic=topic_of(row["id"]),
    )


_OWNERS = "SELECT id, owner_id FROM chat_conversation WHERE id = ANY(%(ids)s) AND deleted_at IS NULL"

_CONVERSATION = f"""
SELECT {CONVERSATION_COLUMNS} FROM chat_conversation c WHERE c.id = %(id)s AND c.deleted_at IS NULL
"""  # noqa: S608

_RUNNING = """
SELECT id, message_id, conversation_id FROM chat_generation
WHERE conversation_id = %(id)s AND status IN ('queued', 'running') ORDER BY id
"""

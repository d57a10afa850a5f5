"""`user.<id>`: what a person's list of conversations needs to follow, on every device."""

from django.contrib.auth import get_user_model

from backend.accounts.permissions import Owned, may
from backend.accounts.principal import Principal
from backend.chat.events import UserSnapshot
from backend.chat.topics.conversation import running_generation
from backend.chat.topics.outbox_kind import OutboxKind
from backend.core import db
from backend.core.errors import NotFound
from realtime import Position, Snapshot


class UserKind(OutboxKind):
    """A person's own topic; nobody else's."""

    name = "user"
    TABLE = get_user_model()._meta.db_table
    VISIBLE = "is_active"

    async def authorize(self, *, principal: Principal, topic: str) -> None:
        """The person, with a credential that may read their conversations."""
        if not may(principal, "read", Owned("conversation", self.topic_id(topic))):
            raise NotFound

    async def snapshot(self, *, topic: str) -> Snapshot:
        """What is running. `unread` counts notifications, of which there are none yet."""
        found = self.topic_id(topic)
        async with db.connect() as connection, connection.transaction():
            await connection.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")
            row = await db.row(_PERSON.replace("{users}", self.TABLE), {"id": found}, on=connection)
            running = await db.rows(_RUNNING, {"id": found}, on=connection)
        if row is None:
            raise NotFound
        data = UserSnapshot.model_construct(unread=0, running=[running_generation(entry) for entry in running])
        return Snapshot(Position(row["epoch"], row["position"]), data.model_dump(mode="json"))


_PERSON = "SELECT epoch, position FROM {users} WHERE id = %(id)s AND is_active"

_RUNNING = """
SELECT g.id, g.message_id, g.conversation_id FROM chat_generation g
JOIN chat_conversation c ON c.id = g.conversation_id
WHERE g.user_id = %(id)s AND g.status IN ('queued', 'running') AND c.deleted_at IS NULL ORDER BY g.id
"""

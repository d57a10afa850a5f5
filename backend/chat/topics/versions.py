"""The numbers by which sockets notice that somebody may no longer see something."""

from collections.abc import Mapping, Sequence

from django.contrib.auth import get_user_model

from backend.chat.rows import as_id
from backend.core import db


async def topic_versions(*, users: Sequence[str], topics: Sequence[str]) -> Mapping[str, int]:
    """Of people (`user.<id>`), conversations and generations, in one query; what is gone is left out."""
    ids: dict[str, list[object]] = {"conversation": [], "generation": []}
    for topic in topics:
        kind, _, rest = topic.partition(".")
        if kind in ids and (found := as_id(rest)):
            ids[kind].append(found)
    known = await db.rows(
        _VERSIONS.replace("{users}", get_user_model()._meta.db_table),
        {"users": [found for user in users if (found := as_id(user))], **ids},
    )
    return {row["topic"]: row["version"] for row in known}


_VERSIONS = """
SELECT 'user.' || id AS topic, auth_version AS version FROM {users} WHERE id = ANY(%(users)s) AND is_active
UNION ALL
SELECT 'conversation.' || id, auth_version FROM chat_conversation
WHERE id = ANY(%(conversation)s) AND deleted_at IS NULL
UNION ALL
SELECT 'generation.' || g.id, c.auth_version FROM chat_generation g
JOIN chat_conversation c ON c.id = g.conversation_id
WHERE g.id = ANY(%(generation)s) AND c.deleted_at IS NULL
"""

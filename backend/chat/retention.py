"""Deleted conversations go for good once nobody can restore them any more."""

from django.conf import settings
from django.db import connection

from backend.core.db import in_thread

AT_ONCE = 100


def purge(*, days: int, dry: bool = False) -> int:
    """Delete for good what was deleted over `days` days ago, or only count it; how many conversations."""
    with connection.cursor() as cursor:
        if dry:
            cursor.execute(_COUNT, {"days": days})
            return int(cursor.fetchone()[0])
        count = 0
        while True:
            cursor.execute(_PURGE, {"days": days, "limit": AT_ONCE})
            gone = int(cursor.rowcount)
            count += gone
            if gone < AT_ONCE:
                return count


async def purge_deleted() -> None:
    """The same by the site's setting."""
    if days := settings.RIVULET.deleted_days:
        await in_thread(purge, days=days)


_OLD = "FROM chat_conversation WHERE deleted_at < now() - make_interval(days => %(days)s)"

_COUNT = f"SELECT count(*) {_OLD}"

_PURGE = f"""
WITH old AS (SELECT id {_OLD} ORDER BY deleted_at LIMIT %(limit)s FOR UPDATE SKIP LOCKED),
  generations AS (DELETE FROM chat_generation WHERE conversation_id IN (SELECT id FROM old)),
  messages AS (DELETE FROM chat_message WHERE conversation_id IN (SELECT id FROM old))
DELETE FROM chat_conversation c USING old WHERE c.id = old.id
"""  # noqa: S608

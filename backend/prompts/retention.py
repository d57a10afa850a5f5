"""Deleted templates go for good once nobody can restore them any more.

What was made with one keeps its record: messages and jobs hold its name, its version and what was asked.
"""

from django.db import connection

AT_ONCE = 100


def purge(*, days: int, dry: bool = False) -> int:
    """Delete for good what was deleted over `days` days ago, or only count it; how many templates."""
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


_OLD = "FROM prompts_template WHERE deleted_at < now() - make_interval(days => %(days)s)"

_COUNT = f"SELECT count(*) {_OLD}"

_PURGE = f"""
WITH old AS (SELECT id {_OLD} ORDER BY deleted_at LIMIT %(limit)s FOR UPDATE SKIP LOCKED),
  labels AS (DELETE FROM prompts_label WHERE template_id IN (SELECT id FROM old)),
  shares AS (DELETE FROM prompts_share WHERE template_id IN (SELECT id FROM old)),
  versions AS (DELETE FROM prompts_templateversion WHERE template_id IN (SELECT id FROM old))
DELETE FROM prompts_template t USING old WHERE t.id = old.id
"""  # noqa: S608

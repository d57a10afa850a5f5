"""What chat knows of the ledger: which calls belong to answers that are over, and whether answers and calls agree."""

from django.db import connection

from backend.usage.books import Ledgered


def sweep() -> int:
    """Give up calls whose answer has ended or is gone."""
    with connection.cursor() as cursor:
        cursor.execute(_ORPHANS)
        return int(cursor.rowcount)


def prove() -> list[str]:
    """Answers of the last days without a call, and those whose usage is not that of their calls."""
    with connection.cursor() as cursor:
        cursor.execute(_WITHOUT)
        problems = [f"The answer {row[0]} has no call in the ledger." for row in cursor.fetchall()]
        cursor.execute(_DIFFERENT)
        return problems + [f"The answer {row[0]} says other tokens than its calls." for row in cursor.fetchall()]


ledgered = Ledgered("chat", sweep, prove)

_ORPHANS = """
UPDATE usage_call c SET status = 'lost', settled = now()
WHERE c.status = 'reserved' AND c.generation IS NOT NULL AND c.step > 0 AND c.created < now() - interval '1 minute'
  AND NOT EXISTS (
    SELECT 1 FROM chat_generation g WHERE g.id = c.generation AND g.status IN ('queued', 'running')
  )
"""

_WITHOUT = """
SELECT g.id FROM chat_generation g
WHERE g.created > greatest((SELECT min(created) FROM usage_call), now() - interval '8 days')
  AND NOT EXISTS (SELECT 1 FROM usage_call c WHERE c.generation = g.id AND c.step > 0)
LIMIT 20
"""

_DIFFERENT = """
SELECT g.id FROM chat_generation g JOIN chat_message m ON m.id = g.message_id
JOIN LATERAL (
  SELECT sum(c.input_tokens) AS into, sum(c.output_tokens) AS out, bool_or(c.status = 'reserved') AS open
  FROM usage_call c WHERE c.generation = g.id AND c.step > 0
) calls ON calls.into IS NOT NULL AND NOT calls.open
WHERE g.created > now() - interval '8 days' AND g.status NOT IN ('queued', 'running')
  AND (calls.into, calls.out) IS DISTINCT FROM
    (coalesce((m.usage ->> 'input_tokens')::bigint, 0), coalesce((m.usage ->> 'output_tokens')::bigint, 0))
LIMIT 20
"""

"""What a search found, in a few words: plain text round the hit."""

import re
from collections.abc import Sequence
from typing import Any
from uuid import UUID

from backend.chat.models import SEARCHED_CHARS
from backend.core import db

SNIPPET_CHARS = 120
"""About so long is a snippet, its ellipses apart."""
LEAD_CHARS = 40
WINDOW_CHARS = 2000
"""So much on either side of the first word's first place is read of a text that may be long."""

MATCHES = f"""m.role <> 'system'
  AND to_tsvector('simple'::regconfig, COALESCE("left"(m.text, {SEARCHED_CHARS}), ''))
    @@ to_tsquery('simple'::regconfig, %(words)s)"""
"""Of a message `m`: it has all of `words`; in the very words of the index."""

_WINDOWS = f"""
SELECT f.conversation_id, substring(f.text FROM greatest(f.place - {WINDOW_CHARS}, 1) FOR {2 * WINDOW_CHARS}) AS text,
  f.place > {WINDOW_CHARS} + 1 AS cut
FROM (SELECT DISTINCT ON (m.conversation_id) m.conversation_id, m.text, strpos(lower(m.text), lower(%(first)s)) AS place
  FROM chat_message m WHERE m.conversation_id = ANY(%(ids)s) AND {MATCHES}
  ORDER BY m.conversation_id, m.seq DESC) f
"""  # noqa: S608

_MARKUP = re.compile(r"(?m)^\s*(?:#{1,6}|>|[-*+]|```\w*)\s+|[*`|]+|\[([^\]\n]*)\]\([^)\n]*\)")


async def snippets(*, conversations: Sequence[UUID], words: Sequence[str], query: str) -> dict[UUID, str]:
    """The newest message of each conversation that has all `words`; `query` is the same for PostgreSQL."""
    if not conversations or not words:
        return {}
    values: dict[str, Any] = {"ids": list(conversations), "words": query, "first": words[0]}
    found = await db.rows(_WINDOWS, values)
    return {row["conversation_id"]: snippet(row["text"], words, cut=row["cut"]) for row in found}


def snippet(text: str, words: Sequence[str], *, cut: bool = False) -> str:
    """`text` in one line without its markup, round the first word that begins like one of `words`.

    `…` stands where it was cut; `cut` says that more text stood before this.
    """
    plain = " ".join(_MARKUP.sub(lambda mark: mark[1] or " ", text).split())
    hit = re.search(rf"\b(?:{'|'.join(map(re.escape, words))})", plain, re.IGNORECASE)
    at = hit.start() if hit else 0
    start = 0 if at <= LEAD_CHARS else plain.rfind(" ", 0, at - LEAD_CHARS) + 1
    if at - start > 2 * LEAD_CHARS:
        start = at - LEAD_CHARS
    end = len(plain) if len(plain) - start <= SNIPPET_CHARS else start + SNIPPET_CHARS
    if end < len(plain):
        space = plain.rfind(" ", at + 1, end)
        end = space if space > 0 else end
    before = "…" if start > 0 or cut else ""
    after = "…" if end < len(plain) else ""
    return f"{before}{plain[start:end].strip()}{after}"

"""What a provider is asked: the path of the tree above an answer, in OpenAI's shape."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from backend.core import db

MAX_PATH = 4000


async def messages_above(*, conversation: UUID, parent: UUID | None, system: str | None = None) -> list[dict[str, Any]]:
    """The system prompt and the messages from the root down to `parent`, oldest first.

    `system` is the conversation's as it was when the answer was first asked for; None: as it is now.
    """
    async with db.connect() as connection:
        cursor = await connection.execute(_PATH, {"conversation": conversation, "parent": parent, "limit": MAX_PATH})
        rows = await cursor.fetchall()
    if system is None:
        system = next((text for depth, _, _, text in rows if depth < 0), "")
    path = [(role, parts, text) for depth, role, parts, text in rows if depth >= 0]
    return request_messages(system=system, path=path)


def request_messages(*, system: str, path: Sequence[tuple[str, list[dict[str, Any]], str]]) -> list[dict[str, Any]]:
    """`path` holds `(role, parts, text)`; an answer that came to nothing is left out."""
    found: list[dict[str, Any]] = [{"role": "system", "content": system}] if system else []
    for role, parts, text in path:
        content = _content(role, parts, text)
        if content:
            found.append({"role": role, "content": content})
    return found


def _content(role: str, parts: list[dict[str, Any]], text: str) -> str | list[dict[str, Any]]:
    if role == "assistant":
        return text or "\n".join(part["text"] for part in parts if part["kind"] == "tool")
    if any(part["kind"] == "image" for part in parts):
        return [_content_part(part) for part in parts]
    return text


def _content_part(part: dict[str, Any]) -> dict[str, Any]:
    if part["kind"] == "image":
        return {"type": "image_url", "image_url": {"url": part["url"], "detail": part.get("detail", "auto")}}
    return {"type": "text", "text": part["text"]}


_PATH = """
WITH RECURSIVE path AS (
  SELECT id, parent_id, role, parts, text, 0 AS depth FROM chat_message
  WHERE id = %(parent)s AND conversation_id = %(conversation)s
  UNION ALL
  SELECT m.id, m.parent_id, m.role, m.parts, m.text, path.depth + 1 FROM chat_message m
  JOIN path ON m.id = path.parent_id WHERE path.depth < %(limit)s
)
SELECT -1 AS depth, '' AS role, '[]'::jsonb AS parts, system AS text FROM chat_conversation WHERE id = %(conversation)s
UNION ALL
SELECT depth, role, parts, text FROM path
ORDER BY depth DESC
"""

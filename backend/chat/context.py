"""What a provider is asked: the path of the tree above an answer, in OpenAI's shape."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from backend.chat import tool_prompt
from backend.chat.fold import is_answered, open_text
from backend.core import db

MAX_PATH = 4000

Turn = tuple[str, list[dict[str, Any]], str]
"""A message's role, parts and text."""


async def messages_above(
    *, conversation: UUID, parent: UUID | None, system: str | None = None, native: bool = False
) -> list[dict[str, Any]]:
    """The system prompt and the messages from the root down to `parent`, oldest first.

    `system` is the conversation's as it was when the answer was first asked for; None: as it is now. `native`: calls of
    tools go as such, not as words.
    """
    async with db.connect() as connection:
        cursor = await connection.execute(_PATH, {"conversation": conversation, "parent": parent, "limit": MAX_PATH})
        rows = await cursor.fetchall()
    if system is None:
        system = next((text for depth, _, _, text in rows if depth < 0), "")
    path = [(role, parts, text) for depth, role, parts, text in rows if depth >= 0]
    return request_messages(system=system, path=path, native=native)


def request_messages(*, system: str, path: Sequence[Turn], native: bool = False) -> list[dict[str, Any]]:
    """An answer that came to nothing is left out; what tools found for it is told as far as there is room."""
    found: list[dict[str, Any]] = [{"role": "system", "content": system}] if system else []
    told, calls = _told(path), tool_prompt.Calls()
    for number, (role, parts, text) in enumerate(path):
        if number in told and native and (rest := open_text(parts)):
            found += [*calls.turns(parts, most=tool_prompt.EARLIER_EACH), {"role": role, "content": rest}]
            continue
        if number in told:
            found = tool_prompt.beside_question(found, tool_prompt.in_words(parts, most=tool_prompt.EARLIER_EACH))
        content = _content(role, parts, text)
        if content:
            found.append({"role": role, "content": content})
    return found


def _told(path: Sequence[Turn]) -> set[int]:
    """Which answers' results are told again: the newest that there is room for."""
    found: set[int] = set()
    room = tool_prompt.EARLIER_ALL
    for number in range(len(path) - 1, -1, -1):
        role, parts, _ = path[number]
        if role == "assistant" and any(map(is_answered, parts)):
            room -= tool_prompt.result_size(parts, most=tool_prompt.EARLIER_EACH)
            if room < 0:
                break
            found.add(number)
    return found


def _content(role: str, parts: list[dict[str, Any]], text: str) -> str | list[dict[str, Any]]:
    if role == "assistant":
        return text
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

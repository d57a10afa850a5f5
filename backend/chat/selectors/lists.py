"""Lists by cursor: conversations of a person, searched or not, and the messages of a conversation.

The list of conversations moves while it is read: whatever is said in one lifts it to the top. A cursor therefore holds
the moment of the first page, and every further page is in the order of that moment: no row comes twice, and none is
passed over that was there all along.
"""

import base64
import re
from datetime import datetime
from typing import Any, TypeVar
from uuid import UUID

import msgspec
from psycopg import AsyncConnection

from backend.chat.rows import CONVERSATION_COLUMNS, MESSAGE_COLUMNS, MESSAGE_TABLES, conversation_listed, message_out
from backend.chat.schemas import ConversationPage, MessagePage
from backend.chat.selectors.snippets import MATCHES, snippets
from backend.core import db
from backend.core.errors import BadRequest

MAX_LIMIT = 100
MAX_QUERY_CHARS = 200

T = TypeVar("T")

_WORD = re.compile(r"\w+", re.UNICODE)


class _ConversationCursor(msgspec.Struct, array_like=True):
    pinned: bool
    updated: datetime
    id: UUID
    moment: datetime


async def conversation_page(
    *,
    owner: UUID,
    cursor: str | None = None,
    limit: int = 50,
    query: str = "",
    archived: bool = False,
    folder: str | None = None,
) -> ConversationPage:
    """Pinned ones first, then by their last activity. `query` looks in titles and texts; words match by beginning."""
    limit = max(1, min(limit, MAX_LIMIT))
    after = _read(cursor, _ConversationCursor)
    words = _WORD.findall(query[:MAX_QUERY_CHARS])
    values: dict[str, Any] = {
        "owner": owner,
        "archived": archived,
        "folder": folder,
        "limit": limit + 1,
        "pinned": after.pinned if after else None,
        "updated": after.updated if after else None,
        "id": after.id if after else None,
        "moment": after.moment if after else None,
        "title": f"%{_escape(query.strip()[:MAX_QUERY_CHARS])}%",
        "words": " & ".join(f"'{word}':*" for word in words),
    }
    found = await db.rows(
        _conversations(after=after is not None, searched=bool(query.strip()), words=bool(words)), values
    )
    page, more = found[:limit], len(found) > limit
    last = page[-1] if page else None
    following = None
    if more and last:
        following = _ConversationCursor(last["was_pinned"], last["was_updated"], last["id"], last["moment"])
    texts = await snippets(conversations=[row["id"] for row in page], words=words, query=values["words"])
    return ConversationPage.model_construct(
        items=[conversation_listed(row, snippet=texts.get(row["id"])) for row in page],
        next=None if following is None else _write(following),
    )


async def message_page(*, conversation: UUID, cursor: str | None = None, limit: int = 50) -> MessagePage:
    """The last `limit` messages before the cursor, in the order of the conversation."""
    async with db.connect() as connection:
        return await message_page_on(connection, conversation=conversation, cursor=cursor, limit=limit)


async def message_page_on(
    connection: AsyncConnection[Any], *, conversation: UUID, cursor: str | None = None, limit: int = 50
) -> MessagePage:
    """The same, within a caller's transaction."""
    limit = max(1, min(limit, MAX_LIMIT))
    before = _read(cursor, int)
    found = await db.rows(
        f"SELECT {MESSAGE_COLUMNS} FROM {MESSAGE_TABLES} WHERE m.conversation_id = %(id)s "  # noqa: S608
        "AND m.seq < %(before)s ORDER BY m.seq DESC LIMIT %(limit)s",
        {"id": conversation, "before": 2**62 if before is None else before, "limit": limit + 1},
        on=connection,
    )
    page = found[:limit]
    return MessagePage.model_construct(
        items=[message_out(row) for row in reversed(page)],
        next=_write(page[-1]["seq"]) if len(found) > limit else None,
    )


def _conversations(*, after: bool, searched: bool, words: bool) -> str:
    conditions = [
        "c.owner_id = %(owner)s",
        "c.deleted_at IS NULL",
        "(%(folder)s::text IS NULL OR c.folder = %(folder)s)",
    ]
    if not searched:
        conditions.append("c.archived = %(archived)s")
    if searched:
        in_text = f" OR c.id IN ({_MATCHING})" if words else ""
        conditions.append(f"(c.title ILIKE %(title)s{in_text})")
    return (_FURTHER_PAGE if after else _FIRST_PAGE).format(conditions=" AND ".join(conditions))


_NEWEST = """(SELECT greatest(max(n.updated), max(n.repinned)) FROM chat_conversation n
  WHERE n.owner_id = %(owner)s)"""
"""The moment of a list is its last change, not the clock's: whatever comes later is later than this."""

_FIRST_PAGE = f"""
SELECT {CONVERSATION_COLUMNS}, c.pinned AS was_pinned, c.updated AS was_updated, {_NEWEST} AS moment
FROM chat_conversation c WHERE {{conditions}}
ORDER BY c.pinned DESC, c.updated DESC, c.id DESC LIMIT %(limit)s
"""  # noqa: S608

_FURTHER_PAGE = f"""
SELECT {CONVERSATION_COLUMNS}, c.was_pinned, c.was_updated, %(moment)s::timestamptz AS moment FROM (
  (SELECT c.*, c.pinned AS was_pinned, c.updated AS was_updated FROM chat_conversation c
  WHERE {{conditions}} AND c.updated <= %(moment)s AND (c.repinned IS NULL OR c.repinned <= %(moment)s)
    AND (c.pinned, c.updated, c.id) < (%(pinned)s, %(updated)s, %(id)s)
  ORDER BY c.pinned DESC, c.updated DESC, c.id DESC LIMIT %(limit)s)
  UNION ALL
  SELECT c.*, was.pinned, was.updated FROM chat_conversation c CROSS JOIN LATERAL (
    SELECT c.pinned <> coalesce(c.repinned > %(moment)s, false) AS pinned,
      CASE WHEN c.updated <= %(moment)s THEN c.updated ELSE coalesce(
        (SELECT greatest(max(m.created), max(m.updated) FILTER (WHERE m.updated <= %(moment)s))
        FROM chat_message m WHERE m.conversation_id = c.id AND m.created <= %(moment)s), c.created) END AS updated
  ) was
  WHERE {{conditions}} AND (c.updated > %(moment)s OR c.repinned > %(moment)s)
    AND (was.pinned, was.updated, c.id) < (%(pinned)s, %(updated)s, %(id)s)
) c ORDER BY c.was_pinned DESC, c.was_updated DESC, c.id DESC LIMIT %(limit)s
"""  # noqa: S608
"""What did not change since the first page is read in order from the index; the few that did, where they stood then."""

_MATCHING = f"""
SELECT m.conversation_id FROM chat_message m JOIN chat_conversation o ON o.id = m.conversation_id
WHERE o.owner_id = %(owner)s AND {MATCHES}
"""  # noqa: S608


def _escape(text: str) -> str:
    return text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_").replace("\0", "")


def _write(cursor: object) -> str:
    return base64.urlsafe_b64encode(msgspec.json.encode(cursor)).decode().rstrip("=")


def _read(cursor: str | None, kind: type[T]) -> T | None:
    if not cursor:
        return None
    try:
        return msgspec.json.decode(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)), type=kind)
    except (ValueError, msgspec.MsgspecError) as error:
        raise BadRequest("This cursor is not one of ours.", field="cursor") from error

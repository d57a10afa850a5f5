"""A completion of the OpenAI API with `store: true`: a conversation of its own, and an answer like any other."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from backend.accounts.permissions import Completions, require
from backend.accounts.principal import Principal
from backend.chat import titles
from backend.chat.host import current
from backend.chat.order import Order, Parts
from backend.chat.schemas import MessageOut, RoleName, Started
from backend.chat.services.begin import Beginning, begin
from backend.chat.services.send import answer_row, new_conversation
from backend.core.errors import BadRequest
from backend.core.ids import new_epoch, new_id

ROLES: dict[str, RoleName] = {
    "system": "system",
    "developer": "system",
    "user": "user",
    "assistant": "assistant",
    "tool": "user",
}


async def completion_store(
    *,
    principal: Principal,
    messages: Sequence[dict[str, Any]],
    model: str | None,
    params: dict[str, Any],
    tools: list[dict[str, Any]] | None = None,
    prompt: dict[str, Any] | None = None,
) -> Started:
    """Keep `messages` (OpenAI's shape, checked by the caller) as a conversation and start the answer to them.

    `prompt` is what they remember of a template that is among them.
    The provider gets the messages as they were given. Raises `BadRequest`, `ModelUnavailable`, `Unavailable`.
    """
    host = current()
    host.check()
    require(principal, "write", Completions())
    if not messages:
        raise BadRequest("There has to be a message.", field="messages")
    resolved = await host.resolve(model, principal=principal)
    now, conversation, name = datetime.now(UTC), new_id(), resolved.entry.name
    rows = _rows(conversation, messages, now)
    answer = answer_row(
        conversation=conversation,
        parent=rows[-1].id,
        seq=len(rows) + 1,
        model=name,
        params=params,
        generation=new_id(),
        now=now,
        prompt=prompt,
    )
    assert answer.generation is not None
    asked = next((row.text for row in rows if row.role == "user"), rows[0].text)
    order = Order(
        generation=answer.generation,
        epoch=new_epoch(),
        attempt=1,
        user=principal.user_id,
        owner=principal.user_id,
        message=answer,
        model=name,
        params=params,
        tools=tools,
        messages=list(messages),
        verbatim=True,
    )
    beginning = Beginning(
        principal=principal,
        key=None,
        conversation=conversation,
        new=new_conversation(conversation, titles.from_text(asked), name, count=len(rows) + 2, now=now),
        owner=principal.user_id,
        messages=[*rows, answer],
        order=order,
        now=now,
        purpose="v1",
    )
    reply, _ = await begin(beginning, host=host, resolved=resolved)
    return reply


def _rows(conversation: UUID, messages: Sequence[dict[str, Any]], now: datetime) -> list[MessageOut]:
    rows: list[MessageOut] = []
    for number, message in enumerate(messages, start=1):
        parts = _parts(message)
        rows.append(
            MessageOut.model_construct(
                id=new_id(),
                conversation=conversation,
                parent=rows[-1].id if rows else None,
                seq=number,
                role=ROLES.get(message["role"], "user"),
                status="done",
                parts=parts,
                text="".join(part["text"] for part in parts if part["kind"] == "text"),
                model="",
                params={},
                created=now,
            )
        )
    return rows


def _parts(message: dict[str, Any]) -> Parts:
    content = message.get("content")
    if isinstance(content, str):
        return [{"kind": "text", "text": content}]
    parts: Parts = []
    for part in content or []:
        if part.get("type") == "image_url":
            url = part["image_url"]
            parts.append({"kind": "image", "text": "", "url": url["url"], "detail": url.get("detail", "auto")})
        elif part.get("type") == "text":
            parts.append({"kind": "text", "text": part["text"]})
    return parts

"""What a person says: the content of a message as its parts, put together with a template's texts."""

from datetime import datetime
from typing import Any
from uuid import UUID

from backend.chat.order import Parts
from backend.chat.schemas import MAX_CONTENT_CHARS, Content, ImagePart, MessageOut, MessageSend, RoleName
from backend.chat.services.begin import UNNUMBERED
from backend.core.errors import BadRequest
from backend.core.ids import new_id
from backend.core.problems import at
from backend.core.sentences import sentence, spoken
from backend.prompts.use import Rendered


def parts_of(command: MessageSend, prompt: Rendered | None = None) -> Parts:
    """The content as a message's parts, after the template's user part. Raises `BadRequest`: there is nothing to say.

    Text that follows a template's is set off by an empty line, in the same part where it is plain.
    """
    parts = _content_parts(command.content)
    if prompt is not None and prompt.user.strip():
        said = any(part["kind"] != "text" or part["text"].strip() for part in parts)
        if said and isinstance(command.content, str):
            parts = [{"kind": "text", "text": f"{prompt.user}\n\n{command.content}"}]
        elif said:
            parts.insert(0, {"kind": "text", "text": f"{prompt.user}\n\n"})
        else:
            parts = [{"kind": "text", "text": prompt.user}]
    if not any(part["kind"] == "image" or part["text"].strip() for part in parts):
        empty = sentence("message_empty", "content: A message needs some text.")
        raise at("content", spoken(BadRequest, empty))
    if sum(len(part["text"]) for part in parts) > MAX_CONTENT_CHARS and prompt is not None:
        raise BadRequest(f"Template and text have more than {MAX_CONTENT_CHARS:,} characters.", field="content")
    return parts


def _content_parts(content: Content | None) -> Parts:
    if content is None:
        return []
    if isinstance(content, str):
        return [{"kind": "text", "text": content}]
    parts: Parts = []
    for part in content:
        if isinstance(part, ImagePart):
            parts.append({"kind": "image", "text": "", **part.image_url.model_dump()})
        else:
            parts.append({"kind": "text", "text": part.text})
    return parts


def question_rows(
    conversation: UUID,
    parent: UUID | None,
    prompt: Rendered | None,
    parts: Parts,
    text: str,
    *,
    provenance: dict[str, Any] | None,
    now: datetime,
) -> list[MessageOut]:
    """The person's message; before it, the system part of a template, which holds from here down the tree."""
    said: list[tuple[RoleName, Parts, str]] = [("user", parts, text)]
    if prompt is not None and prompt.system.strip():
        said.insert(0, ("system", [{"kind": "text", "text": prompt.system}], prompt.system))
    rows: list[MessageOut] = []
    for role, these, words in said:
        row = MessageOut.model_construct(
            id=new_id(),
            conversation=conversation,
            parent=rows[-1].id if rows else parent,
            seq=UNNUMBERED,
            role=role,
            status="done",
            parts=these,
            text=words,
            model="",
            params={},
            prompt=provenance,
            created=now,
        )
        rows.append(row)
    return rows

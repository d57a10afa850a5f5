"""LibreChat: a conversation a file. `messages` are a list with their parents' ids, or nested in `children`.

What was exported without branches may name parents that are not there: those messages follow each other.
"""

import json
from datetime import UTC, datetime
from itertools import pairwise
from typing import Any

from backend.jobs.imports.base import (
    LeftOut,
    Said,
    Told,
    arrange,
    as_dict,
    as_list,
    as_text,
    as_time,
    named,
    spaced,
    text_part,
)

Parts = list[dict[str, Any]]

NO_PARENT = "00000000-0000-0000-0000-000000000000"
_REASONS = {"stop": "stop", "length": "length", "incomplete": "interrupted", "max_tokens": "length"}


def knows(value: dict[str, Any]) -> bool:
    """By its name for an id."""
    messages = value.get("messages", value.get("messagesTree"))
    return isinstance(value.get("conversationId"), str) and isinstance(messages, list)


def ident(value: dict[str, Any]) -> str:
    """See `Reader`."""
    return as_text(value.get("conversationId"))


def told(value: dict[str, Any]) -> Told:
    """See `Reader`."""
    options = as_dict(value.get("options"))
    left_out = LeftOut()
    found: list[Said] = []
    tree = as_list(value.get("messagesTree")) or as_list(value.get("messages"))
    waiting: list[tuple[Any, str | None]] = [(one, None) for one in reversed(tree)]
    while waiting:
        one, above = waiting.pop()
        message = as_dict(one)
        said = _said(message, above, found[-1].key if found else None, left_out)
        below = above
        if said is not None:
            found.append(said)
            below = said.key
        waiting += [(child, below) for child in reversed(as_list(message.get("children")))]
    _connect(found)
    times = sorted(said.created for said in found if said.created)
    created = times[0] if times else datetime.now(UTC)
    return Told(
        id=ident(value),
        title=as_text(value.get("title")) or as_text(options.get("title")),
        created=as_time(value.get("createdAt")) or created,
        updated=as_time(value.get("updatedAt")) or (times[-1] if times else created),
        messages=arrange(found, last=found[-1].key if found else None, at=created),
        model=as_text(options.get("model")),
        system=as_text(options.get("promptPrefix")),
        left_out=left_out,
    )


def _connect(found: list[Said]) -> None:
    """Where no parent at all is known, messages follow each other."""
    keys = {said.key for said in found}
    if any(said.parent in keys for said in found):
        return
    for before, said in pairwise(found):
        if said.parent is not None:
            said.parent = before.key


def _said(message: dict[str, Any], above: str | None, before: str | None, left_out: LeftOut) -> Said | None:
    key = as_text(message.get("messageId")) or f"after {before}"
    parent = above or as_text(message.get("parentMessageId"))
    asked = message.get("isCreatedByUser")
    by_user = asked if isinstance(asked, bool) else as_text(message.get("sender")).lower() == "user"
    parts = _parts(message, left_out)
    if not parts and not message.get("children"):
        left_out.add("empty")
        return None
    failed = message.get("error") is True
    cut = message.get("unfinished") is True or message.get("finish_reason") == "incomplete"
    return Said(
        key=key,
        parent=None if parent in {"", NO_PARENT} else parent,
        role="user" if by_user else "assistant",
        parts=parts,
        model="" if by_user else as_text(message.get("model")),
        created=as_time(message.get("createdAt")),
        status="error" if failed else "incomplete" if cut and not by_user else "done",
        reason=_REASONS.get(as_text(message.get("finish_reason")), ""),
        error={"code": "provider_error", "message": as_text(message.get("text"))[:1000]} if failed else None,
    )


def _parts(message: dict[str, Any], left_out: LeftOut) -> Parts:
    parts: Parts = []
    for part in map(as_dict, as_list(message.get("content"))):
        parts += _content(part, left_out)
    if not any(part["kind"] == "text" for part in parts):
        parts += text_part(as_text(message.get("text")))
    for name in ("files", "attachments"):
        for file in map(as_dict, as_list(message.get(name))):
            shown = as_text(file.get("filename")) or as_text(file.get("file_id")) or as_text(file.get("type"))
            image = as_text(file.get("type")).startswith("image/")
            left_out.add("image" if image else "attachment", shown)
            parts += text_part(named("Image" if image else "Attachment", shown))
    return spaced(parts)


def _content(part: dict[str, Any], left_out: LeftOut) -> Parts:
    kind = as_text(part.get("type"))
    if kind == "text":
        return text_part(_value(part.get("text")))
    if kind == "think":
        thought = _value(part.get("think"))
        return [{"kind": "reasoning", "text": thought}] if thought.strip() else []
    if kind == "tool_call":
        call = as_dict(part.get("tool_call"))
        inner = as_dict(call.get("function"))
        arguments = call.get("args", inner.get("arguments", ""))
        if not isinstance(arguments, str):
            arguments = json.dumps(arguments, ensure_ascii=False)
        output = as_text(call.get("output")) or as_text(inner.get("output"))
        name = as_text(call.get("name")) or as_text(inner.get("name")) or as_text(call.get("type"))
        said = {"id": as_text(call.get("id")), "name": name, "arguments": arguments, "output": output}
        return [{"kind": "tool", "text": json.dumps(said, ensure_ascii=False)}]
    if kind in {"image_file", "image_url"}:
        name = as_text(as_dict(part.get("image_file")).get("filename"))
        left_out.add("image", name)
        return text_part(named("Image", name))
    if kind == "error":
        return text_part(as_text(part.get("error")))
    left_out.add("unknown", kind)
    return []


def _value(text: Any) -> str:
    return as_text(text) or as_text(as_dict(text).get("value"))

"""Open WebUI: a list of chats, or one. Messages are a tree in `chat.history.messages`; old chats have a list alone.

Reasoning and calls of tools stand in `<details>` of the content, newer ones in `output`, too.
"""

import html
import json
import re
from datetime import UTC, datetime
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

_STEP = re.compile(r'<details\s+type="(reasoning|tool_calls|code_interpreter)"([^<>]*)>|<think>')
_ATTRIBUTE = re.compile(r'(?<![a-z_])([a-z_]{1,40})="([^"]*)"')
_QUOTED = re.compile(r"^> ?", re.MULTILINE)
_ROLES = {"user": "user", "assistant": "assistant", "system": "system"}
_LONGEST_IMAGE = 8_000_000


def knows(value: dict[str, Any]) -> bool:
    """By its `chat`, or by the history where only that was kept."""
    chat = value.get("chat", value)
    return isinstance(chat, dict) and (
        isinstance(as_dict(chat.get("history")).get("messages"), dict)
        or (chat is not value and isinstance(chat.get("messages"), list))
    )


def ident(value: dict[str, Any]) -> str:
    """A chat that was exported by itself may have none."""
    return as_text(value.get("id")) or as_text(as_dict(value.get("chat")).get("id"))


def told(value: dict[str, Any]) -> Told:
    """See `Reader`."""
    chat = as_dict(value.get("chat", value))
    history = as_dict(chat.get("history"))
    created = as_time(value.get("created_at")) or as_time(chat.get("timestamp"))
    updated = as_time(value.get("updated_at")) or created or datetime.now(UTC)
    left_out = LeftOut()
    last = as_text(history.get("currentId"))
    raw = [(key, as_dict(one)) for key, one in as_dict(history.get("messages")).items()]
    if not raw:
        raw = _chained(as_list(chat.get("messages")))
        last = raw[-1][0] if raw else ""
    messages = [said for key, one in _in_order(raw) if (said := _said(key, one, left_out)) is not None]
    return Told(
        id=ident(value),
        title=as_text(value.get("title")) or as_text(chat.get("title")),
        created=created or updated,
        updated=updated,
        messages=arrange(messages, last=last, at=created or updated),
        model=next(iter(map(as_text, as_list(chat.get("models")))), ""),
        system=as_text(as_dict(chat.get("params")).get("system")) or as_text(chat.get("system")),
        pinned=value.get("pinned") is True,
        archived=value.get("archived") is True,
        left_out=left_out,
    )


def _chained(messages: list[Any]) -> list[tuple[str, dict[str, Any]]]:
    found: list[tuple[str, dict[str, Any]]] = []
    for number, one in enumerate(map(as_dict, messages)):
        parent = found[-1][0] if found else None
        found.append((as_text(one.get("id")) or str(number), {"parentId": parent, **one}))
    return found


def _in_order(raw: list[tuple[str, dict[str, Any]]]) -> list[tuple[str, dict[str, Any]]]:
    """Siblings as their parent names them."""
    order: dict[str, int] = {}
    for _, one in raw:
        for child in map(as_text, as_list(one.get("childrenIds"))):
            order[child] = len(order)
    return sorted(raw, key=lambda pair: order.get(pair[0], -1))


def _said(key: str, one: dict[str, Any], left_out: LeftOut) -> Said | None:
    role = _ROLES.get(as_text(one.get("role")))
    if role is None:
        left_out.add("unknown", as_text(one.get("role")))
        return None
    parts = _parts(one, left_out) if role == "assistant" else _asked(one, left_out)
    error = as_dict(one.get("error"))
    failed = as_text(error.get("content")) or as_text(one.get("error"))
    usage = as_dict(one.get("usage")) or as_dict(one.get("info"))
    return Said(
        key=key,
        parent=as_text(one.get("parentId")) or None,
        role=role,  # type: ignore[arg-type]
        parts=spaced(parts),
        model=as_text(one.get("model")) if role == "assistant" else "",
        created=as_time(one.get("timestamp")),
        status="error" if failed else "incomplete" if one.get("done") is False else "done",
        usage=_usage(usage) if role == "assistant" else None,
        error={"code": "provider_error", "message": failed[:1000]} if failed else None,
    )


def _asked(one: dict[str, Any], left_out: LeftOut) -> Parts:
    content = one.get("content")
    parts: Parts = []
    if isinstance(content, list):
        for part in map(as_dict, content):
            if part.get("type") == "image_url":
                parts += _image(as_text(as_dict(part.get("image_url")).get("url")), "", left_out)
            else:
                parts += text_part(as_text(part.get("text")))
    else:
        parts += text_part(as_text(content))
    for file in map(as_dict, as_list(one.get("files"))):
        name = as_text(file.get("name")) or as_text(as_dict(file.get("file")).get("filename"))
        if file.get("type") == "image":
            parts += _image(as_text(file.get("url")), name, left_out)
        else:
            left_out.add("attachment", name)
            parts += text_part(named("Attachment", name))
    return parts


def _image(url: str, name: str, left_out: LeftOut) -> Parts:
    """An image that is in the export itself is taken along; others lie at the other site."""
    if url.startswith("data:image/") and len(url) <= _LONGEST_IMAGE:
        return [{"kind": "image", "text": "", "url": url, "detail": "auto"}]
    left_out.add("image", name or url[:100])
    return text_part(named("Image", name))


def _parts(one: dict[str, Any], left_out: LeftOut) -> Parts:
    """An answer's parts, in their order."""
    parts = _from_output(as_list(one.get("output"))) or _from_content(as_text(one.get("content")))
    for file in map(as_dict, as_list(one.get("files"))):
        name = as_text(file.get("name")) or as_text(file.get("type"))
        left_out.add("image" if file.get("type") == "image" else "attachment", name)
        parts += text_part(named("Image" if file.get("type") == "image" else "Attachment", name))
    items = [item for source in as_list(one.get("sources")) for item in _pages(as_dict(source))]
    if items:
        query = ", ".join(map(as_text, as_list(one.get("search_queries"))))
        parts.insert(0, {"kind": "search", "text": "", "query": query, "items": items})
    return parts


def _from_content(content: str) -> Parts:
    parts: Parts = []
    at = 0
    while step := _STEP.search(content, at):
        mark = "</think>" if step[1] is None else "</details>"
        end = content.find(mark, step.end())
        if end < 0:
            break
        parts += text_part(content[at : step.start()].strip("\n"))
        parts += _step(step[1] or "reasoning", step[2] or "", content[step.end() : end])
        at = end + len(mark)
    rest = content[at:]
    return parts + text_part(rest.lstrip("\n") if parts else rest)


def _step(kind: str, given: str, inside: str) -> Parts:
    head, mark, below = inside.partition("</summary>")
    text = html.unescape(below if mark and head.lstrip().startswith("<summary>") else inside).strip()
    if kind == "reasoning":
        thought = _QUOTED.sub("", text)
        return [{"kind": "reasoning", "text": thought}] if thought else []
    attributes = {name: html.unescape(value) for name, value in _ATTRIBUTE.findall(given)}
    name, output = attributes.get("name") or kind, attributes.get("result") or text
    return [_tool(attributes.get("id", ""), name, attributes.get("arguments", ""), output)]


def _from_output(output: list[Any]) -> Parts:
    """The steps of newer versions. A call and what it returned are one part."""
    parts: Parts = []
    calls: dict[str, dict[str, Any]] = {}
    for step in map(as_dict, output):
        kind, text = step.get("type"), _content_text(step)
        if kind == "reasoning" and text.strip():
            parts.append({"kind": "reasoning", "text": text})
        elif kind == "message":
            parts += text_part(text)
        elif kind == "function_call":
            call = calls[as_text(step.get("call_id"))] = _tool(
                as_text(step.get("call_id")), as_text(step.get("name")), as_text(step.get("arguments")), ""
            )
            parts.append(call)
        elif kind == "function_call_output" and (call := calls.get(as_text(step.get("call_id")), {})):
            call["text"] = json.dumps({**json.loads(call["text"]), "output": text}, ensure_ascii=False)
    return parts if any(part["kind"] == "text" for part in parts) else []


def _content_text(step: dict[str, Any]) -> str:
    for name in ("content", "output", "summary"):
        value = step.get(name)
        if isinstance(value, str):
            return as_text(value)
        if isinstance(value, list):
            return "".join(as_text(as_dict(one).get("text")) for one in value)
    return ""


def _tool(ident: str, name: str, arguments: str, output: str) -> dict[str, Any]:
    call = {"id": ident, "name": name, "arguments": arguments, **({"output": output} if output else {})}
    return {"kind": "tool", "text": json.dumps(call, ensure_ascii=False)}


def _pages(source: dict[str, Any]) -> Parts:
    whole, texts = as_dict(source.get("source")), as_list(source.get("document"))
    found: Parts = []
    for number, page in enumerate(map(as_dict, as_list(source.get("metadata")))):
        url = as_text(page.get("source")) or as_text(page.get("url")) or as_text(whole.get("url"))
        title = as_text(page.get("title")) or as_text(page.get("name")) or as_text(whole.get("name"))
        snippet = as_text(texts[number])[:500] if number < len(texts) else ""
        shown = url if url.startswith(("https://", "http://")) else ""
        found.append({"title": title or url[:200], "url": shown, "snippet": snippet})
    return found


def _usage(usage: dict[str, Any]) -> dict[str, Any] | None:
    given = usage.get("prompt_tokens", usage.get("prompt_eval_count"))
    made = usage.get("completion_tokens", usage.get("eval_count"))
    if type(given) is not int or type(made) is not int:
        return None
    return {"input_tokens": given, "output_tokens": made}

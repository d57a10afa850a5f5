"""What a message of ChatGPT says, by its content's type, as our parts."""

import json
import re
from typing import Any

from backend.jobs.imports.base import LeftOut, as_dict, as_list, as_text, named, text_part

Parts = list[dict[str, Any]]

_MARKED = re.compile("\ue200[^\ue200\ue201]*\ue201")
"""A citation that its own list does not explain."""

MOST_CITATIONS = 2000
"""Of a message that are looked at."""

_MEDIA = {
    "image_asset_pointer": "image",
    "audio_asset_pointer": "audio",
    "real_time_user_audio_video_asset_pointer": "audio",
    "video_container_asset_pointer": "video",
}


def parts_of(message: dict[str, Any], left_out: LeftOut) -> Parts:
    """The parts; what is not taken is noted in `left_out`."""
    content = as_dict(message.get("content"))
    kind = as_text(content.get("content_type"))
    role = as_dict(message.get("author")).get("role")
    if kind in {"text", "multimodal_text"}:
        text = _cited(_joined(content, left_out), as_dict(message.get("metadata")))
        if role == "tool":
            return _returned(message, text)
        return text_part(_with_attachments(text, message, left_out))
    if kind == "code":
        return _code(message, as_text(content.get("text")), as_text(content.get("language")))
    if kind == "thoughts":
        return _thoughts(content)
    if kind in {"reasoning_recap", ""}:
        return []
    if kind in {"execution_output", "system_error", "computer_output", "citable_code_output"}:
        return _returned(message, as_text(content.get("text")) or as_text(content.get("output_str")))
    if kind == "tether_browsing_display":
        return _returned(message, as_text(content.get("result")))
    if kind in {"tether_quote", "sonic_webpage"}:
        return _page(content)
    if kind in {"user_editable_context", "model_editable_context"}:
        left_out.add("instructions")
        return []
    left_out.add("unknown", kind)
    return text_part(named(kind, ""))


def _joined(content: dict[str, Any], left_out: LeftOut) -> str:
    texts: list[str] = []
    for part in as_list(content.get("parts")):
        kind = as_text(as_dict(part).get("content_type"))
        if isinstance(part, str):
            texts.append(as_text(part))
        elif kind == "audio_transcription":
            texts.append(as_text(part.get("text")))
        elif kind in _MEDIA:
            what = _MEDIA[kind]
            name = as_text(part.get("asset_pointer")).rpartition("/")[2]
            left_out.add(what, name)
            texts.append(named(what.capitalize(), name))
        elif kind or isinstance(part, dict):
            left_out.add("unknown", kind)
            texts.append(named(kind or "unknown", ""))
    return "\n\n".join(text for text in texts if text)


def _with_attachments(text: str, message: dict[str, Any], left_out: LeftOut) -> str:
    lines = []
    for one in as_list(as_dict(message.get("metadata")).get("attachments")):
        name = as_text(as_dict(one).get("name")) or as_text(as_dict(one).get("id"))
        left_out.add("attachment", name)
        lines.append(named("Attachment", name))
    return "\n\n".join(part for part in (text, "\n".join(lines)) if part)


def _cited(text: str, metadata: dict[str, Any]) -> str:
    """The marks of citations as links."""
    references = as_list(metadata.get("content_references"))[:MOST_CITATIONS]
    for one in map(as_dict, references):
        mark = as_text(one.get("matched_text"))
        if len(mark) > 1 and mark in text:
            links = _links(one)
            text = text.replace(f" {mark}", links).replace(mark, links)
    if not references:
        citations = as_list(metadata.get("citations"))[:MOST_CITATIONS]
        older = [one for one in map(as_dict, citations) if _placed(one, len(text))]
        for one in sorted(older, key=lambda one: int(one["start_ix"]), reverse=True):
            page = as_dict(one.get("metadata"))
            link = _link(as_text(page.get("title")), as_text(page.get("url")))
            if link:
                text = f"{text[: one['start_ix']]} ({link}){text[one['end_ix'] :]}"
    return _MARKED.sub("", text)


def _placed(one: dict[str, Any], length: int) -> bool:
    start, end = one.get("start_ix"), one.get("end_ix")
    return type(start) is int and type(end) is int and 0 <= start < end <= length


def _links(reference: dict[str, Any]) -> str:
    alt = as_text(reference.get("alt"))
    if alt:
        return f" {alt.strip()}"
    pages = [as_dict(one) for name in ("items", "sources") for one in as_list(reference.get(name))] or [reference]
    links = [
        _link(as_text(page.get("title")) or as_text(page.get("attribution")), as_text(page.get("url")))
        for page in pages[:MOST_CITATIONS]
    ]
    joined = ", ".join(dict.fromkeys(link for link in links if link))
    return f" ({joined})" if joined else ""


def _link(title: str, url: str) -> str:
    if not url.startswith(("https://", "http://")):
        return ""
    shown = re.sub(r"[\[\]\s]+", " ", title).strip() or url
    return f"[{shown}]({url.replace(' ', '%20').replace(')', '%29')})"


def _code(message: dict[str, Any], text: str, language: str) -> Parts:
    """Code for a tool is a call; other code is shown."""
    recipient = as_text(message.get("recipient"))
    if recipient and recipient != "all":
        return [_tool(message, recipient, arguments=text)]
    fence = "```"
    while fence in text:
        fence += "`"
    plain = "" if language == "unknown" else language
    return text_part(f"{fence}{plain}\n{text}\n{fence}") if text.strip() else []


def _returned(message: dict[str, Any], output: str) -> Parts:
    name = as_text(as_dict(message.get("author")).get("name")) or "tool"
    return [_tool(message, name, output=output)] if output.strip() else []


def _tool(message: dict[str, Any], name: str, **fields: str) -> dict[str, Any]:
    call = {"id": as_text(message.get("id")), "name": name, **fields}
    return {"kind": "tool", "text": json.dumps(call, ensure_ascii=False)}


def _thoughts(content: dict[str, Any]) -> Parts:
    texts = []
    for one in map(as_dict, as_list(content.get("thoughts"))):
        summary, thought = as_text(one.get("summary")).strip(), as_text(one.get("content")).strip()
        texts.append("\n\n".join(text for text in (f"**{summary}**" if summary else "", thought) if text))
    text = "\n\n".join(text for text in texts if text)
    return [{"kind": "reasoning", "text": text}] if text else []


def _page(content: dict[str, Any]) -> Parts:
    url = as_text(content.get("url"))
    item = {"title": as_text(content.get("title")), "url": url, "snippet": as_text(content.get("text"))[:500]}
    return [{"kind": "search", "text": "", "query": url, "items": [item]}] if url else []

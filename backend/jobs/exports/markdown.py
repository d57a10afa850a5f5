"""A conversation as Markdown, to be read by people: every message once, in the order of the tree."""

import json
import re
from typing import Any

_NAMES = {"user": "You", "assistant": "Answer", "system": "System"}
_ENDS = {"incomplete": "cut short", "error": "failed", "cancelled": "stopped"}
_UNFIT = re.compile(r'[\x00-\x1f\x7f/\\:*?"<>|]+')
LONGEST_NAME = 80


def markdown(conversation: dict[str, Any]) -> str:
    """`conversation` as exports hold it."""
    lines = [f"# {_line(conversation['title']) or 'Untitled'}", ""]
    facts = [f"Begun {_time(conversation['created'])}", f"last message {_time(conversation['updated'])}"]
    facts += [f"folder {_line(conversation['folder'])}"] if conversation["folder"] else []
    lines += [f"*{', '.join(facts)}*", ""]
    if conversation["system"]:
        lines += ["## System prompt", "", conversation["system"], ""]
    numbers: dict[str, int] = {}
    before: str | None = None
    for number, message in enumerate(conversation["messages"], 1):
        numbers[message["id"]] = number
        lines += _message(message, number, numbers.get(message["parent"] or ""), branch=message["parent"] != before)
        before = message["id"]
    return "\n".join(lines).rstrip() + "\n"


def file_name(conversation: dict[str, Any]) -> str:
    """A name that every file system takes, and no two conversations share."""
    title = _line(_UNFIT.sub(" ", conversation["title"])).strip(".")[:LONGEST_NAME].strip(" .")
    return f"{conversation['created'][:10]} {title or 'Untitled'} ({conversation['id'][-8:]}).md"


def _message(message: dict[str, Any], number: int, parent: int | None, *, branch: bool) -> list[str]:
    who = _NAMES[message["role"]]
    said = [_line(message["model"])] if message["model"] else []
    said += [_time(message["created"])]
    said += [_ENDS[message["status"]]] if message["status"] in _ENDS else []
    lines = [f"## {number}. {who} ({', '.join(said)})", ""]
    if branch:
        lines += [
            f"*Another branch: after message {parent}.*" if parent else "*Another branch: from the beginning.*",
            "",
        ]
    for part in message["parts"]:
        lines += [*_part(part), ""]
    if message.get("error"):
        lines += [f"*{_line(str(message['error'].get('message', '')))}*", ""]
    return lines


def _part(part: dict[str, Any]) -> list[str]:
    text = str(part.get("text", ""))
    match part["kind"]:
        case "reasoning":
            return ["<details><summary>Reasoning</summary>", "", text, "", "</details>"]
        case "tool":
            return ["Tool call:", "", *_fenced(_pretty(text), "json")]
        case "search":
            items = part.get("items") or []
            pages = [f"- [{_line(str(one.get('title', '')))}](<{_line(str(one.get('url', '')))}>)" for one in items]
            return [f"Searched: {_line(str(part.get('query', text)))}", "", *pages]
        case "image":
            url = str(part.get("url", ""))
            return ["[Image in the message]" if url.startswith("data:") else f"![Image](<{_line(url)}>)"]
    return [text.strip("\n")]


def _pretty(text: str) -> str:
    try:
        return json.dumps(json.loads(text), ensure_ascii=False, indent=2)
    except ValueError:
        return text


def _fenced(text: str, language: str) -> list[str]:
    fence = "```"
    while fence in text:
        fence += "`"
    return [f"{fence}{language}", text, fence]


def _line(text: str) -> str:
    return " ".join(text.split())


def _time(text: str) -> str:
    return f"{text[:10]} {text[11:16]}"

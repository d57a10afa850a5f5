"""What the scripted upstream is asked to do, read from a request; and the texts that it can recite."""

import json
import re
from dataclasses import dataclass, field
from typing import Any

from tests.load.researcher import research

NUMBERED = re.compile(r"\d{13}\.(\d{5}) ")
_OPTION = re.compile(r"\b(n|rate|ttft|batch|status|cut|stall|junk|half|errorat|times)=([0-9.]+)")
FAULTS = ("status", "cut", "stall", "junk", "half", "errorat")
_ID = re.compile(r"\bid=([\w-]+)")
_TEXT = re.compile(r"\btext=(\w+)")
_SIZED = re.compile(r"n(\d+)(?:-r(\d+))?")
_WORDS = re.compile(r"\s*\S+(?:\s+\Z)?|\s+\Z")

MARKDOWN = """# Rivers

A **rivulet** is a *small* stream. It joins others, and `they` become a river [^1].

| river | length | mouth |
|---|---:|---|
| Nile | 6,650 km | Mediterranean |
| Danube | 2,850 km | Black Sea |

1. Rain falls
2. it gathers
   - in brooks
   - in ponds
3. and it flows.

> Still waters run deep.

```python
def flow(volume: float, seconds: float) -> float:
    \"\"\"Litres in a second.\"\"\"
    return volume / seconds  # never zero
```

The speed of water in a channel is $v = \\frac{1}{n} R^{2/3} \\sqrt{S}$, and so

$$Q = \\int_A v \\, dA$$

```mermaid
graph LR
  Rain --> Brook --> River --> Sea
```

Emoji of several code points stay whole: 👩‍🚀 🇨🇭 é. That is all.

[^1]: Sometimes they do not.
"""

THOUGHT = "The question is about water. First I recall what a rivulet is, then I say it in one sentence. "
ANSWER = "A rivulet is a small stream, and a small stream that never breaks is the point of it all. "


TOOL_CALL = [
    {"index": 0, "id": "call_1", "type": "function", "function": {"name": "weather", "arguments": ""}},
    {"index": 0, "function": {"arguments": '{"city": '}},
    {"index": 0, "function": {"arguments": '"Ghent"}'}},
]

SEARCHES = ("high and low tides", "Bay of Fundy")
CITED = """Tides are made by the pull of the **moon** [1], and the highest are in the Bay of Fundy [1, 2].

| coast | range |
|---|---|
| Fundy | 16 m [2] |
"""

Words = list[tuple[str, Any]]
"""Tokens: the delta's field that carries one, and what it carries."""


@dataclass
class Call:
    """One request, understood. `words` is set for recited texts, else tokens are numbered."""

    n: int
    rate: float
    ttft: float = 0.0
    batch: int = 1
    start: int = 0
    ident: str | None = None
    words: Words | None = None
    finish: str = "stop"
    faults: dict[str, int] = field(default_factory=dict)


def cut_words(text: str, *, field_name: str = "content") -> Words:
    """A text as tokens that end at word borders, each with the delta's field that carries it."""
    return [(field_name, word) for word in _WORDS.findall(text)]


def recite(name: str, body: dict[str, Any]) -> Words | None:
    """The tokens of a text by its name; None for a name that is none. `echo` is the request itself, as JSON."""
    if name == "markdown":
        return cut_words(MARKDOWN)
    if name == "reasoning":
        return cut_words(THOUGHT, field_name="reasoning_content") + cut_words(ANSWER)
    if name in {"error", "plain"}:
        return cut_words(ANSWER)
    if name == "echo":
        return cut_words(json.dumps(body, sort_keys=True))
    if name == "search":
        return _search(body)
    if name == "research":
        return cut_words(research(body))
    if name == "tool":
        return [("tool_calls", [piece]) for piece in TOOL_CALL]
    return None


def _search(body: dict[str, Any]) -> Words:
    """A call of `web_search`, then another one; after that, or where it can't call, an answer that cites them."""
    calls = [found for one in body.get("messages") or [] for found in one.get("tool_calls") or ()]
    if not body.get("tools") or body.get("tool_choice") == "none" or len(calls) > 1:
        return cut_words(CITED)
    pieces: Words = cut_words("Let me look that up. ") if not calls else []
    function = {"name": "web_search", "arguments": json.dumps({"query": SEARCHES[len(calls)]})}
    return [
        *pieces,
        ("tool_calls", [{"index": 0, "id": f"call_{len(calls)}", "type": "function", "function": function}]),
    ]


def understand(body: dict[str, Any], *, n: int, rate: float) -> Call:
    """Read a request: the body's `mock` beats its fields, these the last user message, this the model's name."""
    given: dict[str, Any] = {}
    model = str(body.get("model", ""))
    if sized := _SIZED.search(model):
        given["n"] = sized[1]
        if sized[2]:
            given["rate"] = sized[2]
    said = _last_of(body, "user")
    given |= dict(_OPTION.findall(said))
    given |= {key: body[name] for key, name in (("n", "n_tokens"), ("rate", "rate")) if name in body}
    if isinstance(body.get("mock"), dict):
        given |= body["mock"]
    text = _TEXT.search(said)
    name = text[1] if text else model
    words = recite(name, body)
    if words and "n" in given:
        wanted = int(float(given["n"]))
        words = (words * (wanted // len(words) + 1))[:wanted]
    call = Call(
        n=len(words) if words else int(float(given.get("n", n))),
        rate=float(given.get("rate", rate)),
        ttft=float(given.get("ttft", 0)),
        batch=max(1, int(float(given.get("batch", 1)))),
        words=words,
        finish="tool_calls" if words and words[-1][0] == "tool_calls" else "stop",
        faults={
            key: int(float(given[key])) for key in ("status", "cut", "stall", "junk", "half", "errorat") if key in given
        },
    )
    call.start = _start(body, words)
    if found := _ID.search(said):
        call.ident = found[1]
        call.faults["times"] = int(float(given.get("times", 1)))
    else:
        call.ident = None
        call.faults.clear()
    if model == "error":
        call.faults = {"errorat": 5}
    return call


def _last_of(body: dict[str, Any], role: str) -> str:
    for message in reversed(body.get("messages") or []):
        if message.get("role") == role:
            return _plain(message.get("content"))
    return ""


def _plain(content: Any) -> str:
    if isinstance(content, list):
        return " ".join(part.get("text", "") for part in content if isinstance(part, dict))
    return str(content or "")


def _start(body: dict[str, Any], words: Words | None) -> int:
    """The first token to send: after a last assistant message, with what its last word lacks."""
    messages = body.get("messages") or []
    if not messages or messages[-1].get("role") != "assistant":
        return 0
    partial = _plain(messages[-1].get("content"))
    if words is None:
        found = NUMBERED.findall(partial)
        return int(found[-1]) + 1 if found else 0
    told = 0
    for position, (kind, word) in enumerate(words):
        if kind != "content":
            continue
        if told + len(word) > len(partial):
            words[position] = (kind, word[len(partial) - told :])
            return position
        told += len(word)
    return len(words)

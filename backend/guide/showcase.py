"""What the page can render, to be shown on request."""

MARKDOWN = """\
Text can be **bold**, *italic*, ~~struck out~~ or `code`, and it can [link](/docs/streams.md).

1. Lists are numbered
2. or not:
   - one level
   - and another
3. and may hold tasks:
   - [x] done
   - [ ] to do

> A quotation stands a little aside.

---

A line divides what went before from what comes after.
"""

TABLE = """\
| Transport | Address | For |
|:---|:---|---:|
| WebSocket | `/ws/v1/` | browsers and apps |
| Server-sent events | `/api/v1/topics/…/events` | scripts |
| Long poll | the same, `?wait=25` | the last resort |
| OpenAI API | `/v1/chat/completions` | any OpenAI SDK |
"""

LATEX = """\
Inside a line: $e^{i\\pi} + 1 = 0$. On its own:

$$
\\int_{-\\infty}^{\\infty} e^{-x^2} \\, dx = \\sqrt{\\pi}
\\qquad
\\begin{pmatrix} a & b \\\\ c & d \\end{pmatrix}^{-1}
= \\frac{1}{ad - bc} \\begin{pmatrix} d & -b \\\\ -c & a \\end{pmatrix}
$$
"""

MERMAID = """\
```mermaid
sequenceDiagram
    participant P as Phone
    participant S as Server
    participant M as Model
    P->>S: message.send
    S->>M: question
    M-->>S: tokens 1 to 57
    S-->>P: events 1 to 57
    Note over P: no network
    M-->>S: tokens 58 to 90
    P->>S: subscribe since 57
    S-->>P: events 58 to 90
```
"""

CODE = {
    "python": '''\
async def resume(topic: str, last: Position) -> AsyncIterator[Event]:
    """Every event after the last one that was applied."""
    async for event in subscribe(topic, since=last):
        if event.offset > last.offset:  # what comes twice drops
            last = event.position
            yield event
''',
    "typescript": """\
export function apply(state: Answer, event: Event): Answer {
  if (event.offset <= state.offset) return state; // seen already
  return { ...state, offset: event.offset, text: state.text + event.data.text };
}
""",
    "sql": """\
UPDATE chat_generation
   SET attempt = attempt + 1, owner = 'node-2', lease_until = now() + interval '15 seconds'
 WHERE id = $1 AND status = 'running' AND lease_until < now()
RETURNING attempt;
""",
    "bash": """\
curl -N -H "Authorization: Bearer $KEY" \\
  "http://localhost:8000/api/v1/topics/$TOPIC/events"
""",
    "go": """\
func drain(events <-chan Event, last uint64) (text string) {
	for event := range events {
		if event.Offset > last {
			text += event.Text
		}
	}
	return text
}
""",
    "rust": """\
fn whole(events: &[Event]) -> bool {
    events.windows(2).all(|pair| pair[1].offset == pair[0].offset + 1)
}
""",
}
_NAMES = {
    "javascript": "typescript",
    "js": "typescript",
    "ts": "typescript",
    "shell": "bash",
    "sh": "bash",
    "golang": "go",
}


def code(words: set[str]) -> str:
    """Examples in the languages that are named, or in three."""
    named = [name for name in CODE if name in words or any(_NAMES.get(word) == name for word in words)]
    chosen = named or ["python", "typescript", "bash"]
    return "\n".join(f"```{name}\n{CODE[name]}```\n" for name in chosen)


def everything() -> str:
    """One of each."""
    return "\n".join(
        (
            "## Text\n", MARKDOWN, "## A table\n", TABLE, "## Code\n", code(set()),
            "## Formulas\n", LATEX, "## A diagram\n", MERMAID,
        )
    )  # fmt: skip

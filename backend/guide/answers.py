"""What the guide says: one pure function from a conversation to an answer."""

import re
from dataclasses import dataclass
from typing import Any

from backend.guide import showcase
from backend.guide.library import Library, Section, terms
from backend.guide.titles import title_for

NAME = "rivulet-guide"

HELLO = """\
Hello! I am **Rivulet's built-in guide**. I am not a language model: I search these docs and quote what I find.

You can ask me, for example:

- How do I connect a model such as OpenAI, DeepSeek, Claude or Ollama?
- How do I use the API with an OpenAI SDK?
- How does a stream resume after a reload?
- How do I deploy it behind nginx?
- Show me markdown, code, a table, formulas or a diagram.
"""

IDENTITY = """\
I am **Rivulet's built-in guide** (`rivulet-guide`), a small search over Rivulet's own docs. I am here so that the
first run is useful without any key, and I cost nothing.

**I can** answer questions about Rivulet with quotations and links, and show what this page renders: Markdown, code,
tables, formulas, diagrams, a long answer, reasoning (ask me to *think*).

**I can't** talk about anything else, write, translate, calculate, see pictures, search the web or remember. For that,
[connect a real model](/docs/connect-a-model.md); one line in `.env` is enough:

```ini
OPENAI_API_KEY=sk-…
```

DeepSeek, Anthropic, Ollama, vLLM and any OpenAI-compatible server work as well.
"""

ABOUT = """\
**Rivulet** is a self-hosted AI chat platform whose streams never break. A team runs it on its own machines, with the
models of its choice. Every answer is a durable stream that any number of devices can watch: reload the page, walk out
of the Wi-Fi, switch to the phone, and the text goes on, complete, each token once.

- [Connect a model](/docs/connect-a-model.md)
- [How streams resume](/docs/streams.md)
- [Use the API](/docs/api.md)
- [Install and deploy](/docs/deploy.md)
"""

NOTHING = """\
I found nothing about that in Rivulet's docs, and the docs are all that I know: I am the built-in guide, not a
language model. For an answer to this, [connect a real model](/docs/connect-a-model.md) and ask it.

About Rivulet I can tell you more. Perhaps one of these helps:

"""

THANKS = "You are welcome. Ask me anything else about Rivulet.\n"

MAX_QUOTE = 1400
_GREETING = re.compile(
    r"\s*(hi|hello|hey|hallo|hola|bonjour|ciao|moin|servus|good (morning|afternoon|evening|day))\b", re.IGNORECASE
)
_THANKS = re.compile(r"\s*(thanks|thank you|thx|danke|merci)\b", re.IGNORECASE)
_IDENTITY = re.compile(
    r"\b(who|what)('s| are| is) (you|this( model| thing)?|rivulet[ -]?guide)\b|\bwhat can('t| not)? you\b|"
    r"\bare you (a|an|the|real|human|chatgpt|claude)\b|\byour (name|limits|abilities)\b|\bcan you do\b|^\s*help\W*$",
    re.IGNORECASE,
)
_ABOUT = re.compile(r"\brivulet\b", re.IGNORECASE)
_SHOW = re.compile(
    r"\b(show|render|display|demo|demonstrate|draw|example|sample|try|test|write|give|print|long)\b", re.IGNORECASE
)
_ASKS = re.compile(r"\s*(how|why|where|when|who|which|can i|do i|does|is|are)\b", re.IGNORECASE)
_THINK = re.compile(r"\b(think|reason|reasoning|step by step)\b", re.IGNORECASE)
_LONG = re.compile(r"\b(long|longer|lengthy)\b", re.IGNORECASE)
_COUNT = re.compile(r"\b(\d{2,5}) (?:words|tokens)\b", re.IGNORECASE)
_KINDS: tuple[tuple[str, re.Pattern[str]], ...] = (
    (
        "everything",
        re.compile(r"\b(everything|all of it|what (the|this) page can|what you can (show|render))\b", re.IGNORECASE),
    ),
    ("table", re.compile(r"\btables?\b", re.IGNORECASE)),
    ("latex", re.compile(r"\b(latex|katex|formulas?|formulae|math|maths|equations?)\b", re.IGNORECASE)),
    ("mermaid", re.compile(r"\b(mermaid|diagrams?|flow ?charts?|sequence)\b", re.IGNORECASE)),
    ("code", re.compile(r"\b(code|python|typescript|javascript|sql|bash|shell|golang|go|rust)\b", re.IGNORECASE)),
    ("markdown", re.compile(r"\b(markdown|formatting|lists?|headings?)\b", re.IGNORECASE)),
)


LONGEST_READ = 1000
"""Words of a section that is still read aloud."""


@dataclass(frozen=True, slots=True)
class Reply:
    """What is thought and what is said."""

    text: str
    reasoning: str = ""


def compose(messages: list[dict[str, Any]], library: Library) -> Reply:
    """The answer to the last message of a person. The same messages give the same answer."""
    said = [plain(message.get("content")) for message in messages if message.get("role") == "user"]
    question = said[-1].strip() if said else ""
    title = title_for(question)
    if title is not None:
        return Reply(title)
    text, reasoning = _answer(question, said[:-1], library)
    return Reply(text, reasoning if _THINK.search(question) else "")


def plain(content: Any) -> str:
    """The text of a message's content."""
    if isinstance(content, str):
        return content
    parts = content if isinstance(content, list) else []
    return "\n".join(str(part["text"]) for part in parts if isinstance(part, dict) and "text" in part)


def _answer(question: str, before: list[str], library: Library) -> tuple[str, str]:
    short = len(question.split()) <= 6
    if not question or (_GREETING.match(question) and short and not terms(_GREETING.sub("", question))):
        return HELLO, "They greet me. I say what I am and what can be asked.\n"
    if _THANKS.match(question) and short:
        return THANKS, "They thank me; nothing needs to be looked up.\n"
    if shown := _shown(question, library):
        return shown, "They want to see what this page can render, so I show it instead of searching the docs.\n"
    if _IDENTITY.search(question):
        return IDENTITY, "They ask about me, so I say plainly what I am, what I can do and what I can't.\n"
    if _ABOUT.search(question) and not terms(question):
        return ABOUT, "They ask what Rivulet is, so I say it in a few sentences.\n"
    found = library.search(question)
    if not found and before:
        found = library.search(f"{before[-1]} {question}")
    return _quoted(found) if found else _nothing(library), _thoughts(question, found)


def _shown(question: str, library: Library) -> str:
    if _ASKS.match(question) or not (_SHOW.search(question) or len(question.split()) <= 2):
        return ""
    count = _COUNT.search(question)
    if count is not None or _LONG.search(question):
        return _long(library, words=int(count[1]) if count else 0)
    words = {word.lower() for word in re.findall(r"\w+", question)}
    kinds = [kind for kind, pattern in _KINDS if pattern.search(question)]
    if "everything" in kinds:
        kinds = ["everything"]
    parts = [_part(kind, words) for kind in kinds]
    return "\n".join(["This is what this page makes of it:\n", *parts]) if parts else ""


def _part(kind: str, words: set[str]) -> str:
    match kind:
        case "table":
            return showcase.TABLE
        case "latex":
            return showcase.LATEX
        case "mermaid":
            return showcase.MERMAID
        case "code":
            return showcase.code(words)
        case "markdown":
            return showcase.MARKDOWN
        case _:
            return showcase.everything()


def _long(library: Library, *, words: int) -> str:
    """The docs read aloud, again and again until there are `words` of them (once, when 0); whole programs are not."""
    parts = ["Here is a long answer: Rivulet's docs, read aloud.\n"]
    count = 0
    sections = [section for section in library.sections if len(section.body.split()) <= LONGEST_READ]
    while sections:
        for section in sections:
            parts.append(f"## {section.heading}\n\n{section.body}\n")
            count += len(section.body.split())
            if words and count >= words:
                return "\n".join(parts)
        if not words:
            break
    return "\n".join(parts)


def _quoted(found: list[Section]) -> str:
    best, others = found[0], found[1:]
    lines = [f"From **[{best.name}]({best.link})**:\n"]
    lines += [f"> {line}".rstrip() for line in _shortened(best.body).splitlines()]
    if others:
        lines.append("\nSee also " + ", ".join(f"[{section.name}]({section.link})" for section in others) + ".")
    return "\n".join(lines) + "\n"


def _shortened(body: str) -> str:
    """Whole paragraphs up to `MAX_QUOTE` characters, code blocks never cut."""
    kept: list[str] = []
    size = 0
    fenced = False
    for line in body.splitlines():
        if not line.strip() and not fenced and size > MAX_QUOTE:
            return "\n".join([*kept, "", "…"])
        fenced ^= line.lstrip().startswith("```")
        kept.append(line)
        size += len(line) + 1
    return "\n".join(kept)


def _nothing(library: Library) -> str:
    pages = dict.fromkeys((section.title, "/docs/" + section.path) for section in library.sections)
    return NOTHING + "\n".join(f"- [{title}]({link})" for title, link in pages) + "\n"


def _thoughts(question: str, found: list[Section]) -> str:
    words = ", ".join(f"“{word}”" for word in terms(question)) or "nothing that can be searched for"
    if not found:
        return f"I look for {words} in the docs. Nothing there has enough of it, so I say so.\n"
    names = "; ".join(section.name for section in found)
    return f"I look for {words} in the docs. These sections have it: {names}. The first fits best, so I quote it.\n"

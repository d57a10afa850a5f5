"""The docs, cut into sections and searched by their full text (SQLite's FTS5, ranked by BM25)."""

import re
import sqlite3
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

_HEADING = re.compile(r"^(#{1,3}) +(.+?)\s*#*$")
_WORD = re.compile(r"[^\W_]+(?:[-_][^\W_]+)*")
_STOP_WORDS = """
a about again all am an and any are as at be been but by can could did do does don for from get give had has have help
hey hi how i if in into is it its just know let like may me mean more my need no not of on or our please should show so
some tell than that the their them then there these they thing this to up us use want was way we what when where which
who why will with would you your explain work works using used make think rivulet s t write happens happen
wie was wo kann ich du wir ein eine einen mein meine der die das den dem mit und ist sind es geht man auf für zu im in
"""
_STOP = frozenset(_STOP_WORDS.split())
_SYNONYMS = {
    "antwort": "answer",
    "backup": "back",
    "backups": "back",
    "breaks": "lost",
    "chatgpt": "openai",
    "claude": "anthropic",
    "container": "containers",
    "cost": "prices",
    "crash": "dies",
    "crashes": "dies",
    "datenbank": "database",
    "docker": "containers",
    "einrichten": "deploy",
    "gpt": "openai",
    "install": "deploy",
    "installieren": "install",
    "javascript": "sdk",
    "llm": "model",
    "local": "ollama",
    "mobile": "phone",
    "modell": "model",
    "modelle": "models",
    "nginx": "proxy",
    "offline": "resume",
    "price": "prices",
    "reconnect": "resume",
    "python": "sdk",
    "reload": "resume",
    "reverse": "proxy",
    "schlüssel": "key",
    "sichern": "back",
    "sicherung": "back",
    "sse": "events",
    "token": "key",
    "tokens": "key",
    "verbinde": "connect",
    "verbinden": "connect",
    "websockets": "websocket",
    "wlan": "wi-fi",
    "wifi": "wi-fi",
}
_FOR_PEOPLE = frozenset(
    {"connect-a-model.md", "api.md", "streams.md", "prompts.md", "deploy.md", "operations.md", "usage.md"}
)
"""Pages that answer what people ask; the others are for those who want every detail, and count for less."""
_DETAIL = 0.6
_INTRODUCTION = 0.5  # what stands before a page's first section says less than the section that asks the question
_WEIGHTS = "2.0, 8.0, 1.0"


@dataclass(frozen=True, slots=True)
class Section:
    """A heading and what stands under it. `path` is the file's name, `title` its first heading."""

    path: str
    title: str
    heading: str
    body: str

    @property
    def link(self) -> str:
        """Where the site serves it."""
        base = "/docs/" + self.path
        if self.heading == self.title:
            return base
        slug = re.sub(r"[^\w\- ]", "", self.heading.lower()).strip().replace(" ", "-")
        return f"{base}#{slug}"

    @property
    def name(self) -> str:
        """Title and heading, as people read it."""
        return self.title if self.heading == self.title else f"{self.title} → {self.heading}"


class Library:
    """Sections that can be searched."""

    def __init__(self, sections: Iterable[Section]) -> None:
        self.sections = tuple(sections)
        self._index = sqlite3.connect(":memory:", check_same_thread=False)
        self._index.execute(
            "CREATE VIRTUAL TABLE section USING fts5(title, heading, body, tokenize='porter unicode61')"
        )
        self._index.executemany(
            "INSERT INTO section(rowid, title, heading, body) VALUES (?, ?, ?, ?)",
            [(number, s.title, s.heading, s.body) for number, s in enumerate(self.sections, start=1)],
        )

    @classmethod
    def load(cls, root: Path) -> "Library":
        """The pages of `root/docs` and the README, where they exist."""
        pages = [*sorted((root / "docs").glob("*.md")), root / "README.md"]
        return cls(section for page in pages if page.is_file() for section in cut(page.name, page.read_text("utf-8")))

    def search(self, question: str, *, limit: int = 4) -> list[Section]:
        """The sections that answer, best first; none when most of the question's words are found nowhere together.

        A word in a heading counts twice.
        """
        words = terms(question)
        scores: dict[int, float] = defaultdict(float)
        found: dict[int, int] = defaultdict(int)
        for word in words:
            forms = " OR ".join(f'"{form}"' for form in dict.fromkeys((word, _SYNONYMS.get(word, word))))
            for row, score in self._match(forms):
                scores[row] -= score
                found[row] += 1
            for row, _ in self._match(f"heading : ({forms})"):
                found[row] += 1
        enough = [row for row in scores if found[row] * 2 >= len(words)]
        asked = set(words) | {_SYNONYMS.get(word, word) for word in words}
        enough.sort(key=lambda row: (-scores[row] * found[row] ** 2 * self._share(row, asked), row))
        return [self.sections[row - 1] for row in enough[:limit]]

    def _share(self, row: int, asked: set[str]) -> float:
        """What a section's score counts for: up to twice when its heading asks for nothing else."""
        section = self.sections[row - 1]
        share = 1.0 if section.path in _FOR_PEOPLE else _DETAIL
        if section.heading == section.title:
            return share * _INTRODUCTION
        heading = terms(section.heading)
        return share * (1 + len(asked.intersection(heading)) / max(1, len(heading)))

    def _match(self, query: str) -> list[tuple[int, float]]:
        sql = f"SELECT rowid, bm25(section, {_WEIGHTS}) FROM section WHERE section MATCH ?"  # noqa: S608
        return self._index.execute(sql, (query,)).fetchall()


def terms(question: str) -> list[str]:
    """The words of a question that are worth looking for, each once, in their order."""
    words = [word.lower() for word in _WORD.findall(question[:2000])]
    return list(dict.fromkeys(word for word in words if word not in _STOP and len(word) > 1))[:16]


def _served(line: str, path: str) -> str:
    """Links to other pages of the docs lead to where the site serves them; others within the repository are dropped."""
    line = re.sub(r"\]\((?:docs/)?([\w-]+\.md(?:#[\w-]*)?|[\w.-]+\.json)\)", r"](/docs/\1)", line)
    line = re.sub(r"\]\((#[\w-]+)\)", rf"](/docs/{path}\1)", line)
    return re.sub(r"\[([^\]]+)\]\((?!https?:|/)[^)]*\)", r"\1", line)


def cut(path: str, text: str) -> list[Section]:
    """The sections of a Markdown page, links as the site serves them. A `#` inside a code block is no heading."""
    title = heading = path.removesuffix(".md")
    sections: list[Section] = []
    lines: list[str] = []
    fenced = False

    def finish() -> None:
        body = "\n".join(lines).strip()
        if body:
            sections.append(Section(path, title, heading, body))
        lines.clear()

    for line in text.splitlines():
        fenced ^= line.lstrip().startswith("```")
        match = None if fenced else _HEADING.match(line)
        if match is None:
            if fenced or not line.startswith("<"):
                lines.append(line if fenced else _served(line, path))
            continue
        finish()
        heading = match[2].replace("`", "")
        if len(match[1]) == 1:
            title = heading
    finish()
    return sections

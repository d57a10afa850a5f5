"""The marks of citations in a report's Markdown: `[3]` stands for note 3.

Models write them in many ways: `[1, 2]`, `[1-3]`, `[^1]`, `【1】`, `[note 1]`, `[1](address)`. Code is left alone. What
a model adds by itself, such as pictures, addresses that no source has, or a list of sources, is taken out: a report can
point nowhere but to what was read.
"""

import re
from collections.abc import Callable, Collection, Iterator, Mapping

UNSUPPORTED = "[?]"
"""Stands where no citation is left."""

MOST_IN_RANGE = 20

_FENCE = re.compile(r" {0,3}(```|~~~)")
_INLINE = re.compile(r"(`[^`\n]+`)")
_NUMBER = r"(?:\^|note\s?|n)?\d{1,4}"
_ONE = rf"[\[【]\s?{_NUMBER}(?:\s?[,;–-]\s?{_NUMBER}){{0,30}}\s?[\]】](?:\([^()\s]{{0,300}}\))?"
_MARKS = re.compile(rf"{_ONE}(?:[ ,]?{_ONE})*", re.IGNORECASE)
_PART = re.compile(rf"({_NUMBER})(?:\s?[-–]\s?({_NUMBER}))?", re.IGNORECASE)
_TARGET = re.compile(r"\]\([^()\s]*\)|】\([^()\s]*\)")
_IMAGE = re.compile(r"!\[([^\]\n]{0,300})\](?:\([^)\n]{0,300}\)|\[[^\]\n]{0,300}\])")
_LINK = re.compile(r"(?<!!)\[([^\]\n]{0,300})\]\(\s?<?([^)\s>]{0,300})(?:[>\s][^)\n]{0,300})?\)")
_DEFINITION = re.compile(r"^ {0,3}\[[^\]\n]+\]:\s.*$\n?", re.MULTILINE)
_ADDRESS = re.compile(r"<?https?://[^\s<>()\[\]]+>?", re.IGNORECASE)
_HTML = re.compile(r"<(?:img|iframe|script|style|object|embed|video|audio|link|a|svg)\b[^>]{0,300}>", re.IGNORECASE)
_LISTS = "sources|references|citations|bibliography|works cited|quellen|quellenverzeichnis|literatur|fuentes"
_LIST = re.compile(rf"^(?:#{{1,6}}\s*|\*\*)?(?:{_LISTS})\s*:?\s*(?:\*\*)?:?\s*$", re.IGNORECASE | re.MULTILINE)
_WHOLE = re.compile(r"\A```(?:markdown|md)?[ \t]*\n(.*)\n```\Z", re.DOTALL | re.IGNORECASE)


def cited(markdown: str) -> list[int]:
    """The numbers that are cited, in the order of their first mark."""
    found: dict[int, None] = {}
    _outside_code(markdown, lambda text: _each(text, lambda numbers: _note(found, numbers)))
    return list(found)


def renumbered(markdown: str, numbers: Mapping[int, int]) -> str:
    """Each mark with the number that stands for its own; one without becomes `[?]`, unless another stands beside it."""

    def mark(given: list[int]) -> str:
        kept = list(dict.fromkeys(numbers[number] for number in given if number in numbers))
        return "".join(f"[{number}]" for number in kept) or UNSUPPORTED

    return _outside_code(markdown, lambda text: _each(text, mark))


def cleaned(markdown: str, *, urls: Collection[str]) -> str:
    """A model's Markdown without what is not its to add. `urls` are those of the sources."""
    text = markdown.strip()
    whole = _WHOLE.match(text)
    text = whole.group(1).strip() if whole else text
    ends = [found.start() for found in _LIST.finditer(text)]
    if ends and not re.search(r"^#{1,6}\s", text[ends[-1] :].partition("\n")[2], re.MULTILINE):
        text = text[: ends[-1]].rstrip()
    return _outside_code(text, lambda piece: _safe(piece, urls)).strip()


def _safe(text: str, urls: Collection[str]) -> str:
    text = _IMAGE.sub(lambda found: found.group(1), text)
    text = _DEFINITION.sub("", text)
    text = _HTML.sub("", text)
    text = _MARKS.sub(lambda found: _TARGET.sub(lambda end: end.group(0)[0], found.group(0)), text)
    text = _LINK.sub(lambda found: found.group(0) if found.group(2) in urls else found.group(1), text)
    return _ADDRESS.sub(lambda found: found.group(0) if _address(found.group(0)) in urls else "", text)


def _address(text: str) -> str:
    return text.strip("<>").rstrip(".,;:!?\"'")


def _outside_code(text: str, work: Callable[[str], str]) -> str:
    return "".join(piece if code else work(piece) for code, piece in _pieces(text))


def _pieces(text: str) -> Iterator[tuple[bool, str]]:
    """The text in pieces, and which are code. A fence that is never closed goes to the end."""
    fence, lines = "", list[str]()
    for line in text.splitlines(keepends=True):
        found = _FENCE.match(line)
        if not fence and found:
            yield from _spans("".join(lines))
            fence, lines = found.group(1), [line]
        elif fence and line.strip().startswith(fence) and not line.strip().strip(fence[0]):
            yield True, "".join([*lines, line])
            fence, lines = "", []
        else:
            lines.append(line)
    if fence:
        yield True, "".join(lines)
    else:
        yield from _spans("".join(lines))


def _spans(text: str) -> Iterator[tuple[bool, str]]:
    for index, piece in enumerate(_INLINE.split(text)):
        yield bool(index % 2), piece


def _each(text: str, work: Callable[[list[int]], str]) -> str:
    return _MARKS.sub(lambda found: work(_numbers(found.group(0))), text)


def _numbers(marks: str) -> list[int]:
    found: list[int] = []
    for first, last in _PART.findall(_TARGET.sub("]", marks)):
        begin = _number(first)
        end = _number(last) if last else begin
        found += range(begin, min(end, begin + MOST_IN_RANGE) + 1) if end >= begin else [begin, end]
    return list(dict.fromkeys(found))


def _number(text: str) -> int:
    return int(re.sub(r"\D", "", text))


def _note(found: dict[int, None], numbers: list[int]) -> str:
    found.update(dict.fromkeys(numbers))
    return ""

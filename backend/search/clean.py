"""Text from outside without what people can't see: control characters, direction marks, invisible letters.

They serve to hide words from a reader that a model reads all the same, or to show a line in another order.
"""

import html
import re

_GONE = (
    (0x00, 0x08),  # controls but tab and newline; CR and the like are newlines before
    (0x0B, 0x1F),
    (0x7F, 0x9F),
    (0xAD, 0xAD),  # soft hyphen
    (0x034F, 0x034F),  # grapheme joiner
    (0x061C, 0x061C),  # direction marks, isolates and overrides
    (0x200E, 0x200F),
    (0x202A, 0x202E),
    (0x2060, 0x206F),
    (0x115F, 0x1160),  # letters without a shape
    (0x17B4, 0x17B5),
    (0x180B, 0x180F),
    (0x3164, 0x3164),
    (0xFFA0, 0xFFA0),
    (0x200B, 0x200B),  # zero width
    (0xFEFF, 0xFEFF),
    (0xFE00, 0xFE0D),  # variants of letters
    (0xD800, 0xF8FF),  # halves of pairs, private use
    (0xFFF0, 0xFFFB),  # annotations
    (0xFFFE, 0xFFFF),
    (0x1BCA0, 0x1BCA3),
    (0x1D173, 0x1D17A),
    (0xE0000, 0xE0FFF),  # tags and further variants
    (0xF0000, 0x10FFFF),
)
_INVISIBLE = re.compile("[" + "".join(f"{chr(first)}-{chr(last)}" for first, last in _GONE) + "]")
_JOINERS = re.compile("[\u200c\u200d\ufe0e\ufe0f]+")
_JOINED = {"\u200c", "\u200d", "\ufe0e", "\ufe0f", "\ufe0f\u200d"}
_NEWLINES = re.compile("\r\n?|[\x0b\x0c\x1c-\x1e\x85\u2028\u2029]")
_TAG = re.compile(r"<[/!?a-zA-Z][^<>]{0,1000}>")


def visible(text: str) -> str:
    """The text with nothing in it that can't be seen; its newlines are `\\n`.

    Joiners and variation selectors stay one by one where scripts and emoji need them.
    """
    text = _INVISIBLE.sub("", _NEWLINES.sub("\n", text))
    return text if text.isascii() else _JOINERS.sub(_joined, text)


def lines(text: str) -> str:
    """Visible text with at most one empty line in a row and no spaces at the ends of lines; indents stay."""
    rows = [row.rstrip() for row in visible(text).split("\n")]
    return re.sub(r"\n{3,}", "\n\n", "\n".join(rows)).strip("\n")


def line(text: str, limit: int) -> str:
    """Visible text on one line of at most `limit` characters, with an ellipsis where it was cut."""
    joined = " ".join(visible(text[: 8 * limit]).split())
    return joined if len(joined) <= limit else joined[: limit - 1].rstrip() + "…"


def plain(text: str, limit: int) -> str:
    """As `line`, for what may hold tags and entities, as snippets do."""
    return line(html.unescape(_TAG.sub("", text[: 8 * limit])), limit)


def _joined(found: re.Match[str]) -> str:
    run, start = found.group(), found.start()
    before = found.string[start - 1] if start else " "
    keeps = run in _JOINED and (not before.isascii() or (run == "\ufe0f" and before in "0123456789#*"))
    return run if keeps else ""

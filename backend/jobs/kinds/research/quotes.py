"""Finds a passage that a model claims to quote in the text of a page, word for word.

White space, quotation marks, dashes and invisible characters may differ, and so may marks around the whole passage;
nothing else. What is found is given as it stands in the page.
"""

import unicodedata

LEAST = 10
"""Characters of a passage: a shorter one is found by chance."""

_SAME = {
    **dict.fromkeys("‘’‚‛′`´", "'"),
    **dict.fromkeys("“”„‟″«»", '"'),
    **dict.fromkeys("‐‑‒–—―−", "-"),
}
_INVISIBLE = frozenset("\u00ad\u200b\u200c\u200d\u2060\ufeff")
_AROUND = " \t\n\r\"'.…,;:"


class Text:
    """A page's text, made ready for many searches. Offsets count characters of the text as given."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._plain, self._places = _plain(text)

    def find(self, quote: str) -> tuple[int, int] | None:
        """Where the passage begins and ends; None: it is not there, or too short to say."""
        wanted = _plain(quote)[0].strip()
        for passage in dict.fromkeys((wanted, wanted.strip(_AROUND))):
            if len(passage) < LEAST:
                continue
            at = self._plain.find(passage)
            if at >= 0:
                return self._places[at], self._end(at + len(passage) - 1)
        return None

    def passage(self, span: tuple[int, int]) -> str:
        """As it stands there."""
        return self._text[span[0] : span[1]]

    def _end(self, last: int) -> int:
        """Behind the character of the text that the last one of the passage came from, with its accents."""
        end = self._places[last] + 1
        while end < len(self._text) and unicodedata.combining(self._text[end]):
            end += 1
        return end


def _plain(text: str) -> tuple[str, list[int]]:
    """The text with its variants made one, and for each of its characters where it came from."""
    out: list[str] = []
    places: list[int] = []
    at, size = 0, len(text)
    while at < size:
        char = text[at]
        end = at + 1
        if char.isspace():
            if out and out[-1] != " ":
                out.append(" ")
                places.append(at)
        elif char not in _INVISIBLE:
            if char.isascii() and (end == size or text[end].isascii()):
                made = _SAME.get(char, char)
            else:
                while end < size and unicodedata.combining(text[end]):
                    end += 1
                made = _SAME.get(char) or unicodedata.normalize("NFKC", text[at:end])
            for one in made:
                out.append(_SAME.get(one, one))
                places.append(at)
        at = end
    return "".join(out), places

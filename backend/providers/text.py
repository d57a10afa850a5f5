"""Keeps the promise that a delta's text is whole code points without NUL."""

REPLACEMENT = "\ufffd"


class Mender:
    """Joins a surrogate pair that a server cut in two; one for each stream.

    `mend` is only needed where text may hold lone surrogates (which msgspec refuses and the standard library reads),
    or while `half` is not empty.
    """

    __slots__ = ("half",)

    def __init__(self) -> None:
        self.half = ""

    def mend(self, text: str) -> str:
        """Text that may be shown; a high surrogate at its end waits for the next call."""
        text = self.half + text
        self.half = ""
        if text and "\ud800" <= text[-1] <= "\udbff":
            text, self.half = text[:-1], text[-1]
        return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace").replace("\0", REPLACEMENT)

    def rest(self) -> str:
        """What is left at the end of the stream."""
        half, self.half = self.half, ""
        return REPLACEMENT if half else ""

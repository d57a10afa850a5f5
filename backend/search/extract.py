"""From a page's bytes to its main text. Runs in a process of its own (`backend.search.child`): see there."""

import codecs
import re
from typing import Literal
from urllib.parse import unquote, urlsplit

from msgspec import Struct

from backend.search.clean import line, lines
from backend.search.hidden import take_out

Kind = Literal["html", "xml", "text", "unknown"]
LONGEST_TEXT = 200_000
TITLE = 300

_WIDER = {"iso8859-1": "cp1252", "ascii": "cp1252", "gb2312": "gb18030", "gbk": "gb18030", "shift_jis": "cp932"}
"""Charsets that pages name when they mean a wider one (WHATWG, Encoding)."""
_MULTIBYTE = {"utf-8", "utf-16", "utf-16-le", "utf-16-be", "gb18030", "big5", "big5hkscs", "cp932", "euc_jp", "euc_kr"}
_MULTIBYTE |= {"iso2022_jp", "cp949", "koi8-r", "koi8-u", "tis-620"}
_SINGLE = re.compile(r"^(cp\d{3,4}|iso8859-\d{1,2}|mac-[a-z]+)$")
_MARKS = ((codecs.BOM_UTF8, "utf-8-sig"), (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"))
_META = re.compile(rb"<meta[^>]{0,200}?charset\s*=\s*[\"']?\s*([A-Za-z0-9_:.-]{1,40})", re.IGNORECASE)
_XML = re.compile(rb"^\s*<\?xml[^>]{0,200}?encoding\s*=\s*[\"']([A-Za-z0-9_:.-]{1,40})")
_LOOKS_HTML = re.compile(rb"^\s*<(!doctype html|html|head|body|meta|title)", re.IGNORECASE)
_HEAD = 4096
"""Bytes of a page that may say what it is."""
_ENOUGH_TO_GUESS = 30
"""Bytes beyond ASCII from which on a charset can be told by them."""


class Job(Struct):
    """What is known of the bytes: `charset` as the header named it."""

    url: str
    kind: Kind
    charset: str


class Extracted(Struct):
    """The text. Empty: there was none, or (`binary`) the bytes are no text."""

    title: str = ""
    text: str = ""
    truncated: bool = False
    binary: bool = False


def extract(job: Job, body: bytes) -> Extracted:
    """The main text of the page, cleaned, at most `LONGEST_TEXT` characters."""
    kind = job.kind
    if kind in {"unknown", "text"} and _LOOKS_HTML.match(body[:_HEAD]):
        kind = "html"
    text = decode(body, job.charset, marked=kind != "text")
    if kind != "html" and "\0" in text[:_HEAD]:
        return Extracted(binary=True)
    match kind:
        case "html":
            title, text = _html(text)
        case "xml":
            title, text = _xml(text)
        case _:
            title = ""
    text = lines(text)
    return Extracted(
        title=line(title, TITLE) or _named(job.url),
        text=text[:LONGEST_TEXT],
        truncated=len(text) > LONGEST_TEXT,
    )


def decode(body: bytes, charset: str, *, marked: bool) -> str:
    """The bytes as text: by their mark, the header, what the page says (`marked`), UTF-8 where it fits, or a guess."""
    for mark, name in _MARKS:
        if body.startswith(mark):
            return body.decode(name, "replace")
    head = body[:_HEAD] if marked else b""
    named = [charset, *(found.group(1).decode("ascii") for found in (_XML.match(head), _META.search(head)) if found)]
    for name in (known for known in map(_codec, named) if known):
        if name == "utf-8" and not _fits(body):
            continue
        return body.decode(name, "replace")
    return body.decode("utf-8") if _fits(body) else body.decode(_guessed(body), "replace")


def _codec(name: str) -> str | None:
    """Python's name for a charset of the web; None for none that may be used."""
    try:
        found = codecs.lookup(name).name
    except (LookupError, ValueError):
        return None
    found = _WIDER.get(found, found)
    return found if found in _MULTIBYTE or _SINGLE.match(found) else None


def _fits(body: bytes) -> bool:
    try:
        body.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True


def _guessed(body: bytes) -> str:
    from charset_normalizer import from_bytes

    part = body[: 64 << 10]
    if sum(byte > 0x7F for byte in part) < _ENOUGH_TO_GUESS:
        return "cp1252"
    best = from_bytes(part).best()
    return (best and _codec(best.encoding)) or "cp1252"


def _html(text: str) -> tuple[str, str]:
    import trafilatura

    tree = trafilatura.load_html(text)
    if tree is None:
        return "", ""
    take_out(tree)
    title = "".join(tree.xpath("//meta[@property='og:title']/@content")[:1]) or _first(tree, "//title", "//h1")
    found = trafilatura.extract(tree, include_comments=False, include_tables=True, output_format="txt")
    if not found:
        found = trafilatura.html2txt(tree)
    return title, found or ""


def _xml(text: str) -> tuple[str, str]:
    """The words of a feed or another document; no entity is resolved, nothing is loaded."""
    from lxml import etree

    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, recover=True)
    tree = etree.fromstring(text.encode(), parser)
    if tree is None:
        return "", ""
    words = (str(one).strip() for one in tree.xpath("//text()"))
    return _first(tree, "//*[local-name()='title']"), "\n".join(one for one in words if one)


def _first(tree: "object", *paths: str) -> str:
    for path in paths:
        for one in tree.xpath(path)[:1]:  # type: ignore[attr-defined]
            if words := " ".join("".join(one.itertext()).split()):
                return words
    return ""


def _named(url: str) -> str:
    parts = urlsplit(url)
    return line(unquote(parts.path.rstrip("/").rpartition("/")[2]) or parts.netloc, TITLE)

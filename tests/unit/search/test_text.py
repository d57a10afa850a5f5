"""Pages' bytes become the text that was meant, whatever they claim; and nothing that can't be seen stays in it."""

import pytest

from backend.search.clean import line, lines, plain, visible
from backend.search.extract import Job, decode, extract

GERMAN = "Größe, Übermaß und Öl – „schön“"


@pytest.mark.parametrize(
    ("body", "charset"),
    [(GERMAN.encode(), ""), (GERMAN.encode(), "utf-8"), (GERMAN.encode("cp1252"), "iso-8859-1"),
     (GERMAN.encode("cp1252"), ""), (GERMAN.encode("cp1252"), "utf-8"), (GERMAN.encode("utf-16"), ""),
     (GERMAN.encode("utf-8-sig"), "latin1"), (b"<meta charset='windows-1252'>" + GERMAN.encode("cp1252"), ""),
     (GERMAN.encode(), "zlib"), (GERMAN.encode(), "no such thing"), (GERMAN.encode(), "\0"), (GERMAN.encode(), "idna"),
     (GERMAN.encode(), "utf-7"), (GERMAN.encode(), "punycode"), (GERMAN.encode(), "unicode_escape")],
)  # fmt: skip
def test_a_charset_is_found_whatever_is_claimed(body, charset) -> None:
    assert decode(body, charset, marked=True).endswith(GERMAN)


@pytest.mark.parametrize(
    ("text", "charset"), [("日本語の文章です。", "shift_jis"), ("中文网页的文字", "gb2312"), ("Привет, мир", "koi8-r")]
)
def test_other_scripts_are_read_by_their_charsets(text, charset) -> None:
    assert decode(text.encode(charset), charset, marked=False) == text
    marked = b'<html><meta http-equiv="Content-Type" content="text/html; charset=' + charset.encode() + b'">'
    assert decode(marked + text.encode(charset), "", marked=True).endswith(text)


def test_a_page_without_a_title_is_named_by_its_address() -> None:
    found = extract(Job(url="https://x.example/a%20b/notes.txt", kind="text", charset=""), b"words")
    assert (found.title, found.text) == ("notes.txt", "words")


HIDDEN = """
00 07 1B 7F 9B AD 61C 115F 180E 200B 200E 202A 202E 2060 2066 2069 3164 FEFF FFF9 FFFE E000 D800 E0041 E007F E0100 FE00
F0000 10FFFF
"""


@pytest.mark.parametrize("code", [int(code, 16) for code in HIDDEN.split()])
def test_what_cannot_be_seen_goes(code) -> None:
    assert visible(f"a{chr(code)}b") == "ab"


@pytest.mark.parametrize(
    "text", ["❤️‍🔥 👩‍👩‍👧 1️⃣", "می‌خواهم", "क्‍ष", "Ünïcödé 中文 עברית العربية", "a\tb\nc", "naïve e\u0301"]
)
def test_what_scripts_and_emoji_need_stays(text) -> None:
    assert visible(text) == text


def test_joiners_hide_nothing_between_letters() -> None:
    assert visible("a\u200d\u200c\u200db\ufe0f") == "ab"
    assert visible("日" + "\ufe0f\ufe0e\u200d" * 9 + "本") == "日本"


def test_lines_are_tidied() -> None:
    assert lines("a  \r\n\r\n\r\n\r\n  b\u2028c\x85d\n\n") == "a\n\n  b\nc\nd"
    assert line(" a\n b ", 10) == "a b"
    assert line("abcdefgh", 5) == "abcd…"
    assert plain("a &lt;b&gt; <em>c</em> 1 < 2", 50) == "a <b> c 1 < 2"

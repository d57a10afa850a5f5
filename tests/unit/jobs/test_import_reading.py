"""Finding conversations in a file, however it is cut, broken, packed or large, and saying where it goes wrong."""

import io
import json
import zipfile
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from backend.jobs.imports import opening, pieces, reading, values
from backend.jobs.imports.base import BadExport
from backend.jobs.imports.opening import open_export
from backend.jobs.imports.pieces import Piece, Pieces
from backend.jobs.imports.reading import Found, conversation_at, look_through, source_at
from tests.support import exports

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text('ab"\\{}[],: \n\u00e9\U0001f600', max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text('k"{\\', max_size=3), inner, max_size=3),
    max_leaves=12,
)


def found_in(data: bytes) -> tuple[list[tuple[Piece, Any]], dict[str, Any] | None]:
    found: list[tuple[Piece, Any]] = []
    try:
        found.extend((one, values.value_of(data[one.at : one.at + one.size], one)) for one in Pieces(io.BytesIO(data)))
    except BadExport as error:
        return found, error.plain()
    return found, None


@settings(max_examples=50, deadline=None)
@given(
    items=st.lists(st.dictionaries(st.text(max_size=3), JSON, max_size=3), min_size=1, max_size=3),
    chunk=st.sampled_from([1, 2, 3, 7, 1000]),
    lines=st.booleans(),
    indent=st.none() | st.just(1),
)
def test_every_value_is_found_at_its_place_wherever_the_chunks_end(items: Any, chunk: int, lines: bool, indent: Any):
    if lines:
        data = "\n".join(json.dumps(item) for item in items).encode()
    else:
        data = json.dumps(items, indent=indent, ensure_ascii=False).encode()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(pieces, "CHUNK", chunk)
        found, error = found_in(data)
    assert ([value for _, value in found], error) == (items, None)
    for piece, value in found:
        text = data[piece.at : piece.at + piece.size].decode()
        assert piece.line == data.count(b"\n", 0, piece.at) + 1
        assert values.read_deep(text) == value


@settings(max_examples=50, deadline=None)
@given(data=st.binary(max_size=60) | st.text('[]{},:"\\ ax1\n', max_size=40).map(str.encode))
def test_whatever_comes_is_read_or_refused_with_its_place(data: bytes):
    found, error = found_in(data)
    assert found or error
    if error and "offset" in error:
        assert 0 <= error["offset"] <= len(data)


@pytest.mark.parametrize(
    ("data", "good", "code", "line", "offset"),
    [
        (b"", 0, "empty", None, None),
        (b" [ ]", 0, "empty", None, None),
        (b"name;age\n", 0, "not_an_export", 1, 0),
        (b"[1, 2]", 0, "not_an_export", 1, 5),
        (b"[[{}]]", 0, "not_an_export", 1, 1),
        (b"\xff\xfe[\0{\0", 0, "encoding", 1, 0),
        (b'[{"a": 1},\n{"b": "\xe9"}]', 1, "encoding", 2, 18),
        (b'[{"a": 1},\n{"b": \n1 2}]', 1, "broken_json", 3, 20),
        (b'[{"a": 1},\n {"b": "cut', 1, "broken_json", 2, 12),
        (b'[{"a": 1},\n {"b": 2}', 2, "broken_json", 2, 20),
        (b'[{"a": 1} {"b": 2}]', 1, "broken_json", 1, 10),
        (b'[{"a": 1}]\nmore', 1, "broken_json", 2, 15),
        (b'[{"a": 1}, "text {}", {}]', 1, "broken_json", 1, 22),
        (b'{"a": 1}]', 1, "broken_json", 1, 8),
        (b'[{"a": 1%s}]' % (b"0" * 5000), 0, "broken_json", 1, 1),
    ],
)
def test_what_is_wrong_is_said_with_line_and_byte(data: bytes, good: int, code: str, line: Any, offset: Any):
    found, error = found_in(data)
    assert error is not None
    assert (len(found), error["code"], error.get("line"), error.get("offset")) == (good, code, line, offset)


def test_a_mark_before_utf_8_and_half_characters_do_no_harm():
    found, error = found_in(b'\xef\xbb\xbf[{"a": "\\ud83d"}]')
    assert (found[0][1], error) == ({"a": "\ud83d"}, None)


def test_values_nested_deeper_than_readers_go_are_read():
    depth = 3_000
    found, error = found_in(b'{"a":[' * depth + b"1" + b"]}" * depth)
    assert (error, found[0][0].depth) == (None, 2 * depth)
    broken = b'{"a":[' * depth + b"1" + b"]}" * (depth - 1) + b"}]"
    _, error = found_in(broken)
    assert error is not None
    assert (error["code"], error["offset"]) == ("broken_json", len(broken) - 2)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path


def written(folder: Path, data: Any, name: str = "export") -> Path:
    path = folder / name
    path.write_bytes(data if isinstance(data, bytes) else json.dumps(data).encode())
    return path


def packed(folder: Path, files: dict[str, Any]) -> Path:
    path = folder / "export.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files.items():
            archive.writestr(name, data if isinstance(data, bytes) else json.dumps(data))
    return path


def looked(path: Path, **more: Any) -> list[Found]:
    return list(look_through(open_export(path, spool=path.with_suffix(".spool")), source=more.pop("source", None)))


def test_conversations_of_all_sources_are_found_in_one_list(folder: Path):
    own = {
        "id": "r1",
        "title": "Own",
        "messages": [{"id": "m", "role": "user", "parts": [{"kind": "text", "text": "x"}]}],
    }
    path = written(folder, [exports.chatgpt(), exports.openwebui(), exports.librechat(recursive=True), own])
    found = looked(path)
    assert [one.source for one in found] == ["chatgpt", "openwebui", "librechat", "rivulet"]
    assert [one.title for one in found] == ["Rain", "Sums", "Story", "Own"]
    with path.open("rb") as file:
        assert [len(conversation_at(file, one).messages) for one in found] == [5, 5, 4, 1]
    assert source_at(path) == ("chatgpt", None)


def test_a_broken_conversation_spoils_itself_alone(folder: Path):
    rain, sums = json.dumps(exports.chatgpt()), json.dumps(exports.openwebui())
    path = written(folder, f'[{rain},\n{{"mapping": tru}},\n{{"a": 1}},\n{sums}, oops'.encode())
    found = looked(path)
    assert [one.error and one.error["code"] for one in found] == [
        None,
        "broken_json",
        "unknown_shape",
        None,
        "broken_json",
    ]
    assert [one.error["line"] for one in found if one.error] == [2, 3, 4]
    refused = looked(path, source="chatgpt")
    assert [bool(one.error) for one in refused] == [False, True, True, True, True]
    with pytest.raises(BadExport) as caught:
        looked(path, source="librechat")
    assert caught.value.code == "unknown_shape"


def test_a_conversation_without_an_id_is_known_by_its_content(folder: Path):
    bare = {"chat": exports.openwebui()["chat"]}
    first, again = looked(written(folder, [bare, bare]))
    assert first.ident == again.ident
    assert len(first.ident) == 64


def test_a_zip_is_unpacked_to_what_matters(folder: Path):
    rain, sums = exports.chatgpt(), {**exports.chatgpt(), "conversation_id": "other"}
    files = {
        "chat.html": b"x",
        "user.json": {"id": 1},
        "conversations-000.json": [rain],
        "conversations-001.json": [sums],
    }
    path = packed(folder, files)
    found = looked(path)
    assert [(one.entry, one.ident) for one in found] == [
        ("conversations-000.json", rain["conversation_id"]),
        ("conversations-001.json", "other"),
    ]
    with path.with_suffix(".spool").open("rb") as file:
        assert conversation_at(file, found[1]).title == "Rain"
    assert source_at(path) == ("chatgpt", None)
    stories = {"a/one.json": exports.librechat(recursive=True), "a/two.json": b"{", "__MACOSX/a/one.json": b"?"}
    path = packed(folder, stories)
    path.with_suffix(".spool").unlink()
    assert [(one.entry, one.error and one.error["code"]) for one in looked(path)] == [
        ("a/one.json", None),
        ("a/two.json", "broken_json"),
    ]


def test_bombs_damage_and_archives_of_something_else_are_refused(folder: Path, monkeypatch):
    def refused(path: Path) -> str:
        with pytest.raises(BadExport) as caught:
            looked(path)
        assert not path.with_suffix(".spool").exists()
        assert not path.with_suffix(".part").exists()
        return caught.value.code

    bomb = packed(folder, {"conversations.json": b"[" + b" " * 3_000_000})
    with monkeypatch.context() as patch:
        patch.setattr(opening, "MOST_UNPACKED", 1_000_000)
        assert refused(bomb) == "too_large"
        patch.setattr(opening, "MOST_ENTRIES", 0)
        assert refused(bomb) == "too_large"
    liar = bytearray(bomb.read_bytes())
    at = liar.rfind(b"PK\x01\x02") + 24
    liar[at : at + 4] = (1000).to_bytes(4, "little")
    assert refused(written(folder, bytes(liar), "liar")) == "broken_zip"
    assert refused(written(folder, bomb.read_bytes()[:500], "half")) == "broken_zip"
    assert refused(packed(folder, {"photo.png": b"x"})) == "not_an_export"
    with pytest.raises(BadExport) as caught:
        open_export(folder / "gone", spool=folder / "spool")
    assert caught.value.code == "file_gone"


def test_what_is_too_large_is_skipped_or_refused(folder: Path, monkeypatch):
    path = written(folder, [exports.chatgpt(), exports.openwebui()])
    monkeypatch.setattr(reading, "LARGEST", len(json.dumps(exports.openwebui())))
    found = looked(path)
    assert [one.error and one.error["code"] for one in found] == ["too_large", None]
    monkeypatch.setattr(reading, "MOST_FOUND", 1)
    with pytest.raises(BadExport) as caught:
        looked(path)
    assert caught.value.code == "too_large"


def test_the_beginning_tells_whose_it_is_even_where_it_is_cut(folder: Path, monkeypatch):
    path = written(folder, [exports.chatgpt(), exports.openwebui()])
    monkeypatch.setattr(reading, "LOOKED_AT", 100)
    assert source_at(path) == (None, None)
    source, error = source_at(written(folder, b"hello"))
    assert (source, error and error.code) == (None, "not_an_export")

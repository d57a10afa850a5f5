"""Tables that people upload: what is read, and what is told of those that can't be."""

import codecs
import zipfile
from pathlib import Path

import openpyxl
import pytest

from backend.core.sentences import named
from backend.jobs.tables import BadLine, BadTable, Format, Line, Options, guess_format, open_table, xlsx_file
from backend.jobs.tables.base import TOO_LONG


def read(path: Path, form: Format = "csv", **options: str) -> tuple[list[str], list[Line | BadLine]]:
    table = open_table(path, format=form, options=Options(**options))
    return table.columns, list(table.rows)


@pytest.fixture
def write(tmp_path: Path):
    def write(data: bytes | str) -> Path:
        path = tmp_path / "table"
        path.write_bytes(data.encode() if isinstance(data, str) else data)
        return path

    return write


def refused(path: Path, form: Format = "csv", **options: str) -> tuple[int | None, str]:
    with pytest.raises(BadTable) as caught:
        read(path, form, **options)
    return caught.value.line, caught.value.reason


def test_cells_may_hold_quotes_delimiters_and_line_ends_and_lines_keep_their_numbers(write):
    columns, rows = read(write('name;text\r\nada;"a ""b""; c\r\nd"\r\n\r\neve;x\r\n'))
    assert columns == ["name", "text"]
    assert rows == [
        Line(2, {"name": "ada", "text": 'a "b"; c\r\nd'}),
        Line(5, {"name": "eve", "text": "x"}),
    ]


def test_a_broken_line_spoils_itself_and_no_other(write):
    _, rows = read(write('a,b\n1,2\n3\n"4,5\n6,7\n8,"9"x\n10,"11\n12'))
    assert [row.number for row in rows] == [2, 3, 4, 5, 6, 7, 8]
    wrong = {row.number: row.reason for row in rows if isinstance(row, BadLine)}
    assert set(wrong) == {3, 4, 6, 7, 8}
    assert wrong[3] == "There is 1 cell; the header has 2 columns."
    assert "or not at all" in wrong[4]
    assert "before the end of its cell" in wrong[6]
    assert "is not closed" in wrong[7]


def test_a_wrong_byte_is_told_with_its_line_and_another_encoding_can_be_said(write):
    path = write("name\nada\nJosé\n".encode("windows-1252"))
    _, rows = read(path)
    assert isinstance(rows[1], BadLine)
    assert rows[1].number == 3
    assert "Byte 4 (0xE9) is not UTF-8" in rows[1].reason
    assert read(path, encoding="windows-1252")[1][1] == Line(3, {"name": "José"})
    assert "no encoding" in refused(path, encoding="klingon")[1]


@pytest.mark.parametrize("mark", ["utf-8-sig", "utf-16", "utf-16-be"])
def test_byte_order_marks_are_believed(write, mark: str):
    head = codecs.BOM_UTF16_BE if mark == "utf-16-be" else b""
    columns, rows = read(write(head + "näme,b\nä,☃\n".encode(mark)))
    assert columns == ["näme", "b"]
    assert rows == [Line(2, {"näme": "ä", "b": "☃"})]


def test_a_million_columns_and_an_endless_line_are_refused(write):
    line, reason = refused(write(",".join(f"c{n}" for n in range(1_000_000)) + "\n"))
    assert line == 1
    assert "columns; at most 500" in reason
    long = BadLine(2, TOO_LONG)
    for encoding in ("utf-8", "utf-16"):
        text = "a\n" + "x" * 3_000_000 + "\nlast\n"
        assert read(write(text.encode(encoding))) == (["a"], [long, Line(3, {"a": "last"})])
    assert refused(write("x" * 2_000_000)) == (1, "The line is longer than 1 MiB.")
    assert refused(write(",".join(f"c{n}" for n in range(501)) + "\n"))[0] == 1


def test_headers_that_name_nothing_or_twice_are_refused(write):
    assert "empty" in refused(write(""))[1]
    assert refused(write("a,,c\n1,2,3\n")) == (1, "Column 2 has no name.")
    assert "called 'a'" in refused(write("a, a\n1,2\n"))[1]
    assert "NUL" in refused(write(b"a\0b\n"))[1]


def test_jsonl_tells_line_and_column(write):
    text = '{"a": "1", "n": 2, "l": [1, "x"]}\n\n{"a": }\n[1]\n{"a": NaN}\n{"a": "\\ud800"}\n{"a": null, "b": true}\n'
    columns, rows = read(write(text), "jsonl")
    assert columns == ["a", "n", "l"]
    assert rows[0] == Line(1, {"a": "1", "n": "2", "l": '[1, "x"]'})
    assert rows[-1] == Line(7, {"a": "", "b": "true"})
    wrong = {row.number: row.reason for row in rows if isinstance(row, BadLine)}
    assert set(wrong) == {3, 4, 5, 6}
    assert "column 7" in wrong[3]
    assert "no object" in wrong[4]


def test_a_workbook_gives_texts_as_people_see_them(tmp_path: Path):
    path = tmp_path / "book.xlsx"
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    for row in (["name", "n", "on"], ["ada", 3.0, True], [None, None, None], ["eve", 2.5, "#REF!"], ["x", 1, 2, 9]):
        sheet.append(row)
    book.save(path)
    columns, rows = read(path, "xlsx")
    assert columns == ["name", "n", "on"]
    assert rows[0] == Line(2, {"name": "ada", "n": "3", "on": "true"})
    assert [row.number for row in rows] == [2, 4, 5]
    assert isinstance(rows[1], BadLine)
    assert "#REF!" in rows[1].reason
    assert isinstance(rows[2], BadLine)
    assert "no sheet 'Other'" in refused(path, "xlsx", sheet="Other")[1]


def test_a_bomb_and_a_file_that_is_no_workbook_are_refused_unopened(tmp_path: Path, monkeypatch):
    monkeypatch.setattr(xlsx_file, "MOST_UNPACKED", 1024 * 1024)
    bomb = tmp_path / "bomb.xlsx"
    with zipfile.ZipFile(bomb, "w", zipfile.ZIP_DEFLATED) as archive, archive.open("xl/a.xml", "w") as entry:
        entry.write(bytes(1024 * 1024 + 1))
    assert "unpacks to more than" in refused(bomb, "xlsx")[1]
    bomb.write_bytes(b"PK\x03\x04 and nothing else")
    assert "not a workbook" in refused(bomb, "xlsx")[1]


def test_formats_are_found_out():
    assert guess_format(name="a.csv", head=b"a,b") == "csv"
    assert guess_format(name="a.csv", head=b"PK\x03\x04") == "xlsx"
    assert guess_format(name="export", head=b'\xef\xbb\xbf{"a"') == "jsonl"
    assert guess_format(name="photo.png", head=b"\x89PNG") is None


def test_what_is_wrong_has_a_name_and_its_parameters_for_other_languages(tmp_path: Path):
    (tmp_path / "t.csv").write_text("a,b\n1,2,3\n1\n")
    rows = [row for row in open_table(tmp_path / "t.csv", format="csv").rows if isinstance(row, BadLine)]
    assert [(row.reason, named(row.said)["sentence"]) for row in rows] == [
        ("There are 3 cells; the header has 2 columns.", "cells"),
        ("There is 1 cell; the header has 2 columns.", "cells"),
    ]
    assert named(rows[0].said)["params"] == {"count": 3, "columns": 2}
    (tmp_path / "t.jsonl").write_text("7\n")
    [line] = open_table(tmp_path / "t.jsonl", format="jsonl").rows
    assert isinstance(line, BadLine)
    assert line.reason == 'This is no object: each line is one, such as {"name": "value"}.'
    (tmp_path / "t.csv").write_text("a,a\n")
    with pytest.raises(BadTable) as caught:
        open_table(tmp_path / "t.csv", format="csv")
    assert named(caught.value.said)["params"]["reason"]["sentence"] == "column_twice"
    assert str(caught.value) == "Line 1: Two columns are called 'a'."

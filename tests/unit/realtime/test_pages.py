"""A snapshot cut into pages adds up to the snapshot, and no page is too long."""

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from realtime.pages import snapshot_pages
from realtime.positions import Position
from tests.support.sockets import unframe

AT = Position("e1", 7)
LIMIT = 2000

texts = st.builds(str.__mul__, st.text(max_size=20), st.integers(0, 200))
parts = st.lists(
    st.fixed_dictionaries(
        {"kind": st.sampled_from(["text", "reasoning", "tool"]), "text": texts},
        optional={"name": st.text(max_size=20)},
    ),
    max_size=5,
)


def joined(pages: list[Any]) -> dict[str, Any]:
    """What a client makes of pages, as `realtime.pages` says it should."""
    whole = dict(pages[0])
    for page in pages:
        ids = [item["id"] for items in page.values() if isinstance(items, list) for item in items if "id" in item]
        assert len(set(ids)) == len(ids), "one item comes once in a page"
    for page in pages[1:]:
        for name, items in page.items():
            known = whole.setdefault(name, [])
            for item in items:
                if name != "parts" and "parts" in item and known and known[-1]["id"] == item["id"]:
                    known[-1]["parts"] = [*known[-1]["parts"], *item["parts"]]
                else:
                    known.append(item)
    return {name: _whole(name, value) for name, value in whole.items()}


def _whole(name: str, value: Any) -> Any:
    if name == "parts":
        return _parts(value)
    if isinstance(value, list):
        return [item | {"parts": _parts(item["parts"])} if "parts" in item else item for item in value]
    return value


def _parts(slices: list[Any]) -> list[Any]:
    found: dict[int, Any] = {}
    for number, item in enumerate(slices):
        if "start" not in item:
            found[number] = dict(item)
            continue
        fields = {key: value for key, value in item.items() if key not in {"part", "start"}}
        if item["start"] == 0:
            found[item["part"]] = fields
        else:
            assert len(found[item["part"]]["text"]) == item["start"]
            found[item["part"]]["text"] += item["text"]
    return [found[number] for number in sorted(found)]


def cut(data: dict[str, Any]) -> list[Any]:
    frames = snapshot_pages("generation.1", AT, data, limit=LIMIT)
    assert all(len(frame) <= LIMIT for frame in frames)
    pages = [unframe(frame) for frame in frames]
    assert {(page["topic"], page["epoch"], page["offset"], page["type"]) for page in pages} == {
        ("generation.1", "e1", 7, "snapshot")
    }
    if len(pages) == 1 and "page" not in pages[0]:
        assert "more" not in pages[0]
    else:
        assert [page["page"] for page in pages] == list(range(len(pages)))
        assert [page.get("more", False) for page in pages] == [True] * (len(pages) - 1) + [False]
    return [page["data"] for page in pages]


def test_what_fits_one_frame_is_one_frame():
    data = {"status": "running", "parts": [{"kind": "text", "text": "short"}]}
    assert cut(data) == [data]


@settings(deadline=None, max_examples=150)
@given(parts, st.integers(1, 5))
def test_the_pages_of_an_answer_add_up_to_it(parts, attempt):
    data = {"status": "running", "parts": parts, "usage": None, "model": "m", "attempt": attempt}
    assert joined(cut(data)) == data


@settings(deadline=None, max_examples=100)
@given(st.lists(st.tuples(parts, st.text(max_size=100)), max_size=8))
def test_the_pages_of_a_conversation_add_up_to_it(messages):
    data: dict[str, Any] = {
        "conversation": {"id": "c", "title": "t"},
        "messages": [
            {"id": str(number), "role": "user", "text": text, "parts": parts}
            for number, (parts, text) in enumerate(messages)
        ],
        "running": [],
        "next": None,
    }
    whole = joined(cut(data))
    for message, original in zip(whole["messages"], data["messages"], strict=True):
        # a message that was cut has no text of its own
        assert message == original or message == {key: value for key, value in original.items() if key != "text"}
    assert {**whole, "messages": []} == {**data, "messages": []}

"""What the server cuts into pages, the client puts together again; what an answer's events make of it."""

import json
from typing import Any

import pytest

from realtime.pages import snapshot_pages
from realtime.positions import Position as ServerPosition
from realtime.wire import payload_of
from rivulet_client import AnswerState, Event, Position
from rivulet_client.pages import Pages


def rejoined(data):
    pages, whole = Pages(), None
    for wire in snapshot_pages("generation.x", ServerPosition("e", 7), data, limit=64 * 1024):
        frame = json.loads(payload_of(wire))
        at = Position(frame["epoch"], frame["offset"])
        assert whole is None
        whole = pages.add(at, frame["data"], page=frame.get("page"), more=frame.get("more", False))
    return whole


@pytest.mark.parametrize("size", [10, 50_000, 200_000])
def test_an_answer_of_any_length(size: int) -> None:
    parts = [{"kind": "reasoning", "text": "é👩‍🚀" * (size // 4), "done": True}, {"kind": "text", "text": "x" * size}]
    data = {"status": "running", "parts": parts, "usage": None, "model": "m", "attempt": 2}
    assert rejoined(data) == data


def test_a_conversation_with_long_messages() -> None:
    messages = [{"id": str(n), "parts": [{"kind": "text", "text": "y" * 30_000}], "status": "done"} for n in range(9)]
    data = {"conversation": {"id": "c"}, "messages": messages, "running": [], "next": None}
    assert rejoined(data) == data


def test_pages_of_another_position_begin_anew() -> None:
    pages = Pages()
    assert pages.add(Position("e", 1), {"a": [1]}, page=0, more=True) is None
    assert pages.add(Position("e", 2), {"a": [9]}, page=1, more=False) is None
    assert pages.add(Position("e", 2), {"a": [1]}, page=0, more=True) is None
    assert pages.add(Position("e", 2), {"a": [2]}, page=1, more=False) == {"a": [1, 2]}


def test_a_state_survives_being_stored_at_any_event() -> None:
    events: list[tuple[str, dict[str, Any]]] = [
        ("created", {"model": "m"}),
        ("started", {"model": "m2", "provider": "p"}),
        ("part.added", {"part": 0, "kind": "reasoning"}),
        ("part.delta", {"part": 0, "text": "hm"}),
        ("part.done", {"part": 0}),
        ("part.added", {"part": 1, "kind": "text"}),
        ("part.delta", {"part": 1, "text": "Hel"}),
        ("resumed", {"attempt": 2, "exact": False}),
        ("reset", {"status": "running", "parts": [{"kind": "text", "text": "Hel"}], "usage": None}),
        ("part.delta", {"part": 0, "text": "lo"}),
        ("usage", {"input_tokens": 1, "output_tokens": 2, "cost": 0.0}),
        ("something.new", {"part": 0}),
        ("incomplete", {"reason": "interrupted"}),
    ]
    state = AnswerState()
    for number, (kind, data) in enumerate(events):
        state = AnswerState.from_dict(json.loads(json.dumps(state.as_dict())))
        state.apply(Event("generation.x", kind, data, Position("e", number + 1)))
    assert (state.text, state.status, state.reason, state.attempt, state.exact) == (
        "Hello", "incomplete", "interrupted", 2, False,
    )  # fmt: skip
    assert state.model == "m2"

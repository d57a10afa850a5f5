"""A model is shown as much of pages and notes as its context has place for, and no more."""

import pytest

from backend.jobs.kinds.research import prompts
from backend.jobs.kinds.research.room import ANSWER_TOKENS, CHARS_PER_TOKEN, MOST, USUAL, room_of


@pytest.mark.parametrize("context", [8_000, 8_192, 16_000, 32_768, 128_000, 1_000_000])
def test_the_longest_prompt_and_its_answer_fit(context: int):
    room = room_of(context)
    page = prompts.note(
        room=room,
        question="Why? " * 400,
        open_questions=["What else?"] * 6,
        rules="Be brief. " * 100,
        title="T" * 200,
        url="https://a.example/" + "x" * 200,
        text="Some words of a page.\n" * 20_000,
    )
    chars = sum(len(message["content"]) for message in page)
    assert room.page * 0.8 < chars <= room.prompt
    assert chars / CHARS_PER_TOKEN + min(ANSWER_TOKENS, context // 4) <= context
    assert room.prompt_tokens <= context


def test_more_context_is_more_room_up_to_a_bound_and_nothing_known_is_as_ever():
    rooms = [room_of(context) for context in (4_000, 8_000, 16_000, 32_000, 64_000, 1_000_000)]
    assert rooms == sorted(rooms, key=lambda room: (room.page, room.notes))
    assert rooms[1].page < USUAL.page < rooms[2].page
    assert rooms[-1] == MOST
    assert room_of(None) == room_of(0) == USUAL

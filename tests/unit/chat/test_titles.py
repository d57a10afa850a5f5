"""A title is a few words of plain text, whatever the model makes of the question."""

import pytest

from backend.chat import titles
from backend.guide.titles import title_for


@pytest.mark.parametrize(
    ("answer", "title"),
    [
        ("Resuming Streams", "Resuming Streams"),
        ('"Resuming Streams."\n', "Resuming Streams"),
        ("<think>hm\nwell</think>\n\n**Wiederaufnahme**", "Wiederaufnahme"),
        ("Title: Plans", "Plans"),
        ("\n\n", ""),
        ("a\0b", "ab"),
        ("x" * 300, "x" * titles.LONGEST),
    ],
)
def test_a_models_answer_becomes_one_clean_line(answer: str, title: str) -> None:
    assert titles.clean(answer) == title


@pytest.mark.parametrize(
    ("message", "title"),
    [
        ("How do I\n resume?", "How do I resume?"),
        ("word " * 40, "word word word word word word word word word word word word…"),
        ("x" * 100, "x" * 60 + "…"),
        ("", ""),
    ],
)
def test_the_first_words_of_a_message_are_its_title_at_once(message: str, title: str) -> None:
    assert titles.from_text(message) == title


def test_the_built_in_model_understands_the_question_for_a_title() -> None:
    prompt = titles.PROMPT.format(question="How do I resume a stream?", answer="By its position.")
    assert title_for(prompt) == "Resume a stream"

"""How much of pages and notes a model is shown: what fits into its context, as the catalogue knows it."""

from dataclasses import dataclass

CHARS_PER_TOKEN = 3
"""On the safe side: English has about four."""

ANSWER_TOKENS = 4000
"""Of an answer. A step may ask twice."""

_RULES_TOKENS = 1000
_QUESTION_CHARS = 6000
"""Beside pages and notes: the question with what is asked with it, and the searches that were made."""

_KNOWN_LEAST = 2000


@dataclass(frozen=True, slots=True)
class Room:
    """Characters of one page, and of all notes together. `prompt` is what the longest prompt may come to."""

    page: int
    notes: int

    @property
    def prompt(self) -> int:
        """For estimates."""
        return max(self.page, self.notes) + _QUESTION_CHARS + _RULES_TOKENS * CHARS_PER_TOKEN + 1000

    @property
    def prompt_tokens(self) -> int:
        """The same in tokens."""
        return self.prompt // CHARS_PER_TOKEN


USUAL = Room(page=12_000, notes=16_000)
"""Where nothing is known of the model."""

MOST = Room(page=24_000, notes=48_000)
"""However large the context: more costs more than it finds."""


def room_of(context: int | None) -> Room:
    """For a model that takes `context` tokens in all."""
    if not context:
        return USUAL
    answer = min(ANSWER_TOKENS, context // 4)
    free = (context - answer - _RULES_TOKENS) * CHARS_PER_TOKEN - _QUESTION_CHARS
    return Room(
        page=max(_KNOWN_LEAST, min(MOST.page, free)),
        notes=max(_KNOWN_LEAST, min(MOST.notes, free)),
    )

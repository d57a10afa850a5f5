"""Answers the side call that asks for a conversation's title."""

import re

MAX_WORDS = 6
_ASKED = re.compile(r"\s*\w+ (?:me )?(?:a |an )?(?:\w+ ){0,3}title\b", re.IGNORECASE)
_FIRST = re.compile(
    r"(?:person|user|human|question)\s*:\s*(.+?)(?:\n\s*\n|\n\s*(?:assistant|answer|ai)\s*:|</|\Z)",
    re.IGNORECASE | re.DOTALL,
)
_LEAD = re.compile(
    r"^(?:(?:hi|hello|hey|please|so|ok(?:ay)?|and|well)\b[\s,!.]+|(?:can|could|would|will) (?:you|i|we) |"
    r"how (?:do|can|could|should|would) (?:i|we|you|one) |how (?:does|do|is|are) |what(?:'s| is| are) (?:an? |the )?|"
    r"tell me (?:about|how to|more about) |explain (?:to me )?|(?:show|give|write) me (?:an? )?|"
    r"i (?:want|need|would like) to |where (?:do|can) i |why (?:does|do|is|are) )+",
    re.IGNORECASE,
)
_TAIL = re.compile(r"(?:[\s,;:-]+(?:a|an|and|at|by|for|from|in|is|of|on|or|the|to|with))+$", re.IGNORECASE)
_SENTENCE = re.compile(r"(?<=[.!?])\s")


def title_for(prompt: str) -> str | None:
    """A title of at most six words when `prompt` asks for one for a conversation that it holds; else None."""
    if not _ASKED.match(prompt):
        return None
    match = _FIRST.search(prompt)
    if match is None:
        return None
    question = _SENTENCE.split(" ".join(match[1].split()), maxsplit=1)[0].strip()
    core = _LEAD.sub("", question).rstrip(" ?!.,;:…") or question.rstrip(" ?!.")
    words = core.split()
    short = " ".join(words[:MAX_WORDS]).rstrip(",;:-")
    if len(words) > MAX_WORDS:
        short = _TAIL.sub("", short)
    return short[:1].upper() + short[1:] if short else "New conversation"

"""A scripted model that does a research's steps as they are asked: it plans, takes notes, writes and mends, in JSON.

Its question says how: `lies` has it quote passages that no page has; of three notes on a page the second can be mended,
the third can't. `rounds=2` has it plan a second round of searches. Sentences of a page become its notes.
"""

import json
import re
from typing import Any

DATA = re.compile(r"BEGIN DATA (\w+) \([^)]*\)\n(.*?)\nEND DATA \1", re.DOTALL)
_NOTE = re.compile(r'^\[(\d+)\] \(source \d+\) (.*?) ".*"$', re.MULTILINE)
_QUESTION = re.compile(r"^Question: (.*)$", re.MULTILINE)
FIRST = ["why are there tides", "power from tides"]
SECOND = ["bay of fundy resonance"]
INVENTED = "The moon is a lamp."


def research(body: dict[str, Any]) -> str:
    """The answer to one step."""
    system, asked = (str(body["messages"][at].get("content")) for at in (0, 1))
    found = _QUESTION.search(asked)
    question = found[1] if found else ""
    data = [text for _, text in DATA.findall(asked)]
    if "Plan the next round" in system:
        return json.dumps(_plan(question, again="Searches that were made" in asked))
    if "Read the page" in system:
        return json.dumps({"notes": _notes(data[0], lies="lies" in question)})
    if "Write the report" in system:
        lines = [f"{claim} [{number}]" for number, claim in _NOTE.findall(data[0])]
        return "# What the pages say\n\nIn short: there are tides.\n\n## Findings\n\n" + "\n\n".join(lines)
    claim = data[0].partition("\n")[0].removeprefix("Claim: ")
    return json.dumps({"quote": claim if claim in data[1] else None})


def _plan(question: str, *, again: bool) -> dict[str, Any]:
    if not again:
        return {"questions": ["What makes tides?"], "searches": FIRST, "enough": False, "reason": "It begins."}
    if "rounds=2" in question:
        return {"questions": ["Why so high?"], "searches": SECOND, "enough": False, "reason": "Fundy is open."}
    return {"questions": [], "searches": [], "enough": True, "reason": "The notes answer it."}


def _notes(page: str, *, lies: bool) -> list[dict[str, str]]:
    _, _, text = page.partition("\n\n")
    sentences = [line for line in text.splitlines() if len(line) > 40]
    notes = [{"claim": one, "quote": one} for one in sentences[:2]]
    if lies and notes:
        notes = [notes[0], {"claim": sentences[-1], "quote": "These words stand on no page at all."}]
        notes.append({"claim": INVENTED, "quote": "It is known that the moon is a lamp."})
    return notes

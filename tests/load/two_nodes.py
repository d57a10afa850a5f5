"""Answers that one node writes and another one delivers."""

import asyncio

from tests.load.judge import Verdict, judge
from tests.load.scenarios import MODEL, close, ended
from tests.load.socket_client import Target, open_sockets


async def read_elsewhere(
    here: Target, there: Target, *, answers: int, tokens: int, rate: float
) -> tuple[Verdict, dict[str, int]]:
    """Send at one node, read at the other from the beginning: what those readers saw, and ends that were not done."""
    authors, readers = await open_sockets(here, answers), await open_sockets(there, answers)
    for author, reader in zip(authors, readers, strict=True):
        author.send_message(content=f"n={tokens} rate={rate:g}", model=MODEL)
        start = await asyncio.wait_for(author.started, 30)
        reader.subscribe(topic=start["topic"], **start["position"])
    errors = await ended(readers, within=60 + 3 * tokens / rate)
    verdict = judge([each.transcript for each in readers], expected=tokens)
    close([*authors, *readers])
    return verdict, errors

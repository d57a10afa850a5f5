"""`python -m backend.search.child`: reads pages for another process, which ends it when one takes too long.

HTML from anywhere can make a parser slow, hungry or crash. Here it has nothing to take along: no settings, no keys, no
files to write, limited memory; and nobody's answer waits for its lock.

In and out are frames, four bytes of length before each: a `Job` as JSON and the page's bytes; an `Extracted` as JSON.
"""

import os
import resource
import signal
import sys
from typing import BinaryIO

import msgspec

from backend.search.extract import Extracted, Job, extract

MEMORY = 1536 << 20
LONGEST = 60
"""Seconds for a page after which it ends itself: the other side would have ended it long before, if it were there."""


def write(pipe: BinaryIO, data: bytes) -> None:
    """Write a frame."""
    pipe.write(len(data).to_bytes(4, "big") + data)


def read(pipe: BinaryIO) -> bytes | None:
    """Read a frame; None at the end."""
    head = pipe.read(4)
    if len(head) < 4:
        return None
    size = int.from_bytes(head, "big")
    data = pipe.read(size)
    return data if len(data) == size else None


def main() -> None:
    """Answer until the other side is gone."""
    for limit, most in ((resource.RLIMIT_AS, MEMORY), (resource.RLIMIT_FSIZE, 0), (resource.RLIMIT_CORE, 0)):
        resource.setrlimit(limit, (most, most))
    os.nice(5)
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    jobs = sys.stdin.buffer
    while (job := read(jobs)) is not None and (body := read(jobs)) is not None:
        signal.alarm(LONGEST)
        try:
            found = extract(msgspec.json.decode(job, type=Job), body)
        except Exception:  # noqa: BLE001
            found = Extracted()
        signal.alarm(0)
        write(answers, msgspec.json.encode(found))
        answers.flush()


if __name__ == "__main__":
    main()

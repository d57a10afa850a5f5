"""What a run was worth: every token of every stream is accounted for, with the time that the server added to it."""

import json
import math
import re
from dataclasses import dataclass, field

from tests.load.processes import percentile
from tests.load.socket_client import Transcript

TOKEN = re.compile(r"(\d{13})\.(\d{5}) ")


@dataclass
class Verdict:
    """Times in ms. `added`: from the upstream's stamp in the token to its read here, on one clock."""

    added: list[float] = field(default_factory=list)
    first_token: list[float] = field(default_factory=list)
    tokens: int = 0
    lost: int = 0
    repeated: int = 0
    disordered: int = 0
    holes: int = 0
    first_ns: int = 1 << 62
    last_ns: int = 0

    @property
    def tokens_per_second(self) -> float:
        """Delivered, all streams together, from the first token to the last."""
        return self.tokens / max(1e-9, (self.last_ns - self.first_ns) / 1e9)

    @property
    def whole(self) -> bool:
        """Each token once, in order, and offsets without holes."""
        return not (self.lost or self.repeated or self.disordered or self.holes)

    def added_ms(self, share: float) -> float:
        """A percentile of what the server added."""
        return percentile(self.added, share)

    def first_token_ms(self, share: float) -> float:
        """A percentile of the time from the send to the first token."""
        return percentile(self.first_token, share)


def judge(transcripts: list[Transcript], *, expected: int) -> Verdict:
    """Read what the sockets kept; `expected` is the number of tokens that each stream was to have."""
    verdict = Verdict()
    for transcript in transcripts:
        _judge_one(transcript, expected, verdict)
    return verdict


def _judge_one(transcript: Transcript, expected: int, verdict: Verdict) -> None:
    text = ""
    marks: list[tuple[int, int]] = []
    offsets: dict[tuple[str, str], int] = {}
    for at, payload in transcript.frames:
        event = json.loads(payload)
        if "offset" in event:
            log = (event["topic"], event["epoch"])
            verdict.holes += log in offsets and event["offset"] != offsets[log] + 1
            offsets[log] = event["offset"]
        if event.get("type") == "part.delta" and event["topic"] == transcript.topic:
            text += event["data"]["text"]
            marks.append((len(text), at))
    seen: set[int] = set()
    last, mark = -1, 0
    for found in TOKEN.finditer(text):
        while marks[mark][0] < found.end():
            mark += 1
        at, number = marks[mark][1], int(found[2])
        if number in seen:
            verdict.repeated += 1
            continue
        if not seen:
            verdict.first_token.append((at - transcript.sent) / 1e6)
        seen.add(number)
        verdict.disordered += number < last
        last = number
        verdict.added.append(at / 1e6 - int(found[1]) / 1e3)
        verdict.first_ns, verdict.last_ns = min(verdict.first_ns, at), max(verdict.last_ns, at)
    verdict.tokens += len(seen)
    verdict.lost += expected - len(seen)


def shown(value: float, digits: int = 2) -> str:
    """A number for the table."""
    return "–" if math.isnan(value) else f"{value:.{digits}f}"

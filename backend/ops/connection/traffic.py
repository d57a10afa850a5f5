"""What passes: the upgrade, events one by one, round trips, large bodies."""

import asyncio
import statistics
import time
from collections.abc import Sequence
from contextlib import AsyncExitStack
from itertools import pairwise

import msgspec

from backend.ops.connection.line import Line, Seen, events
from backend.ops.connection.probes import SOCKET_PATH as ECHO_PATH
from backend.ops.connection.report import Result
from backend.ops.connection.rules import number
from backend.outbound import OutboundError, Socket, Timeouts, UpgradeRefused
from realtime.consumer import SUBPROTOCOL

SOCKET_PATH = "/ws/v1/"
SOON = 10.0
"""Seconds within which a small answer must come."""


async def sockets(line: Line) -> list[Result]:
    """Upgrade, subprotocol, and the session on the socket."""
    async with AsyncExitStack() as stack:
        try:
            socket = await stack.enter_async_context(line.socket(SOCKET_PATH))
        except UpgradeRefused as error:
            symptom = {403: "origin_refused", 502: "bad_gateway", 504: "bad_gateway"}.get(error.status)
            return [Result("upgrade", "failed", f"HTTP {error.status}", "HTTP 101", symptom or "upgrade_missing")]
        except OutboundError as error:
            return [Result("upgrade", "failed", str(error), "HTTP 101", "upgrade_missing")]
        found = [Result("upgrade", "ok", "opened")]
        if socket.protocol != SUBPROTOCOL:
            measured = socket.protocol or "none"
            found.append(Result("subprotocol", "failed", measured, SUBPROTOCOL, "subprotocol_stripped"))
            return found
        found.append(Result("subprotocol", "ok", SUBPROTOCOL))
        if line.key is None:
            found.append(Result("session", "skipped", "needs an API key (--key)"))
        elif reason := await connect(socket):
            found.append(Result("session", "failed", reason, symptom="session_refused"))
        else:
            found.append(Result("session", "ok", "connected"))
        return found


async def connect(socket: Socket) -> str:
    """Say `connect`; empty when it is accepted, else why not."""
    await socket.send('{"id":1,"cmd":"connect","v":1}')
    try:
        async with asyncio.timeout(SOON):
            text = await socket.receive()
    except TimeoutError:
        return "no answer"
    if text is None:
        return f"closed with {socket.close_code}"
    reply = msgspec.json.decode(text)
    return "" if "result" in reply else str(reply.get("error", {}).get("message", "refused"))


async def streams(line: Line) -> list[Result]:
    """Events as the product sends them, and without the header that forbids nginx to buffer."""
    hinted, plain = await asyncio.gather(_twice(line, "on"), _twice(line, "off"))
    if isinstance(hinted, str):
        return [Result("stream", "failed", hinted, symptom="failed")]
    times, encoding = hinted
    whole = (number("events") - 1) * number("gap_ms")
    expected = f"over {whole:.0f} ms"
    found = []
    if not apart(times):
        found.append(Result("stream", "failed", _over(times), expected, "stream_buffered"))
    elif not isinstance(plain, str) and not apart(plain[0]):
        found.append(Result("stream", "warning", f"without X-Accel-Buffering {_over(plain[0])}", "", "buffering_on"))
    else:
        found.append(Result("stream", "ok", _over(times)))
    if encoding:
        found.append(Result("compression", "warning", encoding, "none", "stream_compressed"))
    else:
        found.append(Result("compression", "ok", "none"))
    return found


def apart(times: Sequence[float]) -> bool:
    """Whether all events came, spread over enough of the time that the server took to send them."""
    events, gap = int(number("events")), number("gap_ms") / 1000
    return len(times) == events and times[-1] - times[0] >= number("spread") * (events - 1) * gap


def _over(times: Sequence[float]) -> str:
    spread = (times[-1] - times[0]) * 1000 if times else 0.0
    return f"{len(times)} events over {spread:.0f} ms"


async def _twice(line: Line, hint: str) -> tuple[list[float], str] | str:
    """A lump may be a hiccup of the network, or of this machine: only two of them are a finding."""
    found = await _arrivals(line, hint)
    return found if isinstance(found, str) or apart(found[0]) else await _arrivals(line, hint)


async def _arrivals(line: Line, hint: str) -> tuple[list[float], str] | str:
    """When each event came, and the content's encoding; or what went wrong."""
    query = f"stream?events={number('events'):.0f}&gap_ms={number('gap_ms'):.0f}&hint={hint}"
    times: list[float] = []
    try:
        async with line.stream(query) as response:
            if response.status != 200:
                return f"HTTP {response.status}"
            async for ended in events(response.chunks()):
                times += [time.perf_counter()] * ended
            return times, response.headers.get("Content-Encoding", "")
    except OutboundError as error:
        return str(error)


async def latency(line: Line, *, socket: bool) -> Result:
    """Round trips over REST, and over a socket where there is one."""
    rest = []
    for _ in range(int(number("pings"))):
        began = time.perf_counter()
        await line.ask("request")
        rest.append((time.perf_counter() - began) * 1000)
    said, medians = [_trip("REST", rest)], [statistics.median(rest)]
    if socket:
        trips = await _echoes(line)
        if trips:
            said.append(_trip("socket", trips))
            medians.append(statistics.median(trips))
    slow = max(medians) > number("slow_ms")
    expected = f"under {number('slow_ms'):g} ms"
    return Result("latency", "warning" if slow else "ok", "; ".join(said), expected, "slow" if slow else None)


def _trip(name: str, times: Sequence[float]) -> str:
    ordered = sorted(times)
    p95 = ordered[min(len(ordered) - 1, round(0.95 * (len(ordered) - 1)))]
    jitter = statistics.fmean(abs(later - earlier) for earlier, later in pairwise(times))
    return f"{name} median {statistics.median(times):.1f} ms, p95 {p95:.1f} ms, jitter {jitter:.1f} ms"


async def _echoes(line: Line) -> list[float]:
    times: list[float] = []
    try:
        async with asyncio.timeout(SOON), line.socket(ECHO_PATH) as socket:
            for _ in range(int(number("pings"))):
                began = time.perf_counter()
                await socket.send("ping")
                if await socket.receive() is None:
                    return []
                times.append((time.perf_counter() - began) * 1000)
    except (OutboundError, TimeoutError):
        return []
    return times


async def bodies(line: Line, seen: Seen) -> Result:
    """Whether a body of a megabyte, and one of the most that the site takes, get through."""
    sizes = sorted({min(int(number("body_bytes")), seen["max_body"]), seen["max_body"]})
    for size in sizes:
        shown = f"{size / 1024 / 1024:.0f} MiB"
        try:
            limits = Timeouts(connect=10, first_byte=120, silence=30)
            answer = await line.ask("body", method="POST", body=b"\0" * size, timeouts=limits)
        except OutboundError as error:
            return Result("body", "failed", f"{shown}: {error}", f"{shown} accepted", "body_refused")
        if answer.status != 200:
            symptom = "body_refused" if answer.status == 413 else "failed"
            return Result("body", "failed", f"{shown}: HTTP {answer.status}", f"{shown} accepted", symptom)
    return Result("body", "ok", f"{sizes[-1] / 1024 / 1024:.0f} MiB accepted")

"""How long a connection may be quiet: with the product's own signs of life, and on demand without any."""

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator

from backend.ops.connection.line import Line, Seen, events
from backend.ops.connection.probes import SOCKET_PATH as ECHO_PATH
from backend.ops.connection.report import Result
from backend.ops.connection.traffic import SOCKET_PATH, connect
from backend.outbound import OutboundError, Timeouts

MARGIN = 1.1


async def idle(line: Line, seen: Seen, *, socket: bool) -> AsyncIterator[Result]:
    """A socket, a stream and a long poll that are as quiet as the product's ever are; each result when it is there."""
    times = seen["times"]
    checks = [_stream_idle(line, times["comment"] * MARGIN), _poll(line, times["poll"])]
    if socket:
        checks.append(_socket_idle(line, times["ping"]))
    for done in asyncio.as_completed(checks):
        yield await done


async def _socket_idle(line: Line, ping: float) -> Result:
    began = time.perf_counter()
    reason = ""
    try:
        async with asyncio.timeout(ping * 1.5 + 5), line.socket(SOCKET_PATH) as socket:
            reason = await connect(socket)
            while not reason:
                text = await socket.receive()
                if text is None:
                    reason = f"ended after {time.perf_counter() - began:.1f} s"
                elif '"ping"' in text:
                    return Result("socket_idle", "ok", f"{time.perf_counter() - began:.1f} s without traffic")
    except (OutboundError, TimeoutError) as error:
        reason = reason or str(error) or "no ping came"
    return Result("socket_idle", "failed", reason, f"open for {ping:g} s", "idle_cut")


async def _stream_idle(line: Line, seconds: float) -> Result:
    lasted = await _silent_stream(line, seconds)
    if lasted is None:
        return Result("stream_idle", "ok", f"{seconds:.1f} s without traffic")
    return Result("stream_idle", "failed", lasted, f"open for {seconds:.1f} s", "idle_cut")


async def _silent_stream(line: Line, seconds: float) -> str | None:
    """None when a stream that is silent for `seconds` lives on, else how it ended."""
    began = time.perf_counter()
    ended = 0
    try:
        async with line.stream(f"stream?events=2&gap_ms={seconds * 1000:.0f}", silence=seconds) as response:
            if response.status != 200:
                return f"HTTP {response.status} after {time.perf_counter() - began:.1f} s"
            async for some in events(response.chunks()):
                ended += some
    except OutboundError:
        pass
    return None if ended == 2 else f"ended after {time.perf_counter() - began:.1f} s"


async def _poll(line: Line, seconds: float) -> Result:
    began = time.perf_counter()
    expected = f"an answer after {seconds:g} s"
    try:
        answer = await line.ask(f"poll?wait={seconds:g}", timeouts=Timeouts(first_byte=seconds + 15))
        reason = "" if answer.status == 200 else f"HTTP {answer.status}"
    except OutboundError as error:
        reason = str(error)
    took = time.perf_counter() - began
    if reason:
        return Result("poll", "failed", f"{reason} after {took:.1f} s", expected, "poll_cut")
    return Result("poll", "ok", f"held for {took:.1f} s")


async def silence(line: Line, seconds: float, *, socket: bool) -> Result:
    """A socket and a stream on which nobody says anything for `seconds`."""
    checks = {"stream": _silent_stream(line, seconds)}
    if socket:
        checks["socket"] = _silent_socket(line, seconds)
    ends = dict(zip(checks, await asyncio.gather(*checks.values()), strict=True))
    cut = [f"{name} {end}" for name, end in ends.items() if end is not None]
    if cut:
        return Result("silence", "warning", "; ".join(cut), f"open for {seconds:g} s", "silence_cut")
    return Result("silence", "ok", f"{' and '.join(ends)} stay open for {seconds:g} s")


async def _silent_socket(line: Line, seconds: float) -> str | None:
    began = time.perf_counter()
    try:
        async with line.socket(ECHO_PATH) as socket:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(seconds):
                    await socket.receive()
                return f"ended after {time.perf_counter() - began:.1f} s"
            await socket.send("still there")
            async with asyncio.timeout(10):
                alive = await socket.receive()
            return None if alive else f"ended after {time.perf_counter() - began:.1f} s"
    except (OutboundError, TimeoutError):
        return f"ended after {time.perf_counter() - began:.1f} s"

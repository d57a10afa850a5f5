"""All checks of one address, in the order in which one explains the next."""

import time
from collections.abc import AsyncIterator

from backend.ops.connection import arrival, quiet, traffic
from backend.ops.connection.arrival import BadCertificate, Redirected
from backend.ops.connection.line import Line, Seen
from backend.ops.connection.report import Result
from backend.outbound import OutboundError

_NEEDS_KEY = ("stream", "compression", "latency", "body", "socket_idle", "stream_idle", "poll")


async def examine(
    url: str, *, key: str | None = None, insecure: bool = False, idle: float | None = None
) -> AsyncIterator[Result]:
    """Results as they come. Without a key only what strangers may see is tested.

    A certificate that does not hold is a finding, and the tests go on without it, but then the key is not sent, unless
    `insecure` says that it may be. Raises `ValueError` for what is no URL.
    """
    redirected = False
    verify = True
    while True:
        async with Line(url, key=key, verify=verify) as line:
            try:
                found, seen = await _arrive(line)
            except Redirected as error:
                better = error.better(line)
                if redirected or better is None:
                    yield Result("reach", "failed", f"leads to {error.location}", line.url, "redirected")
                    return
                yield Result("reach", "warning", f"leads to {better}", line.url, "redirected")
                url, redirected = better, True
                continue
            except BadCertificate as error:
                yield error.result
                key, verify = key if insecure else None, False
                continue
            for result in found:
                yield result
            if seen is not None:
                async for result in _tests(line, seen, idle=idle):
                    yield result
            return


async def _arrive(line: Line) -> tuple[list[Result], Seen | None]:
    asked = time.time()
    found, seen = await arrival.reach(line)
    if seen is not None:
        found.append(arrival.clock(seen, asked=asked, answered=time.time()))
        found.append(arrival.account(line, seen))
        found += arrival.forwarded(line, seen)
        found.append(arrival.http(seen))
    return found, seen


async def _tests(line: Line, seen: Seen, *, idle: float | None) -> AsyncIterator[Result]:
    if not seen["signed_in"]:
        line.key = None
    connected = True
    for result in await traffic.sockets(line):
        connected = connected and result.outcome == "ok"
        yield result
    if not seen["signed_in"]:
        for check in _NEEDS_KEY:
            yield Result(check, "skipped", "needs an API key (--key)")
        return
    for result in await traffic.streams(line):
        yield result
    try:
        yield await traffic.latency(line, socket=connected)
    except OutboundError as error:
        yield Result("latency", "failed", str(error), symptom="failed")
    yield await traffic.bodies(line, seen)
    async for result in quiet.idle(line, seen, socket=connected):
        yield result
    if idle is not None:
        yield await quiet.silence(line, idle, socket=connected)

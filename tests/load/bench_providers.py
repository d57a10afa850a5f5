#!/usr/bin/env python3
"""What a streamed chunk costs the process that reads it: CPU per network read, layer by layer.

    python tests/load/bench_providers.py [--chunks 200000]

Chunks go through aiohttp's own HTTP parser and stream, without a socket, one for each turn of the loop, so what is
measured is the code and not the kernel; then over real sockets from the scripted upstream, where the system calls and
wake-ups of a paced stream are in the figure as well. Prints a table; it is no test.
"""

import argparse
import asyncio
import contextlib
import json
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

if __package__ in {None, ""}:
    sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

import uvloop

from backend.outbound import OutboundClient
from backend.providers.base import CompletionRequest, Delta
from backend.providers.factory import ProviderOptions, make_provider
from backend.providers.openai_wire import ChunkReader

CHOICE = {"index": 0, "delta": {"content": "0001727541202.00000 "}, "logprobs": None, "finish_reason": None}
CHUNK = b"data: " + json.dumps(
    {"id": "chatcmpl-0123456789ab", "object": "chat.completion.chunk", "created": 1700000000, "model": "mock",
     "system_fingerprint": "fp", "choices": [CHOICE]}, separators=(",", ":"),
).encode() + b"\n\n"  # fmt: skip
HTTP_CHUNK = b"%x\r\n%s\r\n" % (len(CHUNK), CHUNK)
HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n"


class Wire(asyncio.Transport):
    """A transport whose other side is this program."""

    def __init__(self) -> None:
        super().__init__()
        self.closed = False

    def write(self, data: object) -> None:
        pass

    def is_closing(self) -> bool:
        return self.closed

    def close(self) -> None:
        self.closed = True

    abort = close

    def pause_reading(self) -> None:
        pass

    def resume_reading(self) -> None:
        pass

    def get_extra_info(self, name: str, default: object = None) -> object:
        return default

    def get_write_buffer_size(self) -> int:
        return 0


def parsing(chunks: int) -> float:
    """Microseconds of splitter, decoder and deltas alone."""
    reader = ChunkReader(name="bench", key="")
    begun = time.process_time()
    for _ in range(chunks):
        reader.feed(CHUNK)
    return (time.process_time() - begun) / chunks * 1e6


async def in_process(chunks: int, read: Callable[[OutboundClient], Awaitable[int]]) -> float:
    """Microseconds from aiohttp's `data_received` to the reader, one chunk per turn of the loop."""
    client = OutboundClient()
    session = client._route("http://127.0.0.1:1", trusted=True)[1]
    connector = session.connector
    assert connector is not None
    made: asyncio.Future[asyncio.Protocol] = asyncio.get_running_loop().create_future()

    async def create(_req: object, _traces: object, _timeout: object) -> asyncio.Protocol:
        protocol = connector._factory()
        protocol.connection_made(Wire())
        made.set_result(protocol)
        return protocol

    connector._create_connection = create  # type: ignore[method-assign, assignment]
    task = asyncio.ensure_future(read(client))
    protocol = await made
    await asyncio.sleep(0.01)
    protocol.data_received(HEAD)
    await asyncio.sleep(0.01)
    begun = time.process_time()
    for _ in range(chunks):
        protocol.data_received(HTTP_CHUNK)
        await asyncio.sleep(0)
    spent = time.process_time() - begun
    task.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await task
    await client.close()
    return spent / chunks * 1e6


async def turn(chunks: int) -> float:
    """Microseconds of the bench's own turn of the loop."""
    begun = time.process_time()
    for _ in range(chunks):
        await asyncio.sleep(0)
    return (time.process_time() - begun) / chunks * 1e6


async def raw(client: OutboundClient) -> int:
    """aiohttp's stream as it is."""
    session = client._route("http://127.0.0.1:1", trusted=True)[1]
    reads = 0
    async with session.post("http://127.0.0.1:1/", data=b"") as response:
        while await response.content.readany():
            reads += 1
    return reads


async def outbound(client: OutboundClient) -> int:
    """The guarded client."""
    reads = 0
    async with client.stream("POST", "http://127.0.0.1:1/", body=b"", trusted=True) as response:
        while await response.read():
            reads += 1
    return reads


def deltas(client: OutboundClient, url: str, text: str) -> AsyncIterator[list[Delta]]:
    """The whole way to deltas, retries included."""
    provider = make_provider(
        kind="openai", name="bench", base_url=url, api_key="k", client=client, options=ProviderOptions(trusted=True)
    )
    return provider.stream(CompletionRequest(model="mock", messages=[{"role": "user", "content": text}]))


async def provider(client: OutboundClient) -> int:
    """The whole way to deltas."""
    return sum([1 async for _ in deltas(client, "http://127.0.0.1:1", "")])


async def sockets(url: str, *, streams: int, tokens: int, rate: int) -> float:
    """Microseconds per token over real sockets."""
    client = OutboundClient()

    async def one() -> int:
        return sum([len(some) async for some in deltas(client, url, f"n={tokens} rate={rate}")])

    begun = time.process_time()
    read = sum(await asyncio.gather(*[one() for _ in range(streams)]))
    spent = time.process_time() - begun
    await client.close()
    return spent / read * 1e6


async def main(options: argparse.Namespace) -> None:
    """Measure and print."""
    chunks = options.chunks
    own = await turn(chunks)
    rows = [("splitting and decoding alone", parsing(chunks))]
    for name, read in (("aiohttp alone", raw), ("+ guarded client", outbound), ("+ deltas and retries", provider)):
        rows.append((name, await in_process(chunks, read) - own))
    upstream = subprocess.Popen(  # noqa: ASYNC220
        [sys.executable, str(Path(__file__).with_name("upstream.py")), "--port", "0"], stdout=subprocess.PIPE, text=True
    )
    assert upstream.stdout is not None
    try:
        url = upstream.stdout.readline().split()[2]
        rows.append(("real sockets, 100 × 50/s", await sockets(url, streams=100, tokens=150, rate=50)))
        rows.append(("real sockets, 10 unpaced", await sockets(url, streams=10, tokens=5000, rate=0)))
    finally:
        upstream.terminate()
        upstream.wait()
    print("| a token | CPU µs |\n|---|---:|")
    for name, spent in rows:
        print(f"| {name} | {spent:.1f} |")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--chunks", type=int, default=200_000)
    uvloop.run(main(parser.parse_args()))

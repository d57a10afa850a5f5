"""The same application runs on other ASGI servers, which do not have the extension."""

import asyncio
import os
import signal
import socket
import subprocess
import sys

import pytest

from tests.integration.realtime_server.client import Raw, masked
from tests.integration.realtime_server.conftest import ROOT

SERVERS = {
    "realtime.server": ["--port", "{port}", "{application}"],
    "daphne": ["--port", "{port}", "{application}"],
    "uvicorn": ["--port", "{port}", "{application}"],
    "granian": ["--interface", "asgi", "--port", "{port}", "{application}"],
}


@pytest.mark.parametrize("server", SERVERS)
async def test_the_same_application_answers_the_same(server: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    names = {"port": port, "application": "tests.integration.realtime_server.app:application"}
    arguments = [argument.format(**names) for argument in SERVERS[server]]
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        server,
        *arguments,
        cwd=ROOT,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        client = await connected(port)
        client.send(b"GET /hello HTTP/1.1\r\nHost: x\r\n\r\n")
        assert (await client.response())[2].startswith(b"hello ")
        client.send(b"GET /sse?3x20 HTTP/1.1\r\nHost: x\r\n\r\n")
        assert (await client.response())[2].count(b"data: ") == 3
        client = await Raw.websocket(port, "/echo", extra="Sec-WebSocket-Protocol: rivulet.v1\r\n")
        client.send(masked(1, b"hello"))
        assert (await client.frame()).payload == b"hello"
        client = await Raw.websocket(port, "/stream?500x1000")
        assert [int((await client.frame()).payload[:8]) for _ in range(500)] == list(range(500))
        assert (await client.frame()).code == 1000
    finally:
        os.killpg(process.pid, signal.SIGKILL)  # granian's workers would outlive it
        await process.wait()


async def connected(port: int) -> Raw:
    async with asyncio.timeout(20):
        while True:
            try:
                return await Raw.connect(port)
            except OSError:
                await asyncio.sleep(0.05)

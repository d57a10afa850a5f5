"""The guide is an OpenAI-compatible server over HTTP, and continues a prefix with exactly the rest."""

import asyncio
import json
import sys
import time
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from openai import AsyncOpenAI

from backend.guide.library import Library
from backend.guide.server import MAX_HEAD, GuideServer
from backend.outbound import OutboundClient
from backend.providers.base import Finish, ProviderError, ReasoningDelta, Usage
from backend.providers.factory import ProviderOptions, make_provider
from tests.unit.providers.conftest import ask, collect, said, thought

LIBRARY = Library.load(Path(__file__).resolve().parents[3])
QUESTION = "How do I resume a stream?"


@asynccontextmanager
async def guide(*, rate: float = 0):
    server = await asyncio.start_server(GuideServer(LIBRARY, rate=rate).handle, "127.0.0.1", 0, limit=MAX_HEAD)
    yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    server.close()


@asynccontextmanager
async def adapter(*, rate: float = 0):
    client = OutboundClient()
    async with guide(rate=rate) as url:
        options = ProviderOptions(trusted=True)
        yield make_provider(
            kind="guide", name="Guide", base_url=f"{url}/v1", api_key="", client=client, options=options
        )
    await client.close()


async def test_it_is_listed_and_streams_with_usage_and_a_finish() -> None:
    async with adapter() as provider:
        assert [model.name for model in await provider.models()] == ["rivulet-guide"]
        found = await collect(provider, ask(QUESTION))
    assert "/docs/streams.md" in said(found)
    assert found[-1] == Finish("stop")
    assert isinstance(found[-2], Usage)
    assert found[-2].output_tokens == len(found) - 2


async def test_any_prefix_is_continued_with_exactly_the_rest() -> None:
    async with adapter() as provider:
        whole = said(await collect(provider, ask(QUESTION)))
        for cut in (1, 7, len(whole) // 2, len(whole) - 1, len(whole)):
            rest = await collect(provider, ask(QUESTION, continue_text=whole[:cut], continuation="prefix"))
            assert whole[:cut] + said(rest) == whole


async def test_reasoning_is_a_part_of_its_own_and_is_not_repeated_in_a_continuation() -> None:
    async with adapter() as provider:
        found = await collect(provider, ask(f"Think: {QUESTION}"))
        assert isinstance(found[0], ReasoningDelta)
        rest = await collect(provider, ask(f"Think: {QUESTION}", continue_text=said(found)[:5], continuation="prefix"))
    assert thought(rest) == ""


async def test_tokens_are_cut_at_word_borders_and_paced() -> None:
    async with adapter(rate=200) as provider:
        begun = time.monotonic()
        found = await collect(provider, ask("thanks"))
    words = said(found).split()
    assert len(found) - 2 == len(words)
    assert time.monotonic() - begun >= len(words) / 200


async def test_the_official_client_reads_it() -> None:
    async with guide() as url, AsyncOpenAI(base_url=f"{url}/v1", api_key="none") as client:
        whole = await client.chat.completions.create(
            model="rivulet-guide", messages=[{"role": "user", "content": "thanks"}], max_tokens=3
        )
        assert whole.choices[0].finish_reason == "length"
        assert whole.usage is not None
        assert whole.usage.completion_tokens == 3
        stream = await client.chat.completions.create(
            model="rivulet-guide", messages=[{"role": "user", "content": "thanks"}], stream=True, stop=["welcome"]
        )
        pieces = [chunk.choices[0].delta.content or "" async for chunk in stream]
    assert "".join(pieces) == "You are "


@pytest.mark.parametrize(
    ("request_bytes", "status"),
    [
        (b"POST /v1/chat/completions HTTP/1.1\r\nContent-Length: 3\r\n\r\n{x}", 400),
        (b"POST /v1/chat/completions HTTP/1.1\r\nContent-Length: 2\r\n\r\n[]", 400),
        (b'POST /v1/chat/completions HTTP/1.1\r\nContent-Length: 18\r\n\r\n{"messages": [17]}', 400),
        (b"POST /v1/chat/completions HTTP/1.1\r\nContent-Length: minus\r\n\r\n", 413),
        (b"POST /v1/chat/completions HTTP/1.1\r\nContent-Length: -1\r\n\r\n", 413),
        (b"POST /v1/chat/completions HTTP/1.1\r\nContent-Length: 99999999\r\n\r\n", 413),
        (b"GET /v1/chat/completions HTTP/1.1\r\n\r\n", 405),
        (b"GET /etc/passwd HTTP/1.1\r\n\r\n", 404),
    ],
)
async def test_a_bad_request_gets_openais_error_and_the_server_stays_up(request_bytes, status) -> None:
    async with guide() as url:
        reader, writer = await asyncio.open_connection("127.0.0.1", int(url.rpartition(":")[2]))
        writer.write(request_bytes)
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        size = int(head.partition("Content-Length: ")[2].split("\r\n")[0])
        assert json.loads(await reader.readexactly(size))["error"]["message"]
        assert int(head.split(" ")[1]) == status
        writer.close()
        client = OutboundClient()
        assert (await client.request("GET", f"{url}/v1/models", trusted=True)).status == 200
        await client.close()


async def test_the_process_says_where_it_listens_and_stops_when_told_in_mid_answer() -> None:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "backend.guide", "--port", "0", stdout=asyncio.subprocess.PIPE
    )
    assert process.stdout is not None
    url = (await process.stdout.readline()).decode().split()[1]
    client = OutboundClient()
    provider = make_provider(
        kind="guide", name="Guide", base_url=url, api_key="", client=client, options=ProviderOptions(trusted=True)
    )
    reads = provider.stream(ask("a long answer of 2000 words"))
    assert await anext(reads)
    process.terminate()
    async with asyncio.timeout(20):
        assert await process.wait() == 0
    with pytest.raises(ProviderError):
        await asyncio.wait_for(collect_rest(reads), 20)
    await client.close()


async def collect_rest(reads) -> None:
    async for _ in reads:
        pass

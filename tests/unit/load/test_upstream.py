"""The scripted provider of benchmarks and browser tests does what a message tells it to."""

import asyncio
import re
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from backend.outbound import Timeouts
from backend.providers.base import Finish, ProviderError, Usage
from backend.providers.retry import RetryPolicy
from tests.load.scripts import MARKDOWN, NUMBERED, understand
from tests.unit.providers.conftest import ask, collect, collect_failing, said, thought

ROOT = Path(__file__).resolve().parents[3]
ONCE = RetryPolicy(attempts=1)


@pytest.fixture
async def upstream() -> AsyncIterator[str]:
    program = str(ROOT / "tests/load/upstream.py")
    process = await asyncio.create_subprocess_exec(
        sys.executable, program, "--port", "0", stdout=asyncio.subprocess.PIPE, cwd="/"
    )
    assert process.stdout is not None
    line = (await process.stdout.readline()).decode()
    yield line.split()[2]
    process.terminate()
    await process.wait()


async def test_tokens_are_numbered_counted_and_continued_after_the_last_whole_one(make, upstream) -> None:
    provider = make(upstream)
    found = await collect(provider, ask("n=20 rate=0 id=a"))
    assert [int(number) for number in NUMBERED.findall(said(found))] == list(range(20))
    assert re.fullmatch(r"(\d{13}\.\d{5} ){20}", said(found))
    assert found[-2:] == [Usage(10, 20), Finish("stop")]
    partial = said(found)[: 7 * 20 + 9]
    rest = await collect(provider, ask("n=20 rate=0 id=a", continue_text=partial, continuation="prefix"))
    assert [int(number) for number in NUMBERED.findall(said(rest))] == list(range(7, 20))
    stats = (await make(upstream)._inner._client.request("GET", upstream[:-3] + "/stats", trusted=True)).json()
    assert stats["calls"] == {"a": {"calls": 2, "continuations": 1, "starts": [0, 7]}}
    assert (stats["tokens"], stats["completed"], stats["active"]) == (33, 2, 0)


@pytest.mark.parametrize("fault", ["status=503", "cut=5", "junk=5", "half=5", "errorat=5", "stall=5"])
async def test_a_fault_happens_for_its_first_calls_and_not_after(make, upstream, fault) -> None:
    provider = make(upstream, retry=ONCE, timeouts=Timeouts(silence=1.0))
    found, error = await collect_failing(provider, ask(f"n=9 rate=0 id=b {fault}"))
    assert isinstance(error, ProviderError)
    assert len(NUMBERED.findall(said(found))) == (0 if "status" in fault else 5)
    assert len(NUMBERED.findall(said(await collect(provider, ask(f"n=9 rate=0 id=b {fault}"))))) == 9


async def test_texts_are_recited_by_name_or_model(make, upstream) -> None:
    assert said(await collect(make(upstream), ask("text=markdown rate=0"))) == MARKDOWN
    assert thought(await collect(make(upstream), ask("text=reasoning rate=0")))
    partial = MARKDOWN[: MARKDOWN.index("rivulet") - 2]
    rest = await collect(make(upstream), ask("text=markdown rate=0", continue_text=partial, continuation="prefix"))
    assert partial + said(rest) == MARKDOWN


def test_the_body_beats_the_message_and_the_message_beats_the_model() -> None:
    body = {"model": "mock-n5-r7", "messages": [{"role": "user", "content": "n=6 ttft=0.5"}]}
    call = understand(body, n=1, rate=1)
    assert (call.n, call.rate, call.ttft) == (6, 7.0, 0.5)
    assert understand({**body, "n_tokens": 8, "mock": {"rate": 9}}, n=1, rate=1).n == 8

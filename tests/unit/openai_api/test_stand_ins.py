"""Under /v1 the model of an answer is the one that gives it, and a failure before the first chunk keeps its status."""

import json
from typing import Any

import pytest

from backend.core.errors import ProviderFailed
from backend.openai_api.relay import relay_stream, relay_whole
from backend.providers.base import CompletionRequest, Finish, TextDelta
from tests.support.care import alone, chained, down, member
from tests.support.scripted import ScriptedProvider, steps

REQUEST = CompletionRequest(model="a", messages=[])


class Client:
    """Keeps what was sent."""

    def __init__(self) -> None:
        self.body = b""

    async def __call__(self, message: Any) -> None:
        self.body += message.get("body", b"")

    @property
    def chunks(self) -> list[dict[str, Any]]:
        found = [line.removeprefix(b"data: ") for line in self.body.split(b"\n\n")]
        return [json.loads(line) for line in found if line.startswith(b"{")]


def resolved(*givens: Any) -> Any:
    members = [member(ScriptedProvider(steps(*given), name)) for name, given in zip("ab", givens, strict=False)]
    return chained(alone(), members)


async def stream(found: Any) -> Client:
    client = Client()
    await relay_stream(provider=found.provider, request=REQUEST, model="a", include_usage=False, send=client)
    return client


async def test_each_chunk_names_who_really_answers() -> None:
    found = resolved([down()], [[TextDelta("hi")], [Finish("stop")]])
    client = await stream(found)
    assert {chunk["model"] for chunk in client.chunks} == {"b"}
    assert len({chunk["id"] for chunk in client.chunks}) == 1
    client = Client()
    await relay_whole(provider=found.provider, request=REQUEST, model="a", send=client)
    assert json.loads(client.body)["model"] == "b"


async def test_nothing_is_switched_after_the_first_chunk() -> None:
    client = await stream(resolved([[TextDelta("hi")], down("a broke off.")], [[TextDelta("never")]]))
    assert [chunk.get("model") for chunk in client.chunks] == ["a", "a", None]
    assert client.chunks[-1]["error"]["message"] == "a broke off."


async def test_where_nobody_answers_the_error_has_its_status() -> None:
    with pytest.raises(ProviderFailed, match="could not answer either"):
        await stream(resolved([down()], [down()]))

"""With `store: true` a completion is a generation like any other: kept, visible, resumable, and it runs on."""

import json
from collections.abc import Iterator
from typing import Any

import httpx
import openai
import pytest

from tests.integration.openai_api.test_python_client import asking, numbers
from tests.support.account import new_key
from tests.support.product import Product, wait_until
from tests.support.upstream import Upstream


@pytest.fixture
def rest(product: Product, key: str) -> Iterator[httpx.Client]:
    headers = {"Authorization": f"Bearer {key}"}
    with httpx.Client(base_url=f"{product.url}/api/v1", headers=headers, timeout=20) as made:
        yield made


def generation(rest: httpx.Client, ident: str) -> Any:
    reply = rest.get(f"/generations/{ident.removeprefix('chatcmpl-')}")
    assert reply.status_code == 200, reply.text
    return reply.json()


@pytest.mark.parametrize("stream", [False, True])
def test_its_id_is_a_generation_whose_message_says_the_same(
    client: openai.OpenAI, rest: httpx.Client, *, stream: bool
) -> None:
    if stream:
        chunks = list(
            client.chat.completions.create(model="mock", messages=asking("n=20 rate=200"), stream=True, store=True)
        )
        ident, text = chunks[0].id, "".join(one.choices[0].delta.content or "" for one in chunks if one.choices)
    else:
        reply = client.chat.completions.create(model="mock", messages=asking("n=20 rate=0"), store=True)
        ident, text = reply.id, reply.choices[0].message.content or ""
    assert numbers(text) == list(range(20))
    found = generation(rest, ident)
    assert found["status"] == "done"
    message = rest.get(f"/messages/{found['message']}").json()
    assert message["text"] == text
    assert message["conversation"] in [one["id"] for one in rest.get("/conversations").json()["items"]]


def test_it_runs_on_when_its_client_leaves_and_is_read_by_its_topic(
    client: openai.OpenAI, rest: httpx.Client, upstream: Upstream
) -> None:
    aborted = upstream.stats()["aborted"]
    stream = client.chat.completions.create(model="mock", messages=asking("n=80 rate=60"), stream=True, store=True)
    first = next(iter(stream))
    stream.close()
    found = generation(rest, first.id)
    assert found["status"] == "running"
    text = ""
    with rest.stream("GET", f"/topics/{found['topic']}/events", headers={"Accept": "text/event-stream"}) as events:
        for line in events.iter_lines():
            if not line.startswith("data: "):
                continue
            event = json.loads(line[6:])
            if event["type"] == "snapshot":
                text = "".join(part["text"] for part in event["data"]["parts"])
            elif event["type"] == "part.delta":
                text += event["data"]["text"]
    assert numbers(text) == list(range(80))
    wait_until(lambda: generation(rest, first.id)["status"] == "done", "it ends by itself")
    assert upstream.stats()["aborted"] == aborted


def test_without_store_nothing_is_kept(client: openai.OpenAI, rest: httpx.Client) -> None:
    before = [one["id"] for one in rest.get("/conversations").json()["items"]]
    reply = client.chat.completions.create(model="mock", messages=asking("n=5 rate=0"))
    assert [one["id"] for one in rest.get("/conversations").json()["items"]] == before
    assert rest.get(f"/generations/{reply.id.removeprefix('chatcmpl-')}").status_code in {404, 422}


def test_others_do_not_see_it(product: Product, client: openai.OpenAI) -> None:
    reply = client.chat.completions.create(model="mock", messages=asking("n=5 rate=0"), store=True)
    other = new_key(product.url, "other@example.org", "correct horse 7")
    address = f"{product.url}/api/v1/generations/{reply.id.removeprefix('chatcmpl-')}"
    assert httpx.get(address, headers={"Authorization": f"Bearer {other}"}).status_code == 404


def test_a_break_in_a_stored_stream_is_an_error_and_its_words_are_kept(
    client: openai.OpenAI, rest: httpx.Client
) -> None:
    ident = ""
    stream = client.chat.completions.create(
        model="mock", messages=asking("n=40 rate=200 id=stored errorat=10 times=9"), stream=True, store=True
    )
    with pytest.raises(openai.APIError):  # noqa: PT012  # the error comes out of the loop
        for chunk in stream:
            ident = chunk.id
    found = generation(rest, ident)
    assert found["status"] == "error"
    message = rest.get(f"/messages/{found['message']}").json()
    assert numbers(message["text"]) == list(range(10))
    assert "scripted model has failed" in message["error"]["message"]

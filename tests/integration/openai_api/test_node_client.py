"""The official `openai` package of npm works unchanged."""

import json
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest

from backend.config.environment import ROOT
from tests.integration.openai_api.test_python_client import numbers
from tests.support.product import Product, wait_until
from tests.support.upstream import Upstream

PROGRAM = Path(__file__).with_name("client.mjs")


@pytest.fixture
def node(base_url: str, key: str) -> Callable[[str], Any]:
    """Runs one case of client.mjs and gives what it found."""

    def run(case: str) -> Any:
        command = ["node", str(PROGRAM), base_url, key, case]
        ran = subprocess.run(
            command, cwd=ROOT / "frontend", stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60
        )
        assert ran.returncode == 0, ran.stderr
        return json.loads(ran.stdout)

    return run


def test_models_are_listed(node: Callable[[str], Any]) -> None:
    assert {"mock", "markdown", "reasoning", "rivulet-guide"} <= set(node("models"))


def test_an_answer_comes_whole_with_its_usage(node: Callable[[str], Any]) -> None:
    found = node("whole")
    assert numbers(found["text"]) == list(range(20))
    assert found["finish"] == "stop"
    assert found["usage"]["completion_tokens"] == 20


def test_a_stream_comes_token_by_token_and_ends_with_its_usage(node: Callable[[str], Any]) -> None:
    found = node("stream")
    assert numbers(found["text"]) == list(range(20))
    assert found["pieces"] > 5
    assert found["usage"]["completion_tokens"] == 20


def test_tools_and_parameters_are_passed_through(node: Callable[[str], Any]) -> None:
    found = node("tools")
    assert found == {
        "finish": "tool_calls",
        "calls": [{"id": "call_1", "name": "weather", "given": '{"city": "Ghent"}'}],
    }
    asked = node("params")
    assert (asked["temperature"], asked["stop"], asked["tools"][0]["function"]["name"]) == (0.3, ["END"], "weather")


def test_a_stored_stream_runs_on_when_its_client_leaves(node: Callable[[str], Any], product: Product, key: str) -> None:
    address = f"{product.url}/api/v1/generations/{node('stored').removeprefix('chatcmpl-')}"
    headers = {"Authorization": f"Bearer {key}"}
    wait_until(lambda: httpx.get(address, headers=headers).json()["status"] == "done", "it ends by itself")
    message = httpx.get(
        f"{product.url}/api/v1/messages/{httpx.get(address, headers=headers).json()['message']}", headers=headers
    ).json()
    assert numbers(message["text"]) == list(range(60))


def test_a_client_that_leaves_cancels_at_the_provider(node: Callable[[str], Any], upstream: Upstream) -> None:
    aborted = upstream.stats()["aborted"]
    node("leaves")
    wait_until(lambda: upstream.stats()["aborted"] == aborted + 1, "the provider's stream is cut")


def test_errors_are_those_that_the_package_knows(node: Callable[[str], Any]) -> None:
    found = node("errors")
    kinds = {name: (error["kind"], error["status"]) for name, error in found.items()}
    server = kinds.pop("server")
    assert kinds == {
        "key": ("AuthenticationError", 401),
        "model": ("NotFoundError", 404),
        "body": ("BadRequestError", 400),
        "limit": ("RateLimitError", 429),
    }
    assert server[0] == "InternalServerError"
    assert (found["body"]["param"], found["model"]["param"]) == ("temperature", "model")


def test_a_break_in_mid_answer_is_an_error_after_the_words_that_came(node: Callable[[str], Any]) -> None:
    found = node("midway")
    assert found["error"]["kind"] == "APIError"
    assert numbers(found["text"]) == list(range(10))

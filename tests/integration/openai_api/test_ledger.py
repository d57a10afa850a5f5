"""What the OpenAI API's callers use is in the ledger, to the token; what they cut off as an estimate."""

from collections.abc import Iterator
from typing import Any

import httpx
import openai
import pytest

from tests.integration.openai_api.test_python_client import asking
from tests.support.account import new_key
from tests.support.product import Product, wait_until


@pytest.fixture(scope="module")
def key(product: Product) -> str:
    """Of somebody whose calls are only those of these tests."""
    return new_key(product.url, "ledger@example.org", "correct horse 7")


@pytest.fixture
def ledger(product: Product, key: str) -> Iterator[Any]:
    headers = {"Authorization": f"Bearer {key}"}
    with httpx.Client(base_url=f"{product.url}/api/v1", headers=headers, timeout=20) as made:

        def total() -> dict[str, Any]:
            found: dict[str, Any] = made.get("/usage").json()["total"]
            return found

        yield total


@pytest.mark.parametrize("store", [False, True])
@pytest.mark.parametrize("stream", [False, True])
def test_tokens_are_those_that_the_upstream_counted(client: openai.OpenAI, ledger: Any, stream: bool, store: bool):
    before = ledger()
    reply: Any = client.chat.completions.create(
        model="mock", messages=asking("n=20 rate=0"), stream=stream, store=store
    )
    if stream:
        list(reply)
    wait_until(lambda: ledger()["calls"] > before["calls"], "the call is settled")
    after = ledger()
    taken = [after[name] - before[name] for name in ("calls", "input_tokens", "output_tokens", "estimated", "errors")]
    assert taken == [1, 10, 20, 0, 0]


def test_who_leaves_is_booked_with_an_estimate(client: openai.OpenAI, ledger: Any) -> None:
    before = ledger()
    stream = client.chat.completions.create(model="mock", messages=asking("n=900 rate=60"), stream=True)
    next(iter(stream))
    stream.close()
    wait_until(lambda: ledger()["calls"] > before["calls"], "the call is settled")
    after = ledger()
    assert after["estimated"] - before["estimated"] == 1
    assert after["output_tokens"] > before["output_tokens"]


def test_a_used_up_budget_is_told_as_openai_tells_it(
    client: openai.OpenAI, product: Product, key: str, ledger: Any
) -> None:
    with httpx.Client(base_url=product.url, headers={"Authorization": f"Bearer {key}"}) as rest:
        person = rest.get("/api/v1/me").json()["id"]
    before = ledger()
    product.manage("shell", "-c", _BUDGET.format(person=person))
    try:
        with pytest.raises(openai.RateLimitError) as refused:
            client.chat.completions.create(model="mock", messages=asking("n=2 rate=0"))
        assert refused.value.code == "quota_exceeded"
        assert "begins anew" in refused.value.message
        assert ledger()["calls"] == before["calls"]
    finally:
        product.manage("shell", "-c", "from backend.usage.models import Budget; Budget.objects.all().delete()")


_BUDGET = """
from backend.usage.models import Budget
Budget.objects.create(scope="user", subject="{person}", measure="requests", most=0)
"""

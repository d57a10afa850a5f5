"""The whole product as its users start it, with a scripted provider; people who use it from outside."""

from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from tests.support import run
from tests.support.account import new_key
from tests.support.product import Product
from tests.support.upstream import Upstream

PASSWORD = "correct horse 7"


class Ada:
    """Someone with an API key, who asks over REST."""

    def __init__(self, product: Product, email: str) -> None:
        self.product = product
        self.email = email
        self.key = new_key(product.url, email, PASSWORD)
        headers = {"Authorization": f"Bearer {self.key}"}
        self.http = httpx.Client(base_url=product.url, headers=headers, trust_env=False, timeout=30)

    def asked(self, content: str) -> dict[str, Any]:
        """The result of a send into a new conversation."""
        place = self.http.post("/api/v1/conversations", json={"model": "mock"}).json()["id"]
        reply = self.http.post(f"/api/v1/conversations/{place}/messages", json={"content": content})
        assert reply.status_code == 202, reply.text
        found: dict[str, Any] = reply.json()
        return found

    def message(self, ident: str) -> dict[str, Any]:
        """A message."""
        found: dict[str, Any] = self.http.get(f"/api/v1/messages/{ident}").json()
        return found


@pytest.fixture(scope="module")
def upstream() -> Iterator[Upstream]:
    with Upstream() as running:
        yield running


@pytest.fixture(scope="module")
def product(upstream: Upstream) -> Iterator[Product]:
    provider = {"OPENAI_BASE_URL": upstream.url, "OPENAI_API_KEY": "test", "OPENAI_CONTINUATION": "prefix"}
    with Product(run.new_home(), TITLES="off", **provider) as running:
        yield running


@pytest.fixture(scope="module")
def ada(product: Product) -> Iterator[Ada]:
    person = Ada(product, "ada@example.org")
    yield person
    person.http.close()

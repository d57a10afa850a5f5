"""Tools that others wrote try the whole product from outside, with a person's key and things of its own to try on.

`SECURITY=long` makes their long runs, as `make security` does.
"""

import os
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import httpx
import pytest

from tests.support import run
from tests.support.product import Product, wait_until
from tests.support.upstream import Upstream

PASSWORD = "correct horse 7"
LONG = os.environ.get("SECURITY") == "long"  # noqa: TID251 - a setting of the tests, not of the product


@dataclass(frozen=True)
class Person:
    """Somebody with an API key."""

    url: str
    key: str

    def asks(self, method: str, path: str, **body: Any) -> Any:
        """The answer's JSON. Raises `AssertionError` with what was said instead."""
        headers = {"Authorization": f"Bearer {self.key}"}
        reply = httpx.request(method, f"{self.url}{path}", headers=headers, trust_env=False, timeout=30, **body)
        assert reply.is_success, f"{method} {path}: {reply.status_code} {reply.text[:400]}"
        return reply.json() if reply.content else None


@pytest.fixture(scope="module")
def upstream() -> Iterator[Upstream]:
    with Upstream() as running:
        yield running


@pytest.fixture(scope="module")
def product(upstream: Upstream) -> Iterator[Product]:
    provider = {"OPENAI_BASE_URL": upstream.url, "OPENAI_API_KEY": "test"}
    with Product(run.new_home(), TITLES="off", LIMITS="off", **provider) as running:
        yield running


def someone(product: Product, email: str, *, role: str = "member") -> Person:
    product.manage("user_create", email, "--password", PASSWORD, "--verified", "--role", role)
    return Person(product.url, product.manage("apikey_create", email).strip().splitlines()[-1])


@pytest.fixture(scope="module")
def admin(product: Product) -> Person:
    return someone(product, "ada@example.org", role="admin")


@pytest.fixture(scope="module")
def things(admin: Person) -> dict[str, Any]:
    """One of everything that a path can name, by the parameter's name."""
    place = admin.asks("POST", "/api/v1/conversations", json={"model": "mock"})["id"]
    sent = admin.asks("POST", f"/api/v1/conversations/{place}/messages", json={"content": "n=3 rate=0"})
    words = {"user": "Say {{word}}", "variables": [{"name": "word", "type": "text"}]}
    template = admin.asks("POST", "/api/v1/prompts", json={"name": "Sayings", "model": "mock", **words})["id"]
    admin.asks("PUT", f"/api/v1/prompts/{template}/labels/released", json={"version": 1})
    shared = admin.asks("POST", f"/api/v1/prompts/{template}/shares", json={"everybody": True})
    file = admin.asks("POST", "/api/v1/files", files={"file": ("words.csv", "word\na\nb\n", "text/csv")})["id"]
    spec = {"model": "mock", "file": file, "template": {"user": "n=2 rate=0 {{word}}"}}
    job = admin.asks("POST", "/api/v1/jobs", json={"kind": "batch", "name": "Words", "spec": spec})["id"]
    budget = admin.asks("POST", "/api/v1/budgets", json={"scope": "user", "measure": "requests", "limit": 10**9})["id"]
    wait_until(lambda: admin.asks("GET", f"/api/v1/jobs/{job}")["status"] == "done", "the batch is done")
    return {
        "conversation_id": place,
        "message_id": sent["message"],
        "generation_id": sent["generation"],
        "template_id": template,
        "number": 1,
        "label": "released",
        "share_id": shared.get("id") or shared["items"][-1]["id"],
        "file_id": file,
        "job_id": job,
        "budget_id": budget,
        "topic": sent["topic"],
    }

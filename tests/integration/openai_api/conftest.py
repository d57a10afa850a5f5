"""The product with the scripted provider behind it, and official clients with a key of their own."""

from collections.abc import AsyncIterator, Iterator

import openai
import pytest

from tests.support import run
from tests.support.account import new_key
from tests.support.product import Product
from tests.support.upstream import Upstream

EMAIL = "script@example.org"


@pytest.fixture(scope="session")
def upstream() -> Iterator[Upstream]:
    with Upstream() as started:
        yield started


@pytest.fixture(scope="session")
def product(upstream: Upstream) -> Iterator[Product]:
    settings = {"OPENAI_BASE_URL": upstream.url, "OPENAI_API_KEY": "any", "TITLES": "off", "LIMITS": "off"}
    with Product(run.new_home(), **settings) as running:
        yield running


@pytest.fixture(scope="session")
def key(product: Product) -> str:
    return new_key(product.url, EMAIL, "correct horse 7")


@pytest.fixture(scope="session")
def base_url(product: Product) -> str:
    return f"{product.url}/v1"


@pytest.fixture
def client(base_url: str, key: str) -> Iterator[openai.OpenAI]:
    """The official client. It tries once, so that a test sees each answer."""
    with openai.OpenAI(base_url=base_url, api_key=key, max_retries=0) as made:
        yield made


@pytest.fixture
async def aclient(base_url: str, key: str) -> AsyncIterator[openai.AsyncOpenAI]:
    async with openai.AsyncOpenAI(base_url=base_url, api_key=key, max_retries=0) as made:
        yield made

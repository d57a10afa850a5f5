"""Several nodes' care in one loop, on one Redis."""

from collections.abc import AsyncIterator, Callable

import pytest

from backend.care.care import Care
from backend.core.redis import close_client
from tests.support.care import QUICK


@pytest.fixture
async def node(redis_url: str) -> AsyncIterator[Callable[[], Care]]:
    """Makes the care of another node."""
    made: list[Care] = []

    def make() -> Care:
        made.append(Care(QUICK, chance=lambda: 0.0))
        return made[-1]

    yield make
    for care in made:
        await care.stop()
    await close_client()

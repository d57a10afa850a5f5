"""A node's chat without its sockets: real database and log, a scripted provider."""

from collections.abc import AsyncIterator

import pytest

from tests.support.bench import Bench
from tests.support.live import LiveSite


@pytest.fixture
async def bench(transactional_db, redis_url: str, settings) -> AsyncIterator[Bench]:
    """Services, host and log of one node; people and their answers."""
    settings.RIVULET = settings.RIVULET.model_copy(update={"limits": "off"})
    made = Bench(redis_url)
    await made.start()
    yield made
    await made.stop()


@pytest.fixture
async def live(transactional_db, redis_url: str, settings) -> AsyncIterator[LiveSite]:
    """The whole site in this process, its parts running, with a scripted provider."""
    limited = settings.RIVULET.model_copy(update={"limits": "off", "titles": "off", "time_scale": 0.2})
    settings.RIVULET = limited
    made = LiveSite()
    await made.start()
    yield made
    await made.stop()

"""The whole site in this process, and people who speak the protocol to it."""

from collections.abc import AsyncIterator

import pytest

from tests.support.live import LiveSite


@pytest.fixture
async def live(transactional_db, redis_url: str, settings) -> AsyncIterator[LiveSite]:
    """The whole site, its parts running with times at a fifth, and a scripted provider."""
    settings.RIVULET = settings.RIVULET.model_copy(update={"limits": "off", "titles": "off", "time_scale": 0.2})
    made = LiveSite()
    await made.start()
    yield made
    await made.stop()

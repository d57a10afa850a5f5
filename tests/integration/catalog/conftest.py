"""A catalogue in the database, and settings that name providers."""

import pytest
from django.conf import settings

from backend.catalog import registry
from backend.core.db import close_pool, in_thread
from backend.core.redis import close_client


@pytest.fixture
def env(monkeypatch):
    """Set fields of the environment for one test: `env(openai_base_url=…)`."""

    def set_fields(**fields) -> None:
        monkeypatch.setattr(settings, "RIVULET", settings.RIVULET.model_copy(update=fields))

    return set_fields


@pytest.fixture
async def catalog(transactional_db):
    """The running loop's registry, not started; stopped afterwards."""
    yield registry
    await registry.stop()
    await close_client()
    await close_pool()


async def rows(query):
    """The rows of a queryset, from a thread."""
    return await in_thread(lambda: list(query))

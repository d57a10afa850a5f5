"""Keeps the catalogue in step with the environment and with the providers' lists."""

import asyncio
from collections.abc import Iterable

import structlog
from django.conf import settings

from backend.catalog import services
from backend.catalog.adapters import Adapters
from backend.catalog.entries import Account
from backend.catalog.pickup import found_in, ollama_url
from backend.core.db import in_thread
from backend.outbound import OutboundClient, OutboundError, Timeouts
from backend.providers.base import ProviderError

log = structlog.get_logger(__name__)


async def pick_up(client: OutboundClient) -> None:
    """Bring the rows from the environment up to date."""
    env = settings.RIVULET
    local = not env.ollama_host and env.rivulet_env != "test" and await _ollama_answers(client)
    await in_thread(services.providers_apply, found=found_in(env, local_ollama=local))


async def sync_models(adapters: Adapters, accounts: Iterable[Account]) -> bool:
    """Read the lists of `accounts` at the same time; whether all could be read. One that fails keeps what it had."""
    async with asyncio.TaskGroup() as tasks:
        reading = [
            tasks.create_task(_sync(adapters, account), name=f"models of {account.name}") for account in accounts
        ]
    return all(task.result() for task in reading)


async def _sync(adapters: Adapters, account: Account) -> bool:
    try:
        listed = await adapters.adapter(account).models()
    except ProviderError as error:
        log.warning("catalog.list_failed", provider=account.name, error=error.message)
        await in_thread(services.provider_failed, provider=account.id, failure=error.message)
        return False
    if await in_thread(services.models_store, provider=account.id, listed=listed):
        log.info("catalog.synced", provider=account.name, models=len(listed))
    return True


async def _ollama_answers(client: OutboundClient) -> bool:
    url = ollama_url("").removesuffix("/v1") + "/api/version"
    try:
        answer = await client.request("GET", url, timeouts=Timeouts(connect=0.3, first_byte=1, silence=1), trusted=True)
    except OutboundError:
        return False
    return answer.status == 200

"""From a model's name to an entry and an adapter, on the loop, without a query most of the time.

Each event loop keeps a snapshot of the catalogue. Its version is compared with the database's at most once a second;
while PostgreSQL is away the last snapshot serves on. A name that is not known reads the providers' lists once more.
"""

import asyncio
import time
from collections.abc import Coroutine, Iterable
from typing import Any, Final, TypeVar
from uuid import UUID
from weakref import WeakKeyDictionary

import psycopg
import structlog
from django.conf import settings
from django.db import DatabaseError
from psycopg_pool import PoolTimeout

from backend.accounts.permissions import ModelEntry, may
from backend.accounts.principal import Principal
from backend.care.care import Care
from backend.care.policy import CarePolicy
from backend.catalog.adapters import Adapters
from backend.catalog.chain import ResolvedModel, chained
from backend.catalog.entries import Account, Catalogue, Entry
from backend.catalog.snapshot import catalogue_load
from backend.catalog.sync import pick_up, sync_models
from backend.core.db import in_thread, pool
from backend.core.errors import ModelUnavailable, NoSuchModel, Unavailable
from backend.core.sentences import sentence, spoken
from realtime.tasks import end

log = structlog.get_logger(__name__)

__all__ = ["Registry", "ResolvedModel", "catalogue", "current", "resolve", "start", "stop"]

T = TypeVar("T")

FRESH: Final = 1.0
"""Seconds that a snapshot is used without asking for the version."""

SYNC_EVERY: Final = 600.0
"""Seconds between two readings of the providers' lists; `REFRESH_AT_MOST_EVERY` while one of them could not be read."""

TRY_AGAIN: Final = 2.0
REFRESH_AT_MOST_EVERY: Final = 15.0
REFRESH_PATIENCE: Final = 10.0
"""Seconds that a request for an unknown name waits for the providers' lists."""

_AWAY = (DatabaseError, psycopg.Error, PoolTimeout, OSError, Unavailable)


class Registry:
    """The catalogue of one event loop. `start` keeps it in step in the background; without, it works on demand."""

    def __init__(self) -> None:
        self._adapters = Adapters()
        self.care = Care(CarePolicy().scaled(settings.RIVULET.time_scale))
        self._chains: tuple[Catalogue | None, dict[UUID, ResolvedModel]] = (None, {})
        self._catalogue: Catalogue | None = None
        self._checked = float("-inf")
        self._reading = asyncio.Lock()
        self._refresh: asyncio.Task[bool] | None = None
        self._refreshed = float("-inf")
        self._tasks: set[asyncio.Task[Any]] = set()
        self._stale = False
        self._started = False
        self._picked_up = False

    async def start(self) -> None:
        """Take up what the environment names, then read the lists in the background, now and every ten minutes.

        A database that is not there yet delays this and stops nothing.
        """
        self._started = True
        self.care.start()
        self._picked_up = await self._pick_up()
        self._spawn(self._keep(), name="catalogue")

    async def stop(self) -> None:
        """End the background work and close all connections."""
        self._started = False
        await end(*self._tasks)
        await self.care.stop()
        await self._adapters.close()

    async def catalogue(self) -> Catalogue:
        """The snapshot, at most a second old. Raises `Unavailable` when there is none and no database."""
        found = self._catalogue
        if found is not None and time.monotonic() - self._checked < FRESH:
            return found
        async with self._reading:
            if self._catalogue is None or time.monotonic() - self._checked >= FRESH:
                self._catalogue = await self._read(self._catalogue)
                self._checked = time.monotonic()
            return self._catalogue

    async def resolve(self, name: str | None = None, *, principal: Principal | None = None) -> ResolvedModel:
        """The model called `name` (or `provider/name`), or the default. Raises `ModelUnavailable`, `Unavailable`.

        A hidden model is there only for a `principal` who may see it.
        """
        entry, catalogue = await self._find(name, principal)
        if entry is None:
            await self.refresh()
            entry, catalogue = await self._find(name, principal)
        if entry is None:
            if self._stale:  # it may have come since the database was last asked
                raise Unavailable
            if name:
                raise spoken(
                    NoSuchModel,
                    sentence("no_such_model", "There is no model '{name}' here. Pick another one.", name=name[:100]),
                )
            raise spoken(
                ModelUnavailable,
                sentence("no_model", "No model is connected. An administrator can connect one."),
            )
        return self._chained(catalogue, entry)

    def _chained(self, catalogue: Catalogue, entry: Entry) -> ResolvedModel:
        """The same object for as long as the catalogue is the same."""
        if self._chains[0] is not catalogue:
            self._chains = (catalogue, {})
        found = self._chains[1].get(entry.id)
        if found is None:
            found = self._chains[1][entry.id] = chained(
                catalogue, entry, adapter=self._adapters.adapter, care=self.care
            )
        return found

    async def refresh(self) -> None:
        """Read the providers' lists, unless that was done a moment ago. Callers at the same time share one reading."""
        running = self._refresh is not None and not self._refresh.done()
        if not running and time.monotonic() - self._refreshed < REFRESH_AT_MOST_EVERY:
            return
        await asyncio.wait([self._begin_refresh()], timeout=REFRESH_PATIENCE)

    def _begin_refresh(self) -> asyncio.Task[bool]:
        if self._refresh is None or self._refresh.done():
            self._refreshed = time.monotonic()
            self._refresh = self._spawn(self._sync(), name="models of all providers")
        return self._refresh

    def _spawn(self, work: Coroutine[Any, Any, T], *, name: str) -> asyncio.Task[T]:
        task = asyncio.create_task(work, name=name)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    async def _find(self, name: str | None, principal: Principal | None) -> tuple[Entry | None, Catalogue]:
        catalogue = await self.catalogue()
        if not name:
            return catalogue.default, catalogue
        entry = catalogue.find(name)
        if entry is not None and entry.hidden:
            seen = principal is not None and may(principal, "read", ModelEntry(hidden=True))
            entry = entry if seen else None
        return entry, catalogue

    async def _read(self, held: Catalogue | None) -> Catalogue:
        try:
            if held is not None and await _version() == held.version:
                self._stale = False
                return held
            found = await in_thread(catalogue_load)
        except _AWAY as error:
            if held is None:
                raise Unavailable from error
            log.warning("catalog.stale", error=type(error).__name__)
            self._stale = True
            return held
        self._stale = False
        if self._started and held is not None:
            fresh = [a for a in found.accounts.values() if not a.synced and held.accounts.get(a.id) != a]
            if fresh:
                self._spawn(self._sync(fresh), name="models of new providers")
        return found

    async def _keep(self) -> None:
        while True:
            while not self._picked_up:
                await asyncio.sleep(TRY_AGAIN)
                self._picked_up = await self._pick_up()
            self._checked = float("-inf")
            refresh = self._begin_refresh()
            await asyncio.wait([refresh])
            whole = not refresh.cancelled() and refresh.result()
            await asyncio.sleep(SYNC_EVERY if whole else REFRESH_AT_MOST_EVERY)
            if whole:
                self._picked_up = False

    async def _pick_up(self) -> bool:
        try:
            await pick_up(self._adapters.client)
        except _AWAY as error:
            log.warning("catalog.pick_up_failed", error=type(error).__name__)
            return False
        return True

    async def _sync(self, accounts: Iterable[Account] | None = None) -> bool:
        """Whether every list was read and stored."""
        stored, whole = True, False
        try:
            found = (await self.catalogue()).accounts.values() if accounts is None else accounts
            whole = await sync_models(self._adapters, found)
        except _AWAY as error:
            log.warning("catalog.sync_failed", error=type(error).__name__)
            stored = False
        except ExceptionGroup as errors:
            log.warning("catalog.sync_failed", error=repr(errors.exceptions[0]))
            stored = False
        self._checked = float("-inf")
        if not stored:
            self._refreshed = float("-inf")  # whoever asks next may try again at once
        return whole


_registries: WeakKeyDictionary[asyncio.AbstractEventLoop, Registry] = WeakKeyDictionary()


def current() -> Registry:
    """The registry of the running loop."""
    loop = asyncio.get_running_loop()
    found = _registries.get(loop)
    if found is None:
        found = _registries[loop] = Registry()
    return found


async def start() -> None:
    """Start the running loop's registry: once, when the process begins to serve."""
    await current().start()


async def stop() -> None:
    """Stop the running loop's registry and forget it."""
    found = _registries.pop(asyncio.get_running_loop(), None)
    if found is not None:
        await found.stop()


async def catalogue() -> Catalogue:
    """See `Registry.catalogue`."""
    return await current().catalogue()


async def resolve(name: str | None = None, *, principal: Principal | None = None) -> ResolvedModel:
    """See `Registry.resolve`."""
    return await current().resolve(name, principal=principal)


async def _version() -> int:
    async with (await pool()).connection() as connection:
        cursor = await connection.execute("SELECT number FROM catalog_catalogversion WHERE id = 1")
        row = await cursor.fetchone()
    return int(row[0]) if row else 0

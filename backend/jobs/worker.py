"""A worker's process: one event loop for all that it does, and the knowledge that it has to go.

Celery's pool forks a process for each place. The loop, and all that lives on it (connections to PostgreSQL and to
providers), is made by the process that uses it and kept between tasks.
"""

import asyncio
import gc
import mmap
import os
import socket
from collections.abc import Coroutine
from typing import Any, TypeVar

import uvloop
from celery.signals import worker_process_shutdown, worker_shutting_down
from django.conf import settings

from backend.catalog import registry
from backend.core import db, redis
from backend.jobs.engine import Place
from backend.search import service as search
from realtime import hints

T = TypeVar("T")

_shared = mmap.mmap(-1, 1)
"""A byte that the worker's main process shares with its children."""

GC_THRESHOLDS = (5000, 10, 20)
"""As a web node's."""

_loops: dict[int, tuple[asyncio.AbstractEventLoop, int]] = {}
"""The loop of this process, and its parent when it was made."""


def run(work: Coroutine[Any, Any, T]) -> T:
    """Run it on this process's loop."""
    return _loop()[0].run_until_complete(work)


def stopping() -> bool:
    """The worker was told to stop, or its main process is gone."""
    return bool(_shared[0]) or os.getppid() != _loop()[1]


def place() -> Place:
    """This process."""
    env = settings.RIVULET
    worker = f"{socket.gethostname()[:60]}.{os.getppid()}"
    most = env.jobs_per_user if env.limits == "on" else 0
    return Place(worker=worker, name=f"{worker}.{os.getpid()}", slots=env.celery_concurrency, most=most)


def _loop() -> tuple[asyncio.AbstractEventLoop, int]:
    found = _loops.get(os.getpid())
    if found is None:
        found = _loops[os.getpid()] = (uvloop.new_event_loop(), os.getppid())
        gc.freeze()  # what was loaded stays: full collections need not walk it between two rows
        gc.set_threshold(*GC_THRESHOLDS)
    return found


@worker_shutting_down.connect
def _told(**_: object) -> None:
    _shared[0] = 1


@worker_process_shutdown.connect
def _leave(**_: object) -> None:
    found = _loops.pop(os.getpid(), None)
    if found is not None:
        found[0].run_until_complete(_close())
        found[0].close()


async def _close() -> None:
    hints.flush()
    await registry.stop()
    await search.close()
    await redis.close_client()
    await db.close_pool()

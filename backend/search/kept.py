"""What was found and read in the last minutes, in the site's cache. A cache that fails is as good as none."""

import hashlib
from typing import TypeVar

import msgspec
from django.core.cache import cache

from backend.search.base import Found, Page

FOUND_FOR = 5 * 60
PAGE_FOR = 10 * 60

T = TypeVar("T")


def key(*parts: object) -> str:
    """The key of a question; neither it nor an address can be read from it."""
    return f"search:{hashlib.sha256(msgspec.json.encode(parts)).hexdigest()}"


async def found(name: str) -> Found | None:
    """What was found before."""
    return await _get(name, Found)


async def page(name: str) -> Page | None:
    """A page that was read before."""
    return await _get(name, Page)


async def keep_found(name: str, one: Found) -> None:
    """Keep what was found."""
    await cache.aset(name, msgspec.json.encode(one), FOUND_FOR)


async def keep_page(name: str, one: Page) -> None:
    """Keep a page."""
    await cache.aset(name, msgspec.json.encode(one), PAGE_FOR)


async def _get(name: str, kind: type[T]) -> T | None:
    data = await cache.aget(name)
    try:
        return None if data is None else msgspec.json.decode(data, type=kind)
    except msgspec.DecodeError:
        return None

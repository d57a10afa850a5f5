"""Reads of the catalogue."""

from collections.abc import Sequence

from backend.accounts.permissions import ModelEntry, may
from backend.accounts.principal import Principal
from backend.care.care import Care
from backend.catalog import registry
from backend.catalog.entries import Entry
from backend.catalog.schemas import Availability
from backend.core import db


async def failures() -> list[tuple[str, str]]:
    """Providers whose list could not be read last, each with a sentence about why."""
    found = await db.rows(
        "SELECT name, failure FROM catalog_provider WHERE enabled AND present AND failure <> '' ORDER BY position", []
    )
    return [(row["name"], row["failure"]) for row in found]


async def standings(entries: Sequence[Entry]) -> list[tuple[Availability, list[str]]]:
    """How each stands with its provider, and who stands in for it."""
    catalogue = await registry.catalogue()
    care = registry.current().care
    return [
        (_availability(care, entry), [other.name for other in catalogue.chain(entry)[1:] if not other.hidden])
        for entry in entries
    ]


def _availability(care: Care, entry: Entry) -> Availability:
    known = care.troubles.peek(str(entry.id))
    waiting = care.waiting(str(entry.account))
    if known is not None and known.rest > 0:
        return Availability(state="resting", retry_after_ms=round(known.rest * 1000), waiting=waiting)
    if known is not None and known.view.opened:
        return Availability(state="failing", retry_after_ms=round(known.open * 1000) or None, waiting=waiting)
    return Availability(state="busy" if waiting else "ok", waiting=waiting)


async def visible_models(principal: Principal) -> list[Entry]:
    """What `principal` may pick, in order; the first is the default."""
    catalogue = await registry.catalogue()
    return [entry for entry in catalogue.visible if may(principal, "read", ModelEntry())]

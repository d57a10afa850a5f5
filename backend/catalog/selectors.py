"""Reads of the catalogue."""

from backend.accounts.permissions import ModelEntry, may
from backend.accounts.principal import Principal
from backend.catalog import registry
from backend.catalog.entries import Entry
from backend.core import db


async def failures() -> list[tuple[str, str]]:
    """Providers whose list could not be read last, each with a sentence about why."""
    found = await db.rows(
        "SELECT name, failure FROM catalog_provider WHERE enabled AND present AND failure <> '' ORDER BY position", []
    )
    return [(row["name"], row["failure"]) for row in found]


async def visible_models(principal: Principal) -> list[Entry]:
    """What `principal` may pick, in order; the first is the default."""
    catalogue = await registry.catalogue()
    return [entry for entry in catalogue.visible if may(principal, "read", ModelEntry())]

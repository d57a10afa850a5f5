"""Reads of the catalogue."""

from backend.accounts.permissions import ModelEntry, may
from backend.accounts.principal import Principal
from backend.catalog import registry
from backend.catalog.entries import Entry


async def visible_models(principal: Principal) -> list[Entry]:
    """What `principal` may pick, in order; the first is the default."""
    catalogue = await registry.catalogue()
    return [entry for entry in catalogue.visible if may(principal, "read", ModelEntry())]

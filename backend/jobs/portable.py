"""What of a person's data goes into an export beside conversations, and what an import takes back in.

Another part is another class, registered here: it is a file `<name>.json` in the export, a list of items.
"""

from abc import ABC, abstractmethod
from collections.abc import Iterator
from typing import Any
from uuid import UUID

from backend.accounts.principal import Principal
from backend.jobs.imports.base import BadExport


class Part(ABC):
    """A part of a person's data. `importable`: `keep` takes its items in again."""

    name: str
    importable: bool = False

    @abstractmethod
    def items(self, *, owner: UUID) -> Iterator[dict[str, Any]]:
        """All there is, without secrets, ready for JSON. In a thread."""

    def keep(self, *, principal: Principal, item: dict[str, Any]) -> dict[str, Any]:
        """Take an item in, whole or not at all; twice is once. In a thread.

        Returns `result` (`imported`, `updated` or `known`) and the new `id`. Raises `BadExport` or an `AppError`.
        """
        raise BadExport("unknown_shape", f"{self.name} can't be imported: {principal.user}, {len(item)}.")


_PARTS: dict[str, Part] = {}


def register(part: Part) -> None:
    """Add a part."""
    _PARTS[part.name] = part


def parts() -> dict[str, Part]:
    """All parts by their names."""
    return dict(_PARTS)


def importable() -> frozenset[str]:
    """The names of parts that an import takes in."""
    return frozenset(name for name, part in _PARTS.items() if part.importable)

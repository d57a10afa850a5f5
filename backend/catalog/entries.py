"""The catalogue as a value: what a process keeps between two reads of the database."""

from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from functools import cached_property
from typing import cast
from uuid import UUID

from backend.providers.base import Continuation
from backend.providers.factory import Kind, continuation_for

LONGEST_CHAIN = 8
"""Models that are asked for one answer at most."""


@dataclass(frozen=True, slots=True)
class Account:
    """A provider that may be called. `trusted`: its address comes from the operator's environment."""

    id: UUID
    kind: Kind
    name: str
    base_url: str
    key: str = field(repr=False)
    trusted: bool
    synced: bool = field(compare=False)
    max_concurrent: int | None = field(default=None, compare=False)
    queue_seconds: int = field(default=60, compare=False)


@dataclass(frozen=True, slots=True)
class Entry:
    """A model that may be asked. Prices are for a million tokens, None where nothing is known; `price` is the row of
    the history that they stand in.

    `fallbacks` are the entries that stand in for it, in order, those of its stand-ins not among them.
    """

    id: UUID
    name: str
    label: str
    account: UUID
    provider: str
    kind: Kind
    input_price: Decimal | None
    output_price: Decimal | None
    context: int | None
    continuation: Continuation
    capabilities: tuple[str, ...]
    hidden: bool
    created: datetime
    max_concurrent: int | None = None
    fallbacks: tuple[UUID, ...] = ()
    cached_price: Decimal | None = None
    price: UUID | None = None


@dataclass(frozen=True)
class Catalogue:
    """Entries in the order that people see them: the built-in guide last."""

    version: int
    accounts: dict[UUID, Account]
    entries: tuple[Entry, ...]

    @cached_property
    def _by_name(self) -> dict[str, Entry]:
        """The first entry of each name wins; `provider/name` reaches the others."""
        found: dict[str, Entry] = {}
        for entry in sorted(self.entries, key=lambda entry: entry.hidden):
            found.setdefault(entry.name, entry)
            found.setdefault(f"{entry.provider}/{entry.name}", entry)
        return found

    @cached_property
    def _by_id(self) -> dict[UUID, Entry]:
        return {entry.id: entry for entry in self.entries}

    def chain(self, entry: Entry) -> list[Entry]:
        """The entry, its stand-ins, then theirs, each once; at most `LONGEST_CHAIN`."""
        found, at = [entry], 0
        while at < len(found) < LONGEST_CHAIN:
            known = (self._by_id.get(one) for one in found[at].fallbacks)
            found += [other for other in known if other is not None and other not in found]
            at += 1
        return found[:LONGEST_CHAIN]

    def find(self, name: str) -> Entry | None:
        """The entry of a name."""
        return self._by_name.get(name)

    @property
    def visible(self) -> list[Entry]:
        """What the picker shows."""
        return [entry for entry in self.entries if not entry.hidden]

    @property
    def default(self) -> Entry | None:
        """The first visible one, so a real model whenever there is one."""
        return next((entry for entry in self.entries if not entry.hidden), None)


def effective_continuation(*, own: str, provider: str, kind: Kind, name: str) -> Continuation:
    """What an administrator said of the model, else of the provider, else what its kind can do."""
    said = own or provider
    return cast("Continuation", said) if said else continuation_for(kind=kind, model=name)

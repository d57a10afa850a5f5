"""A model with those that stand in for it, as one provider."""

from collections.abc import Callable
from dataclasses import dataclass

from backend.care.care import Care
from backend.care.member import Limits, Member
from backend.care.provider import CarefulProvider
from backend.catalog.entries import Account, Catalogue, Entry
from backend.providers.base import Provider


@dataclass(frozen=True, slots=True)
class ResolvedModel:
    """A model that can be asked now. `provider` asks those that stand in for it, too; `after` is the chain's rest.

    `announces`: the provider says itself whom it asks.
    """

    entry: Entry
    provider: CarefulProvider
    after: "ResolvedModel | None" = None

    @property
    def announces(self) -> bool:
        """See `CarefulProvider.announces`."""
        return self.provider.announces

    @property
    def name(self) -> str:
        """The name that clients use and that the provider knows."""
        return self.entry.name

    upstream_name = name


def chained(catalogue: Catalogue, entry: Entry, *, adapter: Callable[[Account], Provider], care: Care) -> ResolvedModel:
    """An entry with those that stand in for it, as one provider."""
    entries = catalogue.chain(entry)
    members = [_member(one, catalogue.accounts[one.account], adapter) for one in entries]
    found: ResolvedModel | None = None
    for number in range(len(entries) - 1, -1, -1):
        found = ResolvedModel(entries[number], CarefulProvider(members[number:], care), found)
    assert found is not None
    return found


def _member(entry: Entry, account: Account, adapter: Callable[[Account], Provider]) -> Member:
    limits = None
    if account.max_concurrent or entry.max_concurrent:
        limits = Limits(
            line=str(account.id),
            most=account.max_concurrent or 0,
            most_of_model=entry.max_concurrent or 0,
            patience=float(account.queue_seconds),
        )
    return Member(
        provider=adapter(account),
        model=entry.name,
        label=entry.label,
        key=str(entry.id),
        continuation=entry.continuation,
        limits=limits,
    )

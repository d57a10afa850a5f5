"""Reads the whole catalogue from the database at once."""

from typing import cast
from uuid import UUID

import structlog
from django.conf import settings
from django.db import transaction

from backend.catalog.entries import Account, Catalogue, Entry, effective_continuation
from backend.catalog.models import CatalogVersion, Fallback, Model, Price, Provider, Source
from backend.catalog.pickup import found_in
from backend.core.encryption import DecryptionError
from backend.providers import factory

log = structlog.get_logger(__name__)


@transaction.atomic
def catalogue_load() -> Catalogue:
    """Providers that may be called and their models. The version is read first: it is never ahead of the rows."""
    version = CatalogVersion.objects.values_list("number", flat=True).first() or 0
    keys = {found.slug: found.key for found in found_in(settings.RIVULET, local_ollama=False)}
    accounts = {}
    for row in Provider.objects.filter(enabled=True, present=True):
        account = _account(row, keys)
        if account is not None:
            accounts[row.id] = account
    models = Model.objects.filter(provider_id__in=list(accounts), available=True).select_related("provider")
    stand_ins: dict[UUID, list[UUID]] = {}
    for model_id, stand_in in Fallback.objects.order_by("position", "id").values_list("model_id", "stand_in_id"):
        stand_ins.setdefault(model_id, []).append(stand_in)
    ordered = models.order_by("provider__position", "position", "name")
    prices = dict(Price.objects.order_by("since", "id").values_list("model_id", "id"))
    entries = [
        _entry(model, accounts[model.provider_id], prices.get(model.id), tuple(stand_ins.get(model.id, ())))
        for model in ordered
    ]
    entries.sort(key=lambda entry: entry.kind == "guide")
    return Catalogue(version=version, accounts=accounts, entries=tuple(entries))


def _account(row: Provider, keys: dict[str, str]) -> Account | None:
    trusted = row.source == Source.ENV
    try:
        key = keys.get(row.slug or "", "") if trusted else row.key
    except DecryptionError:
        log.exception("catalog.key_unreadable", provider=row.name)
        return None
    return Account(
        id=row.id,
        kind=cast("factory.Kind", row.kind),
        name=row.name,
        base_url=row.base_url,
        key=key,
        trusted=trusted,
        synced=row.synced_at is not None,
        max_concurrent=row.max_concurrent,
        queue_seconds=row.queue_seconds,
    )


def _entry(model: Model, account: Account, price: UUID | None, fallbacks: tuple[UUID, ...]) -> Entry:
    return Entry(
        id=model.id,
        name=model.name,
        label=model.label or model.name,
        account=account.id,
        provider=account.name,
        kind=account.kind,
        input_price=model.input_price,
        output_price=model.output_price,
        context=model.context,
        continuation=effective_continuation(
            own=model.continuation, provider=model.provider.continuation, kind=account.kind, name=model.name
        ),
        capabilities=tuple(str(item) for item in model.capabilities),
        hidden=model.hidden,
        created=model.created,
        max_concurrent=model.max_concurrent,
        fallbacks=fallbacks,
        cached_price=model.cached_price,
        price=price,
    )

"""Writes of the catalogue. Each raises the version when, and only when, something changed."""

from collections.abc import Sequence
from uuid import UUID

from django.db import connection, transaction
from django.utils import timezone

from backend.catalog.models import Fallback, Model, Price, Provider, Source
from backend.catalog.pickup import Found
from backend.catalog.ranking import ranked
from backend.providers.base import UpstreamModel

LOCK = 0x72766C74
STEP = 10


def version_raise() -> None:
    """Tell every process to read the catalogue again once this transaction has committed."""
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO catalog_catalogversion (id, number) VALUES (1, 1) "
            "ON CONFLICT (id) DO UPDATE SET number = catalog_catalogversion.number + 1"
        )


def fallbacks_check(*, model: UUID, stand_ins: Sequence[UUID]) -> None:
    """Raise `ValueError` where `model` would, by way of these, stand in for itself."""
    links: dict[UUID, list[UUID]] = {}
    for one, other in Fallback.objects.exclude(model_id=model).values_list("model_id", "stand_in_id"):
        links.setdefault(one, []).append(other)
    links[model] = list(stand_ins)
    ahead, seen = list(stand_ins), set(stand_ins)
    while ahead:
        one = ahead.pop()
        if one == model:
            raise ValueError("A model can't stand in for itself, not by way of others either.")
        fresh = [other for other in links.get(one, ()) if other not in seen]
        seen.update(fresh)
        ahead += fresh


@transaction.atomic
def price_note(*, model: Model) -> bool:
    """Write a model's prices into its history where they differ from the last ones; whether they did."""
    now = (model.input_price, model.output_price, model.cached_price)
    last = Price.objects.filter(model=model).first()
    before = (last.input_price, last.output_price, last.cached_price) if last else (None, None, None)
    if now == before:
        return False
    Price.objects.create(model_id=model.id, input_price=now[0], output_price=now[1], cached_price=now[2])
    return True


@transaction.atomic
def providers_apply(*, found: Sequence[Found]) -> None:
    """Make the rows from the environment what it names now. Nodes that start at once take turns.

    What an administrator set (enabled, position) stays; a provider that is no longer named is only marked.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [LOCK])
    rows = {row.slug: row for row in Provider.objects.filter(source=Source.ENV)}
    changed = False
    for item in found:
        row = rows.pop(item.slug, None)
        wanted = {
            "kind": item.kind, "base_url": item.base_url, "continuation": item.continuation, "present": True
        }  # fmt: skip
        if row is None:
            name = _free_name(item.name)
            Provider.objects.create(slug=item.slug, source=Source.ENV, position=item.position, name=name, **wanted)
            changed = True
        elif any(getattr(row, field) != value for field, value in wanted.items()):
            moved = row.base_url != item.base_url
            Provider.objects.filter(id=row.id).update(
                **wanted, **({"synced_at": None, "name": _free_name(item.name, but=row.id)} if moved else {})
            )
            changed = True
    gone = [row.id for row in rows.values() if row.present]
    if gone:
        Provider.objects.filter(id__in=gone).update(present=False)
    if changed or gone:
        version_raise()


@transaction.atomic
def models_store(*, provider: UUID, listed: Sequence[UpstreamModel]) -> bool:
    """Bring a provider's models in line with its list; True when anything changed.

    New ones are appended in a sensible order, those that can't chat hidden; missing ones are marked, not deleted.
    """
    row = Provider.objects.select_for_update().filter(id=provider).first()
    if row is None:
        return False
    known = {model.name: model for model in Model.objects.filter(provider=row)}
    last = max((model.position for model in known.values()), default=0)
    fresh = [model for model in ranked(list(listed)) if model.name not in known]
    Model.objects.bulk_create(
        [
            Model(
                provider=row,
                name=model.name,
                label=model.label or "",
                context=model.context,
                hidden=not model.chats,
                capabilities=list(model.capabilities),
                position=last + STEP * number,
            )
            for number, model in enumerate(fresh, start=1)
        ],
        ignore_conflicts=True,
    )
    names = {model.name for model in listed}
    turned = [model.id for model in known.values() if model.available != (model.name in names)]
    for model in known.values():
        if model.id in turned:
            Model.objects.filter(id=model.id).update(available=not model.available)
    changed = bool(fresh or turned or row.failure or row.synced_at is None)
    Provider.objects.filter(id=provider).update(synced_at=timezone.now(), failure="")
    if changed:
        version_raise()
    return changed


def provider_failed(*, provider: UUID, failure: str) -> None:
    """Keep why a provider's list could not be read, for the admin."""
    Provider.objects.filter(id=provider).exclude(failure=failure).update(failure=failure)


def _free_name(name: str, *, but: UUID | None = None) -> str:
    """`name`, or with a number when an administrator took it already."""
    others = Provider.objects.all() if but is None else Provider.objects.exclude(id=but)
    taken = set(others.values_list("name", flat=True))
    numbered = (name if number == 1 else f"{name} {number}" for number in range(1, len(taken) + 2))
    return next(item for item in numbered if item not in taken)

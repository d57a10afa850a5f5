"""A saved or deleted row raises the catalogue's version, whoever saved it; a price that changed enters the history."""

from typing import Any

from django.db import transaction
from django.db.models.signals import post_delete, post_save

from backend.catalog import services
from backend.catalog.models import Fallback, Model, Provider


def connect() -> None:
    """Listen. Called once, when the app is ready."""
    post_save.connect(_priced, sender=Model, dispatch_uid="catalog-prices")
    for model in (Provider, Model, Fallback):
        for signal in (post_save, post_delete):
            signal.connect(_changed, sender=model, dispatch_uid=f"catalog-{model.__name__}-{id(signal)}")


def _changed(**_: Any) -> None:
    with transaction.atomic():
        services.version_raise()


def _priced(*, instance: Model, **_: Any) -> None:
    services.price_note(model=instance)

"""Authenticated encryption of secrets in the database: AES-256-GCM, key ids, the row's id as associated data.

A stored value is `v1.<key id>.<nonce><ciphertext>` in URL-safe base64. It opens only in the row and column that it
was written to: a value copied to another row is refused, as is one that was changed. New values take the first key of
`settings.ENCRYPTION_KEYS`; older keys still open theirs, and `needs_rotation` tells which remain.
"""

import base64
import binascii
import os
from typing import TYPE_CHECKING, Any

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from django.conf import settings
from django.db import models

if TYPE_CHECKING:
    _TextField = models.TextField[Any, Any]
else:
    _TextField = models.TextField

VERSION = "v1"
NONCE_BYTES = 12


class DecryptionError(Exception):
    """A stored secret can't be opened: changed, moved to another row, or its key is gone."""


def encrypt(plain: str, *, context: str) -> str:
    """Seal `plain` for `context` (table, column and row id)."""
    key_id, key = next(iter(_keys().items()))
    nonce = os.urandom(NONCE_BYTES)
    sealed = AESGCM(key).encrypt(nonce, plain.encode(), _associated(key_id, context))
    return f"{VERSION}.{key_id}.{base64.urlsafe_b64encode(nonce + sealed).decode()}"


def decrypt(stored: str, *, context: str) -> str:
    """Open a value made by `encrypt` for the same `context`. Raises `DecryptionError`."""
    version, _, rest = stored.partition(".")
    key_id, _, encoded = rest.partition(".")
    key = _keys().get(key_id)
    if version != VERSION:
        raise DecryptionError("The stored secret is not in a known form.")
    if key is None:
        raise DecryptionError(f"The key {key_id!r} is not in ENCRYPTION_KEYS.")
    try:
        raw = base64.urlsafe_b64decode(encoded)
        return AESGCM(key).decrypt(raw[:NONCE_BYTES], raw[NONCE_BYTES:], _associated(key_id, context)).decode()
    except (InvalidTag, binascii.Error, ValueError) as error:
        raise DecryptionError("The stored secret was changed, or belongs to another row.") from error


def needs_rotation(stored: str) -> bool:
    """Whether the value is sealed by another key than the first."""
    return stored.split(".")[1:2] != [next(iter(_keys()))]


class EncryptedTextField(_TextField):
    """A text that is sealed on its way to the database and opened when it is read from the instance.

    The model's primary key must be known before saving (a UUID default is). Look-ups by value are not possible, and
    `values()` or raw SQL see the sealed form. An empty text stays empty.
    """

    def contribute_to_class(self, cls: type[models.Model], name: str, private_only: bool = False) -> None:
        """Put the attribute that opens the value on the model."""
        super().contribute_to_class(cls, name, private_only=private_only)
        setattr(cls, self.attname, _Opened(self))

    def context(self, instance: models.Model) -> str:
        """What a value of this row is bound to."""
        return f"{instance._meta.db_table}.{self.column}:{instance.pk}"

    def pre_save(self, model_instance: models.Model, add: bool) -> "Sealed":  # noqa: ARG002
        """Seal the instance's value, or keep the sealed one that was loaded."""
        value = model_instance.__dict__.get(self.attname)
        if isinstance(value, Sealed) or not value:
            return Sealed(value or "")
        return Sealed(encrypt(str(value), context=self.context(model_instance)))

    def get_prep_value(self, value: Any) -> Any:
        """Refuse a plain text: `update()` and filters know no row, so they can't seal."""
        if value and not isinstance(value, Sealed):
            raise TypeError(f"{self.name} is encrypted per row: set it on an instance and save that.")
        return None if value is None else str(value)

    def from_db_value(self, value: str | None, *_: object) -> "Sealed | None":
        """Mark what comes from the database as sealed; it is opened on access."""
        return None if value is None else Sealed(value)


class Sealed(str):
    """A value in its stored form."""

    __slots__ = ()


class _Opened:
    """Opens the value when it is read, so that lists that never look at it pay nothing."""

    def __init__(self, field: EncryptedTextField) -> None:
        self.field = field

    def __get__(self, instance: models.Model | None, owner: type[models.Model]) -> Any:
        if instance is None:
            return self
        name = self.field.attname
        if name not in instance.__dict__:
            instance.refresh_from_db(fields=[name])
        value = instance.__dict__[name]
        if isinstance(value, Sealed):
            return decrypt(value, context=self.field.context(instance)) if value else ""
        return value

    def __set__(self, instance: models.Model, value: Any) -> None:
        instance.__dict__[self.field.attname] = value


def _keys() -> dict[str, bytes]:
    keys: dict[str, bytes] = settings.ENCRYPTION_KEYS
    return keys


def _associated(key_id: str, context: str) -> bytes:
    return f"rivulet:{VERSION}:{key_id}:{context}".encode()

"""What a caller may show instead of a password: API keys, refresh tokens, tickets. Only hashes are stored."""

from typing import ClassVar

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models

from backend.core.models import BaseModel

HASH_LENGTH = 64


class ApiKey(BaseModel):
    """A key for scripts: `rvk_…`, shown once. `scopes` null means all that its owner may do."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="api_keys")
    name = models.CharField(max_length=120, blank=True)
    prefix = models.CharField(max_length=12, editable=False)
    hash = models.CharField(max_length=HASH_LENGTH, unique=True, editable=False)
    scopes = ArrayField(models.CharField(max_length=32), null=True, blank=True)
    store_default = models.BooleanField(default=False, help_text="Keep answers of /v1 that don't say `store`.")
    expires = models.DateTimeField(null=True, blank=True)
    last_used = models.DateTimeField(null=True, blank=True, editable=False)
    revoked = models.DateTimeField(null=True, blank=True, editable=False)

    class Meta:
        verbose_name = "API key"

    def __str__(self) -> str:
        return f"{self.prefix}… {self.name}".strip()


class TokenFamily(BaseModel):
    """All tokens that grew from one sign-in of an app. Revoked as a whole; a reused refresh token does that.

    `session_key` is the allauth session of the same sign-in: ending it ends the family.
    """

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="token_families")
    session_key = models.CharField(max_length=40, blank=True, db_index=True, editable=False)
    expires = models.DateTimeField()
    revoked = models.DateTimeField(null=True, blank=True)
    reason = models.CharField(max_length=32, blank=True)

    class Meta:
        verbose_name = "sign-in of an app"
        verbose_name_plural = "sign-ins of apps"

    def __str__(self) -> str:
        return str(self.id)


class RefreshToken(BaseModel):
    """One link of a family. `used` is set by its one exchange; the successor can be computed, so is not stored."""

    family = models.ForeignKey(TokenFamily, on_delete=models.CASCADE, related_name="tokens")
    hash = models.CharField(max_length=HASH_LENGTH, unique=True, editable=False)
    expires = models.DateTimeField()
    used = models.DateTimeField(null=True, blank=True)

    def __str__(self) -> str:
        return str(self.id)


class Ticket(BaseModel):
    """A single-use pass of 30 s for a browser of another origin; it stands for the credential that asked for it."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    hash = models.CharField(max_length=HASH_LENGTH, unique=True, editable=False)
    session_key = models.CharField(max_length=40, blank=True)
    family = models.ForeignKey(TokenFamily, on_delete=models.CASCADE, null=True, related_name="+")
    key = models.ForeignKey(ApiKey, on_delete=models.CASCADE, null=True, related_name="+")
    credential_expires = models.DateTimeField(null=True)
    expires = models.DateTimeField()

    class Meta:
        indexes: ClassVar[list[models.Index]] = [models.Index(fields=["expires"], name="accounts_ticket_expires")]

    def __str__(self) -> str:
        return str(self.id)

"""Providers and the models that they serve."""

from typing import ClassVar

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.utils import timezone

from backend.core.encryption import EncryptedTextField
from backend.core.models import BaseModel

_AT_A_TIME = "Over all nodes; others wait in line. Empty: as many as come."
_BELOW = "A price can't be below 0."
_PRICED = [MinValueValidator(0, _BELOW)]


def _not_negative() -> models.Q:
    """Each price is unknown, or 0 and more."""
    found = models.Q()
    for name in ("input_price", "output_price", "cached_price"):
        found &= models.Q(**{f"{name}__isnull": True}) | models.Q(**{f"{name}__gte": 0})
    return found


class Kind(models.TextChoices):
    """Which adapter speaks to a provider."""

    OPENAI = "openai", "OpenAI-compatible"
    DEEPSEEK = "deepseek", "DeepSeek"
    ANTHROPIC = "anthropic", "Anthropic"
    OLLAMA = "ollama", "Ollama"
    GUIDE = "guide", "Built-in guide"


class Source(models.TextChoices):
    """Who named a provider: the operator's environment, whose addresses are trusted, or an administrator."""

    ENV = "env", "Environment"
    ADMIN = "admin", "Admin"


class Continuation(models.TextChoices):
    """How a model goes on from a partial answer; see `providers.base.Continuation`."""

    NONE = "none", "It can't"
    PREFIX = "prefix", "A last assistant message is continued"
    FINAL_MESSAGE = "continue_final_message", "The same, by vLLM's parameter"
    BACKGROUND = "background", "OpenAI writes on in the background"
    ASK = "ask", "It is asked to go on"


class Provider(BaseModel):
    """An account at a server. `present` is false while the environment no longer names it.

    `key` is empty for rows from the environment, whose keys never enter the database. `continuation` is the default
    of its models; empty: what their kind can do. `failure` is why its list could not be read last. `max_concurrent` is
    how many calls it gets at a time from all nodes; others wait in line for up to `queue_seconds`.
    """

    slug = models.CharField(max_length=40, unique=True, null=True, editable=False)
    kind = models.CharField(max_length=16, choices=Kind.choices, default=Kind.OPENAI)
    name = models.CharField(max_length=80, unique=True)
    base_url = models.CharField("base URL", max_length=500, blank=True)
    key = EncryptedTextField("API key", blank=True, default="")
    continuation = models.CharField(max_length=24, choices=Continuation.choices, blank=True, default="")
    source = models.CharField(max_length=8, choices=Source.choices, default=Source.ADMIN, editable=False)
    enabled = models.BooleanField(default=True)
    max_concurrent = models.PositiveIntegerField(
        "calls at a time", null=True, blank=True, validators=[MinValueValidator(1)], help_text=_AT_A_TIME
    )
    queue_seconds = models.PositiveIntegerField(
        "longest wait",
        default=60,
        db_default=60,
        validators=[MaxValueValidator(240)],
        help_text="Seconds that a call waits in line for a free place before it is refused or passed on.",
    )
    present = models.BooleanField(default=True, editable=False)
    position = models.IntegerField(default=100)
    synced_at = models.DateTimeField(null=True, editable=False)
    failure = models.TextField(blank=True, default="", editable=False)

    class Meta:
        ordering: ClassVar = ["position", "name"]

    def __str__(self) -> str:
        return self.name


class Model(BaseModel):
    """A model as its provider names it. `available` is false while the provider's list lacks it.

    Prices are in US dollars for a million tokens; None: not known. `cached_price` None: cached input costs as much as
    other input. `continuation` empty: as the provider. What was charged before is in `Price`.
    `max_concurrent` limits the calls of this model within those of its provider.
    """

    provider = models.ForeignKey(Provider, on_delete=models.CASCADE, related_name="models")
    name = models.CharField(max_length=200)
    label = models.CharField(max_length=200, blank=True, default="")
    input_price = models.DecimalField(max_digits=12, decimal_places=6, null=True, blank=True, validators=_PRICED)
    output_price = models.DecimalField(max_digits=12, decimal_places=6, null=True, blank=True, validators=_PRICED)
    cached_price = models.DecimalField(
        max_digits=12,
        decimal_places=6,
        null=True,
        blank=True,
        validators=_PRICED,
        help_text="Of input that the provider had cached.",
    )
    context = models.PositiveIntegerField(null=True, blank=True, help_text="Tokens that it takes in all.")
    position = models.IntegerField(default=1000, help_text="The first visible model is the default.")
    hidden = models.BooleanField(default=False)
    continuation = models.CharField(max_length=24, choices=Continuation.choices, blank=True, default="")
    capabilities = models.JSONField(default=list, blank=True)
    max_concurrent = models.PositiveIntegerField(
        "calls at a time", null=True, blank=True, validators=[MinValueValidator(1)], help_text=_AT_A_TIME
    )
    available = models.BooleanField(default=True, editable=False)

    class Meta:
        ordering: ClassVar = ["provider__position", "position", "name"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["provider", "name"], name="catalog_model_once"),
            models.CheckConstraint(
                condition=_not_negative(), name="catalog_model_prices", violation_error_message=_BELOW
            ),
        ]

    def __str__(self) -> str:
        return self.label or self.name


class Fallback(BaseModel):
    """`stand_in` is asked where `model` can't answer, the lowest `position` first; its own stand-ins come after those.

    The links form no circle: `services.fallbacks_check` refuses one.
    """

    model = models.ForeignKey(Model, on_delete=models.CASCADE, related_name="fallbacks")
    stand_in = models.ForeignKey(Model, on_delete=models.CASCADE, related_name="stands_in_for")
    position = models.PositiveIntegerField(default=10)

    class Meta:
        ordering: ClassVar = ["position", "id"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["model", "stand_in"], name="catalog_fallback_once"),
            models.CheckConstraint(condition=~models.Q(model=models.F("stand_in")), name="catalog_fallback_another"),
        ]

    def __str__(self) -> str:
        return f"{self.stand_in} for {self.model}"


class Price(BaseModel):
    """What a model cost from `since` on, until the next one: the history that the ledger's rows point into."""

    model = models.ForeignKey(Model, on_delete=models.CASCADE, related_name="prices")
    since = models.DateTimeField(default=timezone.now)
    input_price = models.DecimalField(max_digits=12, decimal_places=6, null=True)
    output_price = models.DecimalField(max_digits=12, decimal_places=6, null=True)
    cached_price = models.DecimalField(max_digits=12, decimal_places=6, null=True)

    class Meta:
        ordering: ClassVar = ["-since", "-id"]
        constraints: ClassVar = [models.CheckConstraint(condition=_not_negative(), name="catalog_price_prices")]

    def __str__(self) -> str:
        return f"{self.model_id} since {self.since:%Y-%m-%d %H:%M}"


class CatalogVersion(models.Model):
    """One row whose number rises with every change, so that processes know when to read again."""

    id = models.SmallIntegerField(primary_key=True, default=1)
    number = models.BigIntegerField(default=0)

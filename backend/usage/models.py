"""The ledger, the budgets with what was spent of each, and the roll-ups.

Ids of people, teams, keys and whatever asked are plain columns without foreign keys: what was spent stays when they go.
"""

from typing import ClassVar

from django.core.validators import MinValueValidator
from django.db import models
from django.db.models.functions import Now

from backend.core.ids import new_id
from backend.core.models import BaseModel

DIGITS, PLACES = 18, 9
"""US dollars to a billionth."""


class Purpose(models.TextChoices):
    """What a call was made for."""

    CHAT = "chat"
    TITLE = "title"
    JOB = "job"
    V1 = "v1"
    SEARCH = "search"


class CallStatus(models.TextChoices):
    """`reserved`: under way; its tokens and cost are what it is expected to take. `settled`: what the provider counted.
    `estimated`: it was cut before its usage came; from the text. `lost`: who made it died; estimated as well.
    `released`: nothing was taken.
    """

    RESERVED = "reserved"
    SETTLED = "settled"
    ESTIMATED = "estimated"
    LOST = "lost"
    RELEASED = "released"


class Call(models.Model):
    """One call to a provider. `step` counts the calls of a generation from 1, attempts and takeovers alike; 0 is a side
    call such as its title, or a web search.

    `cost` is in US dollars, null where the model has no price. `cached_tokens` are among the input's, and
    `reasoning_tokens` among the output's. `credits` are what a search service counts. `error` is the code of
    what ended it.
    """

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    created = models.DateTimeField(db_default=Now())
    settled = models.DateTimeField(null=True)
    status = models.CharField(max_length=9, choices=CallStatus.choices, default=CallStatus.RESERVED)
    purpose = models.CharField(max_length=8, choices=Purpose.choices)
    user_id = models.UUIDField()
    team_id = models.UUIDField(null=True)
    key_id = models.UUIDField(null=True)
    provider = models.CharField(max_length=80)
    model = models.CharField(max_length=200)
    price_id = models.UUIDField(null=True)
    generation = models.UUIDField(null=True)
    step = models.SmallIntegerField(default=1, db_default=1)
    job = models.UUIDField(null=True)
    row = models.UUIDField(null=True)
    template = models.UUIDField(null=True)
    template_version = models.UUIDField(null=True)
    reserved_cost = models.DecimalField(max_digits=DIGITS, decimal_places=PLACES, null=True)
    input_tokens = models.BigIntegerField(default=0, db_default=0)
    output_tokens = models.BigIntegerField(default=0, db_default=0)
    cached_tokens = models.BigIntegerField(default=0, db_default=0)
    reasoning_tokens = models.BigIntegerField(default=0, db_default=0)
    credits = models.BigIntegerField(default=0, db_default=0)
    cost = models.DecimalField(max_digits=DIGITS, decimal_places=PLACES, null=True)
    error = models.CharField(max_length=40, blank=True, default="", db_default="")
    first_token_ms = models.IntegerField(null=True)
    duration_ms = models.IntegerField(null=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["generation", "step"],
                condition=models.Q(generation__isnull=False, step__gt=0),
                name="usage_call_once",
            ),
        ]
        indexes: ClassVar = [
            models.Index(fields=["created"], name="usage_call_created"),
            models.Index(fields=["created"], condition=models.Q(status="reserved"), name="usage_call_open"),
            models.Index(fields=["job"], condition=models.Q(job__isnull=False), name="usage_call_job"),
        ]

    def __str__(self) -> str:
        return f"{self.purpose} {self.id} ({self.status})"


class Scope(models.TextChoices):
    """Whose spending a budget limits."""

    USER = "user", "A person"
    TEAM = "team", "A team"
    KEY = "key", "An API key"
    EVERYBODY = "everybody", "Everybody together"


class Period(models.TextChoices):
    """When a budget begins anew, by UTC."""

    DAY = "day", "Day"
    MONTH = "month", "Month"


class Measure(models.TextChoices):
    """What a budget counts."""

    COST = "cost", "US dollars"
    TOKENS = "tokens", "Tokens"
    REQUESTS = "requests", "Calls"


class Budget(BaseModel):
    """At most `most` of `measure` in each `period`. Without a `subject` it holds for each person, team or key alone."""

    name = models.CharField(max_length=120, blank=True)
    scope = models.CharField(max_length=9, choices=Scope.choices)
    subject = models.UUIDField(null=True, blank=True, help_text="Empty: each one by itself.")
    period = models.CharField(max_length=5, choices=Period.choices, default=Period.MONTH)
    measure = models.CharField(max_length=8, choices=Measure.choices, default=Measure.COST)
    most = models.DecimalField(
        "limit", max_digits=24, decimal_places=9, validators=[MinValueValidator(0, "A limit can't be below 0.")]
    )
    enabled = models.BooleanField(default=True)

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(condition=models.Q(most__gte=0), name="usage_budget_not_negative"),
        ]

    def __str__(self) -> str:
        return self.name or f"{self.scope}: {self.most.normalize():f} {self.measure} a {self.period}"


class Spend(models.Model):
    """What was used of a budget in the period that began at `start`, open reservations included.

    Only the ledger's triggers and `reconcile` write here. `subject` is nil for everybody. `told`: the percentage that a
    warning went out for.
    """

    budget = models.ForeignKey(Budget, on_delete=models.CASCADE, related_name="spends", db_index=False)
    subject = models.UUIDField()
    start = models.DateTimeField()
    used = models.DecimalField(max_digits=24, decimal_places=9, default=0)
    told = models.SmallIntegerField(default=0, db_default=0)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["budget", "subject", "start"], name="usage_spend_once"),
        ]

    def __str__(self) -> str:
        return f"{self.used} since {self.start:%Y-%m-%d}"


class UsageDay(models.Model):
    """The calls of one day (UTC), added up for one `cut`: the columns that rows of it differ in. The cuts whose names
    begin with `m:` have a whole month each, `day` being its first.

    `unpriced` calls took something that has no price. `timed_calls`, `first_ms`, `written_tokens` and `written_ms` are
    sums over the calls whose first token was timed.
    """

    day = models.DateField()
    cut = models.CharField(max_length=12)
    user_id = models.UUIDField(null=True)
    team_id = models.UUIDField(null=True)
    key_id = models.UUIDField(null=True)
    template = models.UUIDField(null=True)
    provider = models.CharField(max_length=80, null=True)
    model = models.CharField(max_length=200, null=True)
    purpose = models.CharField(max_length=8, null=True)
    calls = models.BigIntegerField()
    errors = models.BigIntegerField()
    estimated = models.BigIntegerField()
    input_tokens = models.BigIntegerField()
    output_tokens = models.BigIntegerField()
    cached_tokens = models.BigIntegerField()
    reasoning_tokens = models.BigIntegerField()
    searches = models.BigIntegerField(default=0, db_default=0)
    credits = models.BigIntegerField(default=0, db_default=0)
    cost = models.DecimalField(max_digits=DIGITS, decimal_places=PLACES)
    unpriced = models.BigIntegerField(default=0, db_default=0)
    timed_calls = models.BigIntegerField()
    first_ms = models.BigIntegerField()
    written_tokens = models.BigIntegerField()
    written_ms = models.BigIntegerField()

    class Meta:
        indexes: ClassVar = [
            models.Index(fields=["cut", "day"], name="usage_day_cut"),
            models.Index(fields=["cut", "user_id", "day"], name="usage_day_user"),
        ]

    def __str__(self) -> str:
        return f"{self.day} {self.cut}"


class SearchPrice(models.Model):
    """What a search service charged for a credit from `created` on, in US dollars. The ledger writes it."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    created = models.DateTimeField(db_default=Now())
    service = models.CharField(max_length=80)
    price = models.DecimalField(max_digits=12, decimal_places=6)

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(condition=models.Q(price__gte=0), name="usage_searchprice_not_negative"),
        ]
        indexes: ClassVar = [models.Index(fields=["service", "-created"], name="usage_searchprice_last")]

    def __str__(self) -> str:
        return f"{self.service}: {self.price.normalize():f} from {self.created:%Y-%m-%d %H:%M}"


class RolledDay(models.Model):
    """A day that is in the roll-ups. `stale`: a call of it was settled since."""

    day = models.DateField(primary_key=True)
    rolled = models.DateTimeField(db_default=Now())
    stale = models.BooleanField(default=False, db_default=False)

    def __str__(self) -> str:
        return str(self.day)


class Reconciliation(models.Model):
    """What one look over the books found: `problems` in sentences; empty when all is in order."""

    created = models.DateTimeField(db_default=Now(), db_index=True)
    calls = models.BigIntegerField()
    open_calls = models.BigIntegerField()
    lost = models.BigIntegerField(help_text="Calls that nobody was going to settle.")
    problems = models.JSONField(default=list)

    def __str__(self) -> str:
        return f"{self.created:%Y-%m-%d %H:%M}: {len(self.problems)} problems"

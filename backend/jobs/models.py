"""Jobs, their rows of work, and uploaded files.

The rows are the truth: who has a job, which rows are done, what they cost. The broker only says that there is
something to do, and may be wiped at any time.
"""

from decimal import Decimal
from pathlib import Path
from typing import Any, ClassVar

from django.conf import settings
from django.contrib.postgres.indexes import BTreeIndex
from django.db import models
from django.db.models.functions import Now

from backend.chat.models import Conversation
from backend.core.ids import new_id
from backend.core.models import BaseModel, TopicRow
from backend.core.sentences import Said, named, text_of

WAITING = ("queued", "running")
"""What a worker may claim: running ones only when their lease is over."""

ENDED = ("done", "failed", "cancelled")

STEP = ("step", "step_said")

MOST_LOST = 3
"""Workers that may die on a row."""


class Status(models.TextChoices):
    """Of a job."""

    QUEUED = "queued"
    RUNNING = "running"
    PAUSED = "paused"
    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"


class RowStatus(models.TextChoices):
    """Of a row. A row that was `running` when its worker died is `pending` again."""

    PENDING = "pending"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"


class SourceStatus(models.TextChoices):
    """Of a source."""

    READ = "read"
    FAILED = "failed"


class File(BaseModel):
    """What somebody uploaded; its bytes lie in RIVULET_HOME. `size` in bytes."""

    owner = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    name = models.CharField(max_length=200)
    size = models.BigIntegerField()
    format = models.CharField(max_length=8, blank=True)

    def __str__(self) -> str:
        return self.name

    @property
    def path(self) -> Path:
        """Where its bytes are."""
        return files_folder() / str(self.id)


def files_folder() -> Path:
    """Where uploads are kept, on every machine that runs web or worker."""
    found: Path = settings.RIVULET.rivulet_home / "files"
    return found


class Job(BaseModel, TopicRow):
    """A job. `spec` is what its maker asked for, as its kind has checked it.

    A lease by the database's clock says which worker has it; `fence` rises with every claim, and whoever writes under
    an older one writes nothing. `wanted` is what a person asked of the worker that has it (`pause`, `cancel`).
    `idle_claims` counts claims since the last finished row that followed a worker's death. `pushed_at` is when the
    broker was last told of it. `ready` is set once its rows are there. `cursor` is the least index that may be
    pending. `step_said` has the `sentence` and `params` of `step`, where it can be said in another language.
    `reserve` is what one row may cost at most, by estimate. `state` is what a kind keeps between its rows.
    Costs are in the currency of the price list; None: no price is known. While a job stands still, its tokens and cost
    are the sums of its calls in the ledger; `lost_calls` of them were cut off, for about `lost_cost`, which no row has.
    `team` and `key` are whose account its calls are on, beside the owner's.
    """

    created = models.DateTimeField(db_default=Now())
    updated = models.DateTimeField(db_default=Now())
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="jobs", db_index=False)
    kind = models.CharField(max_length=16)
    name = models.CharField(max_length=200, blank=True)
    spec = models.JSONField(default=dict)
    status = models.CharField(max_length=10, choices=Status.choices, default=Status.QUEUED)
    wanted = models.CharField(max_length=8, blank=True)
    reason = models.CharField(max_length=40, blank=True)
    error = models.JSONField(null=True)
    step = models.CharField(max_length=200, blank=True)
    step_said: "models.JSONField[Any, Any]" = models.JSONField(null=True)
    log = models.JSONField(default=list)
    ready = models.BooleanField(default=False)
    cursor = models.BigIntegerField(default=0)
    state = models.JSONField(default=dict)
    total = models.IntegerField(default=0)
    done = models.IntegerField(default=0)
    failed = models.IntegerField(default=0)
    rate = models.FloatField(default=0)
    input_tokens = models.BigIntegerField(default=0)
    output_tokens = models.BigIntegerField(default=0)
    cost = models.DecimalField(max_digits=18, decimal_places=9, default=Decimal(0))
    lost_calls = models.IntegerField(default=0, db_default=0)
    lost_cost = models.DecimalField(max_digits=18, decimal_places=9, default=Decimal(0), db_default=Decimal(0))
    cost_cap = models.DecimalField(max_digits=18, decimal_places=9, null=True)
    reserve = models.DecimalField(max_digits=18, decimal_places=9, null=True)
    source = models.ForeignKey(File, on_delete=models.SET_NULL, null=True, related_name="jobs")
    cloned_from = models.UUIDField(null=True)
    team = models.UUIDField(null=True)
    key = models.UUIDField(null=True)
    fence = models.IntegerField(default=0)
    lease_owner = models.CharField(max_length=100, blank=True)
    lease_until = models.DateTimeField(null=True)
    idle_claims = models.SmallIntegerField(default=0)
    pushed_at = models.DateTimeField(null=True)
    started_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)

    class Meta:
        indexes: ClassVar = [
            models.Index(fields=["owner", "-id"], name="jobs_job_list"),
            models.Index(fields=["created"], condition=models.Q(status__in=WAITING), name="jobs_job_waiting"),
            models.Index(
                fields=["updated"],
                condition=models.Q(status="paused", reason="quota_exceeded"),
                name="jobs_job_unpaid",
            ),
        ]

    def __str__(self) -> str:
        return self.name or f"{self.kind} {self.id}"

    def say(self, said: Said) -> None:
        """What is being done now; the caller saves `STEP`."""
        self.step, self.step_said = text_of(said)[:200], named(said) or None

    @property
    def topic(self) -> str:
        """Its topic's name."""
        return f"job.{self.id}"


class JobRow(models.Model):
    """One row of work, done once in effect. `line` is its line in the source, `attempt` how often it was begun.

    `lost` counts the attempts that ended with their worker: whether the provider was asked is not known. The result
    is written only under the fence of the row's own attempt, from `running`; `call` is that attempt's id in the ledger,
    where the kind makes one call for a row. `tokens` is about what goes in. `usage` has tokens as the ledger has them.
    """

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    job = models.ForeignKey(Job, on_delete=models.CASCADE, related_name="rows", db_index=False)
    index = models.IntegerField()
    line = models.IntegerField(default=0)
    model = models.CharField(max_length=200, blank=True)
    input: "models.JSONField[Any, Any]" = models.JSONField(null=True)
    tokens = models.IntegerField(default=0, db_default=0)
    status = models.CharField(max_length=10, choices=RowStatus.choices, default=RowStatus.PENDING)
    fence = models.IntegerField(default=0)
    attempt = models.SmallIntegerField(default=0)
    lost = models.SmallIntegerField(default=0)
    call = models.UUIDField(null=True)
    output = models.TextField(blank=True, default="")
    error = models.JSONField(null=True)
    usage = models.JSONField(null=True)
    cost = models.DecimalField(max_digits=18, decimal_places=9, null=True)
    finished_at = models.DateTimeField(null=True)

    class Meta:
        constraints: ClassVar = [models.UniqueConstraint(fields=["job", "index"], name="jobs_jobrow_once")]
        indexes: ClassVar = [
            BTreeIndex(fields=["job", "index"], condition=models.Q(status="pending"), name="jobs_jobrow_pending"),
            BTreeIndex(fields=["job"], condition=models.Q(status="running"), name="jobs_jobrow_running"),
            BTreeIndex(fields=["job"], condition=models.Q(lost__gte=MOST_LOST), name="jobs_jobrow_given_up"),
        ]

    def __str__(self) -> str:
        return f"row {self.index} of {self.job_id}"


class ResearchSource(BaseModel):
    """A page that a research wanted to read. `number` is how the report calls it; `text` what stood on it.

    What was read once is not read again. `error` (`code`, `message`) says why a page could not be.
    """

    job = models.ForeignKey(Job, on_delete=models.CASCADE, related_name="sources", db_index=False)
    number = models.IntegerField()
    url = models.TextField()
    title = models.TextField(blank=True)
    text = models.TextField(blank=True)
    status = models.CharField(max_length=8, choices=SourceStatus.choices)
    error = models.JSONField(null=True)
    truncated = models.BooleanField(default=False)
    fetched_at = models.DateTimeField(null=True)

    class Meta:
        constraints: ClassVar = [models.UniqueConstraint(fields=["job", "number"], name="jobs_researchsource_once")]

    def __str__(self) -> str:
        return f"source {self.number} of {self.job_id}"


class Imported(BaseModel):
    """Where a conversation came from, so that the same file twice brings it once.

    `position` is the conversation's own as the import left it: while that is so, nobody has touched it.
    """

    owner = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+", db_index=False)
    source = models.CharField(max_length=16)
    source_id = models.CharField(max_length=200)
    conversation = models.ForeignKey(Conversation, on_delete=models.CASCADE, related_name="+", db_constraint=False)
    """The constraint is made by its migration: it goes with the conversation, whoever deletes that."""

    job = models.ForeignKey(Job, on_delete=models.SET_NULL, null=True, related_name="+")
    position = models.BigIntegerField()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["owner", "source", "source_id"], name="jobs_imported_once"),
        ]

    def __str__(self) -> str:
        return f"{self.source} {self.source_id}"

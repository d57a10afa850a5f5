"""Abstract bases of the application's rows, and the two tables behind every write: outbox and idempotency."""

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models.functions import Now

from backend.core.ids import new_epoch, new_id


class BaseModel(models.Model):
    """A row with a UUIDv7 and the two times that every row has."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    created = models.DateTimeField(auto_now_add=True, db_index=True)
    updated = models.DateTimeField(auto_now=True)

    class Meta:
        abstract = True


class TopicRow(models.Model):
    """A row whose changes are a topic: `epoch` and `position` move only in the transaction of a change."""

    epoch = models.CharField(max_length=32, default=new_epoch, editable=False)
    position = models.BigIntegerField(default=0, editable=False)

    class Meta:
        abstract = True


class OutboxEvent(models.Model):
    """One event of a topic that many write to (conversation, job, user), kept until it is trimmed.

    `body` is the stored event, a JSON object `{"type", "data"}`. `offset` is empty for as long as an event of a
    person's topic waits for its number: see `backend.core.outbox`.
    """

    topic = models.CharField(max_length=80)
    epoch = models.CharField(max_length=32, blank=True)
    offset = models.BigIntegerField(null=True)
    body = models.TextField()
    created = models.DateTimeField(db_default=Now(), db_index=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["topic", "epoch", "offset"], name="core_outboxevent_position"),
        ]
        indexes: ClassVar = [
            models.Index(fields=["id"], condition=models.Q(offset__isnull=True), name="core_outboxevent_waiting"),
        ]


class IdempotencyKey(models.Model):
    """The first reply to a write, under the key that its caller chose; kept 25 hours."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+", db_index=False)
    key = models.CharField(max_length=200)
    hash = models.CharField(max_length=64)
    reply = models.TextField(blank=True)
    created = models.DateTimeField(db_default=Now(), db_index=True)

    class Meta:
        constraints: ClassVar = [models.UniqueConstraint(fields=["user", "key"], name="core_idempotencykey_once")]

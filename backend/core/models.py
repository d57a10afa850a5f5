"""Abstract bases of the application's rows."""

from django.db import models

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

"""Conversations, messages and generations.

A conversation is a tree: an edit or a retry adds a sibling under the same parent, and nothing is overwritten. An
assistant message is written by exactly one generation, whose log is the topic `generation.<id>`.
"""

from typing import ClassVar

from django.conf import settings
from django.contrib.postgres.indexes import GinIndex
from django.contrib.postgres.search import SearchVector
from django.db import models
from django.db.models.functions import Left, Now

from backend.core.models import BaseModel, TopicRow

SEARCHED_CHARS = 100_000
"""How much of a message the search looks at: PostgreSQL's text vector ends at 1 MiB."""

RUNNING = ("queued", "running")
TERMINAL = ("done", "incomplete", "error", "cancelled")


def search_vector() -> SearchVector:
    """The indexed expression; a query has to use this very one."""
    return SearchVector(Left("text", SEARCHED_CHARS), config="simple")


class Role(models.TextChoices):
    """Who speaks."""

    SYSTEM = "system"
    USER = "user"
    ASSISTANT = "assistant"


class Status(models.TextChoices):
    """Of a generation and its message; the last four are the names of the terminal events."""

    QUEUED = "queued"
    RUNNING = "running"
    DONE = "done"
    INCOMPLETE = "incomplete"
    ERROR = "error"
    CANCELLED = "cancelled"


class TitledBy(models.TextChoices):
    """Where a title comes from; a model never overwrites a person's."""

    MESSAGE = "message"
    MODEL = "model"
    PERSON = "person"


class Conversation(BaseModel, TopicRow):
    """A tree of messages that belongs to a person. `updated` is the time of the last message or answer, `repinned`
    that of the last change of `pinned`.

    `auth_version` rises when who may see it changes, so that open sockets ask again. `deleted_at` hides it at once,
    its version too; it can be restored until it is purged.
    """

    created = models.DateTimeField(db_default=Now())
    updated = models.DateTimeField(db_default=Now())
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="conversations", db_index=False
    )
    title = models.CharField(max_length=200, blank=True)
    titled_by = models.CharField(max_length=8, choices=TitledBy.choices, default=TitledBy.MESSAGE)
    model = models.CharField(max_length=200, blank=True)
    system = models.TextField(blank=True)
    folder = models.CharField(max_length=120, blank=True)
    pinned = models.BooleanField(default=False)
    repinned = models.DateTimeField(null=True, editable=False)
    archived = models.BooleanField(default=False)
    deleted_at = models.DateTimeField(null=True, blank=True)
    auth_version = models.BigIntegerField(default=1)

    class Meta:
        indexes: ClassVar = [
            models.Index(fields=["owner", "-pinned", "-updated", "-id"], name="chat_conversation_list"),
            models.Index(
                fields=["deleted_at"], condition=models.Q(deleted_at__isnull=False), name="chat_conversation_deleted"
            ),
        ]

    def __str__(self) -> str:
        return self.title or str(self.id)


class Message(BaseModel):
    """One message. `seq` orders a conversation: it is the offset of the event that announced the message.

    `parts` is a list of `{"kind": "text" | "reasoning" | "tool" | "search" | "image", "text": …}`; `text` is the
    text parts put together. `request` holds what an answer's provider is asked word for word, where it was given as
    such; else the path of the tree above is asked. `system` is the conversation's system prompt as an answer was asked
    with it, so that it can be asked again (None: older than this column). `prompt` names the template version and the
    values that made the message. `usage` holds `input_tokens`, `output_tokens`; `timings`
    milliseconds; `error` a `code` and a `message`; `reason` why an answer ended (`stop`, `length`, `output_limit`,
    `interrupted` …); `instead_of` the models that were given up before `model` answered (`chat.fold.Answer`);
    `sources` what it can cite: `number`, `url`, `title`, `snippet`.
    """

    created = models.DateTimeField(db_default=Now())
    updated = models.DateTimeField(db_default=Now())
    conversation = models.ForeignKey(Conversation, on_delete=models.CASCADE, related_name="messages", db_index=False)
    parent = models.ForeignKey("self", on_delete=models.CASCADE, null=True, related_name="children")
    seq = models.BigIntegerField()
    role = models.CharField(max_length=9, choices=Role.choices)
    status = models.CharField(max_length=10, choices=Status.choices, default=Status.DONE)
    parts = models.JSONField(default=list)
    text = models.TextField(blank=True)
    model = models.CharField(max_length=200, blank=True)
    params = models.JSONField(default=dict)
    tools = models.JSONField(null=True)
    request = models.TextField(blank=True, default="", db_default="")
    system = models.TextField(null=True)
    prompt = models.JSONField(null=True)
    usage = models.JSONField(null=True)
    cost = models.DecimalField(max_digits=18, decimal_places=9, null=True)
    timings = models.JSONField(null=True)
    reason = models.CharField(max_length=40, blank=True)
    error = models.JSONField(null=True)
    instead_of = models.JSONField(null=True)
    sources = models.JSONField(null=True)

    class Meta:
        constraints: ClassVar = [models.UniqueConstraint(fields=["conversation", "seq"], name="chat_message_seq")]
        indexes: ClassVar = [GinIndex(search_vector(), name="chat_message_search")]

    def __str__(self) -> str:
        return f"{self.role} {self.id}"


class Generation(BaseModel):
    """The writing of one answer, and who may write it now.

    A lease by the database's clock says which node owns it; `attempt` rises with every claim and fences all writes to
    the log and to this row. The checkpoint holds the parts as they were at `checkpoint_offset` of the log, never
    ahead of it, and `updated` is the time of the last text; `idle_claims` counts the claims since then that followed a
    death. `continues` names the message whose parts this answer begins with. `remote` is what the provider writes on by
    itself, see `chat.remote.Begun`. `terminal_offset` and
    `terminal_event` are stored by the compare-and-set that ends it: anyone may append exactly that event where it is
    missing.
    """

    created = models.DateTimeField(db_default=Now())
    updated = models.DateTimeField(db_default=Now())
    conversation = models.ForeignKey(Conversation, on_delete=models.CASCADE, related_name="generations")
    message = models.OneToOneField(Message, on_delete=models.CASCADE, related_name="generation")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+", db_index=False)
    continues = models.UUIDField(null=True)
    remote = models.JSONField(null=True)
    epoch = models.CharField(max_length=32)
    attempt = models.IntegerField(default=1)
    status = models.CharField(max_length=10, choices=Status.choices, default=Status.RUNNING)
    lease_owner = models.CharField(max_length=64, blank=True)
    lease_until = models.DateTimeField(null=True)
    idle_claims = models.SmallIntegerField(default=0, db_default=0)
    cancel_requested = models.BooleanField(default=False)
    run_id = models.CharField(max_length=64, blank=True)
    checkpoint = models.TextField(blank=True)
    checkpoint_offset = models.BigIntegerField(default=0)
    terminal_offset = models.BigIntegerField(null=True)
    terminal_event = models.TextField(blank=True)

    class Meta:
        indexes: ClassVar = [
            models.Index(
                fields=["lease_owner"], condition=models.Q(status__in=RUNNING), name="chat_generation_running"
            ),
            models.Index(fields=["user"], condition=models.Q(status__in=RUNNING), name="chat_generation_of_user"),
        ]

    def __str__(self) -> str:
        return f"generation {self.id} ({self.status})"

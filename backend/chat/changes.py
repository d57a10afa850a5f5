"""What a changed conversation tells its followers: those who have it open, and its owner's list."""

from typing import Any

from backend.chat.events import ConversationChanged
from backend.chat.models import Conversation
from backend.chat.order import conversation_topic, user_topic
from backend.chat.schemas import ConversationOut, Position
from backend.core import outbox


def as_seen(row: Conversation) -> ConversationOut:
    """A conversation's row as clients see it."""
    return ConversationOut(
        id=row.id,
        title=row.title,
        model=row.model,
        folder=row.folder,
        system=row.system,
        pinned=row.pinned,
        archived=row.archived,
        created=row.created,
        updated=row.updated,
        position=Position(epoch=row.epoch, offset=row.position),
    )


def conversation_created(row: Conversation) -> None:
    """A conversation without a message; call it in the transaction."""
    _tell_owner(row, "created")


def conversation_updated(row: Conversation, **changed: Any) -> None:
    """`row` holds what `changed` names; call it in the transaction of the change."""
    outbox.publish(row=row, topic=conversation_topic(row.id), type="conversation.updated", data=changed)
    kinds = {True: "deleted", False: "restored"}
    _tell_owner(row, kinds[changed["deleted"]] if "deleted" in changed else "updated")


def _tell_owner(row: Conversation, change: Any) -> None:
    event = ConversationChanged(
        id=row.id, change=change, conversation=None if change == "deleted" else as_seen(row), updated=row.updated
    )
    outbox.publish_later(topic=user_topic(row.owner_id), type="conversation.changed", data=event)

"""Bodies of the events that statements on hot paths store: typed classes rendered to JSON text."""

from datetime import datetime
from uuid import UUID

from backend.chat.clip import clipped_json
from backend.chat.events import ConversationChanged, GenerationEnded, GenerationStarted, TerminalName
from backend.chat.order import topic_of
from backend.chat.schemas import ConversationOut, MessageOut
from backend.core.outbox import encode_event


def message_created(message: MessageOut) -> str:
    """`message.created`."""
    return f'{{"type":"message.created","data":{{"message":{clipped_json(message)}}}}}'


def message_updated(message: MessageOut) -> str:
    """`message.updated`."""
    return f'{{"type":"message.updated","data":{{"message":{clipped_json(message)}}}}}'


def generation_started(*, generation: UUID, message: UUID, epoch: str) -> str:
    """`generation.started`."""
    event = GenerationStarted(generation=generation, message=message, topic=topic_of(generation), epoch=epoch)
    return encode_event(type="generation.started", data=event)


def generation_ended(*, generation: UUID, message: UUID, status: TerminalName) -> str:
    """`generation.ended`."""
    event = GenerationEnded(generation=generation, message=message, status=status)
    return encode_event(type="generation.ended", data=event)


def conversation_started(
    *, conversation: UUID, generation: UUID, updated: datetime, created: ConversationOut | None
) -> str:
    """`conversation.changed` for an answer that begins; `created` where the conversation is new with it."""
    event = ConversationChanged(
        id=conversation,
        change="created" if created else "started",
        conversation=created,
        generation=generation,
        updated=updated,
    )
    return encode_event(type="conversation.changed", data=event)


def conversation_ended(*, conversation: UUID, generation: UUID, updated: datetime, status: TerminalName) -> str:
    """`conversation.changed` for an answer that ended."""
    event = ConversationChanged(id=conversation, change="ended", generation=generation, updated=updated, status=status)
    return encode_event(type="conversation.changed", data=event)

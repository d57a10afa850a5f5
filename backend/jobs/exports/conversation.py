"""A conversation as an export holds it. `imports.sources.rivulet` reads it."""

from typing import Any
from uuid import UUID

from backend.chat.models import Conversation, Message


def conversation_data(*, owner: UUID, conversation: UUID) -> dict[str, Any] | None:
    """It and its messages in their order, with all branches; None: it is gone."""
    row = Conversation.objects.filter(id=conversation, owner_id=owner, deleted_at=None).first()
    if row is None:
        return None
    rows = Message.objects.filter(conversation_id=row.id).order_by("seq").iterator(chunk_size=200)
    return {
        "id": str(row.id),
        "title": row.title,
        "model": row.model,
        "system": row.system,
        "folder": row.folder,
        "pinned": row.pinned,
        "archived": row.archived,
        "created": row.created.isoformat(),
        "updated": row.updated.isoformat(),
        "messages": [_message(message) for message in rows],
    }


def _message(message: Message) -> dict[str, Any]:
    found = {
        "id": str(message.id),
        "parent": None if message.parent_id is None else str(message.parent_id),
        "role": message.role,
        "status": message.status,
        "parts": message.parts,
        "text": message.text,
        "model": message.model,
        "params": message.params,
        "usage": message.usage,
        "cost": None if message.cost is None else float(message.cost),
        "created": message.created.isoformat(),
    }
    rest = ("reason", "error", "timings", "system", "prompt", "instead_of", "sources", "tools", "request")
    more = {name: getattr(message, name) for name in rest}
    return found | {name: value for name, value in more.items() if value is not None and value != ""}

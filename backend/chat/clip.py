"""Messages inside events and snapshots: no frame is over 64 KiB, so a long one comes without its text."""

from typing import Any

from backend.chat.schemas import MessageOut

MAX_EMBEDDED_BYTES = 40 * 1024


def clipped_json(message: MessageOut) -> str:
    """The message as JSON; parts and text left out, and `truncated` set, where it would be too long."""
    body = message.model_dump_json() if len(message.text) <= MAX_EMBEDDED_BYTES else ""
    if body and (len(body) <= MAX_EMBEDDED_BYTES // 4 or len(body.encode()) <= MAX_EMBEDDED_BYTES):
        return body
    return clipped(message).model_dump_json()


def clipped(message: MessageOut) -> MessageOut:
    """The message without what makes it long."""
    prompt = message.prompt and {name: value for name, value in message.prompt.items() if name != "variables"}
    left: dict[str, Any] = {"parts": [], "text": "", "params": {}, "prompt": prompt, "sources": None, "truncated": True}
    return message.model_copy(update=left)


def fits(message: MessageOut) -> MessageOut:
    """The message, or its clipped form where it would be too long."""
    body = message.model_dump_json()
    return message if len(body.encode()) <= MAX_EMBEDDED_BYTES else clipped(message)

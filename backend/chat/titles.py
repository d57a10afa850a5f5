"""A conversation's title: the first words of its first message at once, then a few words by the model.

The model's title comes by a side call after the first answer and never replaces one that a person gave.
"""

import asyncio
import re
from contextlib import aclosing
from uuid import UUID

import structlog
from django.db import transaction

from backend.chat import calls, changes
from backend.chat.entries import Resolved
from backend.chat.models import Conversation, TitledBy
from backend.chat.order import Order
from backend.core import db
from backend.core.errors import AppError
from backend.providers.base import CompletionRequest, ProviderError, TextDelta
from backend.usage.meter import metered

log = structlog.get_logger(__name__)

FIRST_WORDS = 60
LONGEST = 80
PATIENCE_SECONDS = 30.0
EXCERPT_CHARS = 2000
MAX_TOKENS = 400
PROMPT = (
    "Write a title of at most six words for the conversation below, in its language. "
    "Answer with the title alone: no quotation marks, no full stop.\n\n"
    "<conversation>\nPerson: {question}\n\nAssistant: {answer}\n</conversation>"
)

_THINKING = re.compile(r"<think>.*?</think>", re.DOTALL)
_SPACE = re.compile(r"\s+")


def from_text(text: str) -> str:
    """The first words of a message."""
    line = _SPACE.sub(" ", text[: FIRST_WORDS * 8]).strip()
    if len(line) <= FIRST_WORDS:
        return line
    cut = line[: FIRST_WORDS + 1].rsplit(" ", 1)[0] if " " in line[:FIRST_WORDS] else line[:FIRST_WORDS]
    return cut.rstrip(" ,;:.-") + "…"


def clean(answer: str) -> str:
    """The title in a model's answer; empty where there is none."""
    text = _THINKING.sub("", answer).strip()
    line = next((line for line in text.splitlines() if line.strip()), "")
    line = _SPACE.sub(" ", line.replace("\0", "")).strip().removeprefix("Title:").strip(" \"'“”«»*#`").rstrip(".")
    return line[:LONGEST].strip()


async def give(*, order: Order, answer: str, resolved: Resolved) -> None:
    """Ask the model that answered for a title, and set it unless a person has. A failure changes nothing."""
    if not order.question or not answer:
        return
    try:
        async with asyncio.timeout(PATIENCE_SECONDS):
            text = await _ask(resolved, order, answer)
    except (ProviderError, TimeoutError, AppError) as error:
        log.info("no title from the model", conversation=str(order.message.conversation), error=str(error))
        return
    if title := clean(text):
        await db.in_thread(title_set, conversation=order.message.conversation, title=title)


async def _ask(resolved: Resolved, order: Order, answer: str) -> str:
    question = order.question or ""
    prompt = PROMPT.format(question=question[:EXCERPT_CHARS], answer=answer[:EXCERPT_CHARS])
    request = CompletionRequest(
        model=resolved.entry.name,
        messages=[{"role": "user", "content": prompt}],
        params={"max_tokens": MAX_TOKENS},
    )
    pieces: list[str] = []
    reservation = await calls.beside(order=order, request=request, resolved=resolved)
    async with (
        metered(resolved, reservation) as provider,
        aclosing(provider.stream(request)) as reads,
    ):
        async for deltas in reads:
            pieces.extend(delta.text for delta in deltas if isinstance(delta, TextDelta))
    return "".join(pieces)


def title_set(*, conversation: UUID, title: str) -> bool:
    """Set a model's title; False: a person's stands, or the conversation is gone."""
    with transaction.atomic():
        row = (
            Conversation.objects.select_for_update()
            .filter(id=conversation, titled_by=TitledBy.MESSAGE, deleted_at=None)
            .first()
        )
        if row is None:
            return False
        Conversation.objects.filter(id=row.id).update(title=title, titled_by=TitledBy.MODEL)
        row.title = title
        changes.conversation_updated(row, title=title)
    return True

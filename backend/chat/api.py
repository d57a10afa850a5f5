"""`/api/v1`: conversations, messages and generations. The twins of the socket's commands."""

from typing import Annotated, Any
from uuid import UUID

import orjson
from django.http import HttpRequest
from ninja import Header, Query, Router, Status
from pydantic import AfterValidator, Field

from backend.accounts.permissions import ModelEntry, Owned, require
from backend.accounts.principal import Principal
from backend.chat import selectors, services
from backend.chat.schemas import (
    CancelResult,
    ConversationCreate,
    ConversationOut,
    ConversationPage,
    ConversationUpdate,
    GenerationOut,
    GenerationRetry,
    MessageOut,
    MessagePage,
    MessageRetry,
    MessageSend,
    MessageSendInConversation,
    Started,
    ToolOut,
    ToolPage,
)
from backend.core.db import in_thread
from backend.core.idempotency import MAX_KEY
from backend.core.pagination import PageQuery
from backend.core.schemas import Text
from backend.tools.registry import all_tools

router = Router(tags=["chat"])


def _plain(key: str) -> str:
    """Headers have no encoding of their own: past ASCII, the same key could come in two spellings."""
    if not (key.isascii() and key.isprintable()):
        raise ValueError("The key may have letters, digits and signs of ASCII only.")
    return key


PlainKey = Annotated[str, Field(min_length=1, max_length=MAX_KEY), AfterValidator(_plain)]
Key = Annotated[PlainKey | None, Header(alias="Idempotency-Key")]


class ConversationQuery(PageQuery):
    """`?q=` searches titles and texts, in the archive too; `archived` and `folder` narrow the list."""

    cursor: Annotated[str, Field(max_length=300)] | None = None
    q: Annotated[Text, Field(max_length=200)] = ""
    archived: bool = False
    folder: Annotated[Text, Field(max_length=120)] | None = None


@router.get("/conversations", response=ConversationPage, summary="List and search conversations")
async def conversations_list(request: HttpRequest, query: Query[ConversationQuery]) -> ConversationPage:
    """The own conversations: pinned ones first, then by their last activity."""
    principal = _caller(request)
    require(principal, "read", Owned("conversation", principal.user_id))
    return await selectors.conversation_page(
        owner=principal.user_id,
        cursor=query.cursor,
        limit=query.limit,
        query=query.q,
        archived=query.archived,
        folder=query.folder,
    )


@router.post("/conversations", response={201: ConversationOut}, summary="Make an empty conversation")
async def conversations_create(
    request: HttpRequest, body: ConversationCreate, key: Key = None
) -> Status[ConversationOut]:
    """A conversation without messages. The first message gives it a title unless it has one.

    The same key again: the first reply. `POST messages` makes one together with its first message.
    """
    made = await in_thread(
        services.conversation_create, principal=_caller(request), data=body, key=key, fields=_fields(request)
    )
    return Status(201, made)


@router.get("/conversations/{conversation_id}", response=ConversationOut, summary="One conversation")
async def conversations_get(request: HttpRequest, conversation_id: UUID) -> ConversationOut:
    """Its title and settings; `position` is where to subscribe from."""
    found, owner = await selectors.conversation_get(conversation=conversation_id)
    require(_caller(request), "read", Owned("conversation", owner))
    return found


@router.patch("/conversations/{conversation_id}", response=ConversationOut, summary="Change a conversation")
async def conversations_update(
    request: HttpRequest, conversation_id: UUID, body: ConversationUpdate
) -> ConversationOut:
    """Rename, pin, archive, file; `deleted: false` restores a deleted one."""
    return await in_thread(
        services.conversation_update, principal=_caller(request), conversation=conversation_id, data=body
    )


@router.delete("/conversations/{conversation_id}", response={204: None}, summary="Delete a conversation")
async def conversations_delete(request: HttpRequest, conversation_id: UUID) -> Status[None]:
    """Hides it and stops its answers; it can be restored for 30 days."""
    await in_thread(services.conversation_delete, principal=_caller(request), conversation=conversation_id)
    return Status(204, None)


@router.get("/conversations/{conversation_id}/messages", response=MessagePage, summary="Messages of a conversation")
async def messages_list(request: HttpRequest, conversation_id: UUID, query: Query[PageQuery]) -> MessagePage:
    """The last messages, oldest first; `next` leads to older ones. `parent` makes them a tree."""
    place = await selectors.conversation_place(conversation=conversation_id)
    require(_caller(request), "read", Owned("conversation", place.owner))
    return await selectors.message_page(conversation=conversation_id, cursor=query.cursor, limit=query.limit)


@router.post("/conversations/{conversation_id}/messages", response={202: Started}, summary="Send a message")
async def messages_send(
    request: HttpRequest, conversation_id: UUID, body: MessageSendInConversation, key: Key = None
) -> Status[Started]:
    """Stores the message and starts the answer, which `topic` carries. The same key again: the first reply."""
    command = MessageSend.model_validate(
        {"conversation": conversation_id, **{name: getattr(body, name) for name in body.model_fields_set}}
    )
    fields = _fields(request, conversation=conversation_id)
    reply, _ = await services.message_send(principal=_caller(request), command=command, key=key, fields=fields)
    return Status(202, reply)


@router.post(
    "/messages", response={202: Started}, summary="Send a message, into a new conversation unless one is named"
)
async def messages_begin(request: HttpRequest, body: MessageSend, key: Key = None) -> Status[Started]:
    """`message.send` word for word, so that a key means the same by socket and here.

    A new conversation comes with its first message or not at all.
    """
    fields = _fields(request)
    reply, _ = await services.message_send(principal=_caller(request), command=body, key=key, fields=fields)
    return Status(202, reply)


@router.get("/messages/{message_id}", response=MessageOut, summary="One message")
async def messages_get(request: HttpRequest, message_id: UUID) -> MessageOut:
    """The message with all its parts."""
    found, owner = await selectors.message_get(message=message_id)
    require(_caller(request), "read", Owned("message", owner))
    return found


@router.post("/messages/{message_id}/retry", response={202: Started}, summary="Answer again, or go on")
async def messages_retry(
    request: HttpRequest, message_id: UUID, body: MessageRetry, key: Key = None
) -> Status[Started]:
    """Starts a sibling of this answer; `continue` begins with its parts."""
    command = GenerationRetry(message=message_id, mode=body.mode, model=body.model)
    fields = _fields(request, message=message_id)
    reply, _ = await services.generation_retry(principal=_caller(request), command=command, key=key, fields=fields)
    return Status(202, reply)


@router.get("/generations/{generation_id}", response=GenerationOut, summary="One generation")
async def generations_get(request: HttpRequest, generation_id: UUID) -> GenerationOut:
    """Its topic and how it stands."""
    found, owner = await selectors.generation_get(generation=generation_id)
    require(_caller(request), "read", Owned("generation", owner))
    return found


@router.post("/generations/{generation_id}/cancel", response=CancelResult, summary="Stop an answer")
async def generations_cancel(request: HttpRequest, generation_id: UUID) -> CancelResult:
    """Ends it where it stands; its text is kept."""
    return await services.generation_cancel(principal=_caller(request), generation=generation_id)


@router.get("/tools", response=ToolPage, summary="List the tools that are set up here")
async def tools_list(request: HttpRequest) -> ToolPage:
    """Those that a message can switch on, all on one page."""
    require(_caller(request), "read", ModelEntry())
    items = [ToolOut(name=tool.name, label=tool.label) for tool in all_tools().values() if tool.available()]
    return ToolPage(items=items, next=None)


def _caller(request: HttpRequest) -> Principal:
    principal: Principal = request.principal  # type: ignore[attr-defined]
    return principal


def _fields(request: HttpRequest, **path: UUID) -> dict[str, Any]:
    """The command's fields as given: the body's, and those that the path names."""
    given: dict[str, Any] = orjson.loads(request.body)
    return {**given, **{name: str(value) for name, value in path.items()}}

"""The socket's commands: each is the same service call as its REST twin."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Generic, TypeVar
from uuid import UUID

from pydantic import BaseModel, ValidationError

from backend.chat import services
from backend.chat.schemas import GenerationCancel, GenerationRetry, MessageSend, Started, Typing
from backend.core.errors import BadRequest
from backend.core.idempotency import check_key
from backend.core.schemas import check
from realtime import Command, CommandContext, CommandResult, Position

M = TypeVar("M", bound=BaseModel)


@dataclass(frozen=True, slots=True)
class Keyed(Generic[M]):
    """A command with its idempotency key and its fields as given."""

    command: M
    key: str
    fields: Mapping[str, Any]


class MessageSendCommand(Command[Keyed[MessageSend]]):
    """`message.send`: stores a message, starts its answer, and subscribes the socket to it."""

    name = "message.send"

    def parse(self, fields: dict[str, Any]) -> Keyed[MessageSend]:
        """See `Command`."""
        return _keyed(MessageSend, fields)

    async def handle(self, context: CommandContext, args: Keyed[MessageSend]) -> CommandResult:
        """See `Command`."""
        reply, replayed = await services.message_send(
            principal=context.principal, command=args.command, key=args.key, fields=args.fields
        )
        return _started(reply, replayed=replayed)


class GenerationRetryCommand(Command[Keyed[GenerationRetry]]):
    """`generation.retry`: another answer beside one that is there."""

    name = "generation.retry"

    def parse(self, fields: dict[str, Any]) -> Keyed[GenerationRetry]:
        """See `Command`."""
        return _keyed(GenerationRetry, fields)

    async def handle(self, context: CommandContext, args: Keyed[GenerationRetry]) -> CommandResult:
        """See `Command`."""
        reply, replayed = await services.generation_retry(
            principal=context.principal, command=args.command, key=args.key, fields=args.fields
        )
        return _started(reply, replayed=replayed)


class GenerationCancelCommand(Command[UUID]):
    """`generation.cancel`: ends an answer where it stands."""

    name = "generation.cancel"
    urgent = True

    def parse(self, fields: dict[str, Any]) -> UUID:
        """See `Command`."""
        return _read(GenerationCancel, fields).generation

    async def handle(self, context: CommandContext, args: UUID) -> CommandResult:
        """See `Command`."""
        reply = await services.generation_cancel(principal=context.principal, generation=args)
        return CommandResult(reply.model_dump())


class TypingCommand(Command[UUID]):
    """`typing`: tells who has the conversation open."""

    name = "typing"

    def parse(self, fields: dict[str, Any]) -> UUID:
        """See `Command`."""
        return _read(Typing, fields).conversation

    async def handle(self, context: CommandContext, args: UUID) -> CommandResult:
        """See `Command`."""
        await services.typing_tell(principal=context.principal, conversation=args)
        return CommandResult()


def commands() -> list[Command[Any]]:
    """All of them, for `Node.register`."""
    return [MessageSendCommand(), GenerationRetryCommand(), GenerationCancelCommand(), TypingCommand()]


def _started(reply: Started, *, replayed: bool) -> CommandResult:
    return CommandResult(
        result=reply.model_dump(mode="json"),
        subscribe=(reply.topic, Position(reply.position.epoch, reply.position.offset)),
        replayed=replayed,
    )


def _keyed(model: type[M], fields: dict[str, Any]) -> Keyed[M]:
    given = dict(fields)
    key = given.pop("client_msg_id", None)
    if not isinstance(key, str):
        raise BadRequest("client_msg_id is missing, or is not a string.", field="client_msg_id")
    check_key(key)
    return Keyed(_read(model, given), key, given)


def _read(model: type[M], fields: dict[str, Any]) -> M:
    check(fields)
    try:
        return model.model_validate(fields)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False, include_context=False)[0]
        field = str(first["loc"][0]) if first["loc"] else None
        raise BadRequest(f"{field or 'the command'}: {first['msg']}", field=field) from None

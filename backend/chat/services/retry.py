"""Another answer beside one that is there: again from the start, or on from where it stopped."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from backend.accounts.permissions import Owned, require
from backend.accounts.principal import Principal
from backend.chat import selectors
from backend.chat.calls import size
from backend.chat.chain import asked_first
from backend.chat.entries import Resolved
from backend.chat.host import GenerationHost, current
from backend.chat.order import Order
from backend.chat.schemas import GenerationRetry, Started
from backend.chat.services.begin import UNNUMBERED, Beginning, Key, begin, replay
from backend.chat.services.send import admit, answer_row, key_of
from backend.core.errors import AppError, BadRequest, Conflict
from backend.core.ids import new_epoch, new_id
from backend.core.sentences import sentence, spoken


async def generation_retry(
    *, principal: Principal, command: GenerationRetry, key: str | None = None, fields: Mapping[str, Any] | None = None
) -> tuple[Started, bool]:
    """Start a sibling of an answer under the same parent; `(reply, replayed)`.

    `continue` begins with the old parts. Raises `NotFound`, `BadRequest`, `Conflict`, `KeyReused`, `ModelUnavailable`,
    `Unavailable`.
    """
    host = current()
    held = key_of(key, fields)
    found = await admit(principal, held)
    if found is not None:
        return found, True
    try:
        place, resolved = await _place(principal, command, host)
    except AppError:
        found = await replay(principal=principal, key=held)
        if found is None:
            raise
        return found, True
    beginning = _beginning(principal, command, place, resolved, held)
    return await begin(beginning, host=host, resolved=resolved)


async def _place(
    principal: Principal, command: GenerationRetry, host: GenerationHost
) -> tuple[selectors.RetryPlace, Resolved]:
    host.check()
    place = await selectors.retry_place(message=command.message)
    require(principal, "write", Owned("message", place.owner))
    if place.message.role != "assistant":
        raise BadRequest("Only an answer can be tried again.", field="message")
    if command.mode == "continue":
        if place.message.status in ("queued", "running"):
            raise spoken(Conflict, sentence("still_writing", "This answer is still being written."))
        if not place.message.text:
            raise spoken(
                Conflict, sentence("nothing_to_continue", "There is no text to go on from; try again instead.")
            )
    chosen = asked_first(place.message.model, place.message.instead_of)
    return place, await host.resolve(command.model or chosen or None, principal=principal)


def _beginning(
    principal: Principal,
    command: GenerationRetry,
    place: selectors.RetryPlace,
    resolved: Resolved,
    key: Key | None,
) -> Beginning:
    now = datetime.now(UTC)
    old, model = place.message, resolved.entry.name
    answer = answer_row(
        conversation=old.conversation,
        parent=old.parent,
        seq=UNNUMBERED,
        model=model,
        params=old.params,
        generation=new_id(),
        now=now,
        prompt=old.prompt,
    )
    assert answer.generation is not None
    given = place.given
    going_on = command.mode == "continue"
    order = Order(
        generation=answer.generation,
        epoch=new_epoch(),
        attempt=1,
        user=principal.user_id,
        owner=place.owner,
        message=answer,
        model=model,
        params=given.params if given else old.params,
        tools=given.tools if given else place.tools,
        messages=given.messages if given else None,
        verbatim=given is not None,
        system=place.system,
        continued=old.parts if going_on else None,
    )
    return Beginning(
        principal=principal,
        key=key,
        conversation=old.conversation,
        new=None,
        owner=place.owner,
        messages=[answer],
        order=order,
        continues=old.id if going_on else None,
        now=now,
        context_tokens=int((old.usage or {}).get("input_tokens", 0)) + (size(old.text) if going_on else 0),
    )

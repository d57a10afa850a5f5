"""An answer's calls in the ledger: what is reserved for it, what each attempt took, and what is known of a dead one's.

The first is stored by the statement that begins the answer, the last settled by the one that ends it; in between, an
attempt that goes on from another's text settles that one's call and reserves its own in one statement, under its fence.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from backend.accounts.principal import Principal
from backend.chat.claim import Kept
from backend.chat.entries import Entry, Resolved
from backend.chat.fold import read_call
from backend.chat.order import Order, Outcome
from backend.chat.tool_prompt import result_size
from backend.core import db
from backend.providers.base import CompletionRequest, Usage
from backend.usage import ledger
from backend.usage.ledger import Booked, Purpose, Reservation, Settlement, encoded, expected
from backend.usage.money import Spent, cost, expected_output, spent, tokens_in, tokens_of
from backend.usage.searches import Payer


def reservation(
    *,
    principal: Principal,
    order: Order,
    resolved: Resolved,
    purpose: Purpose,
    context_tokens: int,
) -> Reservation:
    """For an answer's first call. `context_tokens`: about what goes in beside the messages that the order has."""
    entry = resolved.entry
    into = context_tokens + (tokens_of(order.messages) if order.messages else 0)
    out, prompt = expected_output(order.params), order.message.prompt
    return Reservation(
        purpose=purpose,
        user_id=order.user,
        team_id=principal.team_ids[0] if principal.team_ids else None,
        key_id=principal.key_id,
        provider=resolved.provider.name,
        model=entry.name,
        price_id=entry.price,
        generation=order.generation,
        template=UUID(prompt["template"]) if prompt else None,
        template_version=UUID(prompt["version"]) if prompt else None,
        input_tokens=into,
        output_tokens=out,
        cost=expected(entry, input_tokens=into, output_tokens=out),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """What an attempt knows of its call when it is over. `asked` None: it was not begun. `out`: a request was with the
    provider, rather than in line or refused. `written`: bytes that came. `whole`: the provider had finished.
    """

    resolved: Resolved
    asked: CompletionRequest | None
    out: bool
    usage: Usage | None
    whole: bool
    written: int
    outcome: Outcome
    first_token_ms: int | None
    duration_ms: int | None

    def settlement(self) -> Settlement:
        """What the provider counted; where it was cut before that, an estimate; nothing where nothing came of it."""
        error = str(self.outcome.data.get("code", "")) if self.outcome.status == "error" else ""
        entry, asked, usage = self.resolved.entry, self.asked, self.usage
        if asked is None or ((error or not self.out) and usage is None and not self.written):
            return self._settlement("released", Spent(), error)
        if usage is not None and self.whole:
            return self._settlement("settled", spent(usage, entry), error)
        known = usage or Usage(0, 0)
        into = known.input_tokens or tokens_of(asked.messages) + size(asked.continue_text or "")
        guess = Usage(into, max(known.output_tokens, tokens_in(self.written)), known.cached_tokens)
        return self._settlement("estimated", spent(guess, entry, estimated=True), error)

    def _settlement(self, status: ledger.Settled, taken: Spent, error: str) -> Settlement:
        return Settlement(
            status=status,
            input_tokens=taken.input_tokens,
            output_tokens=taken.output_tokens,
            cached_tokens=taken.cached_tokens,
            reasoning_tokens=taken.reasoning_tokens,
            cost=taken.cost,
            error=error,
            first_token_ms=self.first_token_ms,
            duration_ms=self.duration_ms,
            provider=self.resolved.provider.name,
            model=self.resolved.entry.name,
            price_id=self.resolved.entry.price,
        )


def size(text: str) -> int:
    """About how many tokens a text is."""
    return tokens_in(len(text.encode("utf-8", "replace")))


def bytes_of(parts: Iterable[dict[str, Any]]) -> int:
    """How much text a model has written in parts of an answer: what its tools gave is not its own."""
    return sum(len(_written(part).encode("utf-8", "replace")) for part in parts)


def _written(part: dict[str, Any]) -> str:
    call = read_call(part)
    return part.get("text", "") if call is None or "result" not in call else f"{call['name']}{call['arguments']}"


def left(kept: Kept, booked: Sequence[Booked], entry: Entry | None) -> Settlement:
    """For the call of an attempt that died: what its log says of it. `entry` None: its model is not here any more."""
    if kept.answer.place is not None:  # it stood in line
        return Settlement(status="released", input_tokens=0, output_tokens=0, cost=None)
    earlier = ledger.total(booked)
    said = kept.answer.usage or {}
    own = Usage(
        int(said.get("input_tokens", 0)) - earlier.input_tokens,
        int(said.get("output_tokens", 0)) - earlier.output_tokens,
    )
    counted = own.input_tokens > 0 or own.output_tokens > 0
    current = next((call for call in booked if call.status == "reserved"), None)
    if not counted:
        written = tokens_in(bytes_of(kept.answer.plain_parts()))
        own = Usage(current.reserved_input if current else 0, max(0, written - earlier.output_tokens))
    price = cost(own, entry) if entry else current.spent.cost if current else None
    return Settlement(
        status="settled" if counted else "lost",
        input_tokens=max(0, own.input_tokens),
        output_tokens=max(0, own.output_tokens),
        cost=price,
    )


async def go_on(
    *,
    order: Order,
    booked: Sequence[Booked],
    settlement: Settlement,
    resolved: Resolved,
    input_tokens: int,
) -> Spent:
    """Settle the call that is open and reserve the next one; what all calls before that one took.

    A generation that began before there was a ledger gets its first one. No budget stops an answer that goes on.
    """
    entry, last = resolved.entry, booked[-1] if booked else None
    out = expected_output(order.params)
    common = {
        name: last.call[name]
        for name in ("purpose", "user_id", "team_id", "key_id", "job", "row", "template", "template_version")
    } if last else {"purpose": "chat", "user_id": order.user}  # fmt: skip
    following = Reservation(
        **common,
        provider=resolved.provider.name,
        model=entry.name,
        price_id=entry.price,
        generation=order.generation,
        step=max(2, last.step + 1 if last else 0),
        input_tokens=input_tokens,
        output_tokens=out,
        cost=expected(entry, input_tokens=input_tokens, output_tokens=out),
    )
    values = {
        "id": order.generation,
        "attempt": order.attempt,
        "settlement": encoded(settlement),
        "reservation": encoded(following),
    }
    async with db.connect() as connection:
        await connection.execute(_GO_ON, values)
    is_open = any(call.status == "reserved" for call in booked)
    return ledger.total(booked) + (settlement.spent if is_open else Spent())


async def taken_over(*, order: Order, kept: Kept, resolved: Resolved, held: bool) -> Spent:
    """Book that another attempt goes on; what all calls before its own took. `held`: it goes on in the same call."""
    booked = await ledger.booked(order.generation)
    if held and booked and booked[-1].status == "reserved":
        return ledger.total(booked)
    settlement = left(kept, booked, resolved.entry)
    into = settlement.input_tokens + size("".join(part.text for part in kept.answer.parts))
    return await go_on(order=order, booked=booked, settlement=settlement, resolved=resolved, input_tokens=into)


async def passed_on(
    *, order: Order, settlement: Settlement, resolved: Resolved, parts: Sequence[dict[str, Any]]
) -> Spent:
    """Book that another call goes on, of another model where one failed or of this one with what tools gave; what all
    calls before its own took.
    """
    booked = await ledger.booked(order.generation)
    into = settlement.input_tokens + tokens_in(bytes_of(parts) + result_size(parts))
    return await go_on(order=order, booked=booked, settlement=settlement, resolved=resolved, input_tokens=into)


async def payer(order: Order) -> Payer:
    """For a search that an answer's tool makes: on the answer's account."""
    booked = await ledger.booked(order.generation)
    names = ("user_id", "team_id", "key_id", "job", "row", "template", "template_version")
    known = {name: booked[0].call[name] for name in names} if booked else {"user_id": order.user}
    return Payer(**known, generation=order.generation)


async def beside(*, order: Order, request: CompletionRequest, resolved: Resolved) -> Reservation:
    """For a side call of an answer, such as its title: on the same account."""
    entry, into, out = resolved.entry, tokens_of(request.messages), expected_output(request.params)
    booked = await ledger.booked(order.generation)
    first: dict[str, Any] = booked[0].call if booked else {"user_id": order.user, "team_id": None, "key_id": None}
    return Reservation(
        purpose="title",
        user_id=first["user_id"],
        team_id=first["team_id"],
        key_id=first["key_id"],
        provider=resolved.provider.name,
        model=entry.name,
        price_id=entry.price,
        generation=order.generation,
        step=0,
        input_tokens=into,
        output_tokens=out,
        cost=expected(entry, input_tokens=into, output_tokens=out),
    )


_GO_ON = f"""
WITH mine AS (
  SELECT id FROM chat_generation
  WHERE id = %(id)s AND attempt = %(attempt)s AND status IN ('queued', 'running') FOR UPDATE
), settled AS ({ledger.SETTLE_GENERATION.format(source="mine")})
{ledger.RESERVE.format(source="mine")}
"""  # noqa: S608

"""What a tool is, what it is given and what it gives back."""

from collections.abc import Callable
from typing import Any, Protocol
from uuid import UUID

from msgspec import Struct, field
from pydantic import BaseModel

from backend.search.account import Account


class Source(Struct, frozen=True, kw_only=True):
    """Something that an answer can cite. Numbers are given per answer by whoever runs its tools, from 1 on."""

    url: str
    title: str
    snippet: str = ""


class Result(Struct, frozen=True, kw_only=True):
    """What a call gave: `text` for the model (a plain description of the failure when `failed`), `sources` to cite.

    `text` refers to the n-th of its own `sources` as `{{source:n}}`, n from 1; the runner puts the numbers in.
    """

    text: str
    sources: list[Source] = field(default_factory=list)
    failed: bool = False


class Context(Struct, kw_only=True):
    """For whom a tool works. `emit(type, data)` writes an event of the answer's topic, such as `search.results`.

    `part` is the answer's part that shows this call. On `account` is what it searches for.
    `language` is the one that the person has chosen, such as `de` or `de-AT`; `en` where nothing is known.
    """

    user: UUID
    part: int
    emit: Callable[[str, dict[str, Any]], None]
    language: str
    account: Account | None = None


class Tool(Protocol):
    """One tool. It has only the rights of a reader of public pages: nothing here may act for the person."""

    name: str
    """As models call it: `[a-z][a-z0-9_]{0,63}`."""
    label: str
    """For people: English, a few words; the page translates by `name`."""
    description: str
    """For models: what it does, when to use it, what it gives."""
    arguments: type[BaseModel]
    """Its typed arguments; the JSON Schema that models get is made of it. Unknown fields are refused."""
    seconds: float
    """After this time a call has failed."""
    part: str
    """The kind of the answer's part that shows it: `search` or `tool`."""

    def available(self) -> bool:
        """Whether it is configured now."""
        ...

    async def run(self, arguments: BaseModel, context: Context) -> Result:
        """Do it. A failure that a model can work around is a `Result` with `failed`; anything raised is a defect."""
        ...

"""Bodies and answers of the accounts' part of the API. Bodies refuse fields that they don't know."""

from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import Field, JsonValue, field_validator

from backend.accounts.permissions import Scope
from backend.core.schemas import Body, Moment, Out

MAX_PREFERENCES = 16 * 1024


class Me(Out):
    """The signed-in person."""

    id: UUID
    email: str
    name: str
    role: Literal["member", "manager", "admin"]
    teams: list[UUID]
    preferences: dict[str, Any]
    created: datetime
    method: Literal["session", "jwt", "key"]
    scopes: list[str] | None


class MeChange(Body):
    """What a person may change about themselves. Preferences are merged; null removes one."""

    name: Annotated[str, Field(max_length=120)] | None = None
    preferences: dict[Annotated[str, Field(min_length=1, max_length=64)], JsonValue] | None = None

    @field_validator("preferences")
    @classmethod
    def _bounded(cls, value: dict[str, Any] | None) -> dict[str, Any] | None:
        if value is not None and len(str(value)) > MAX_PREFERENCES:
            raise ValueError("Preferences may not be larger than 16 KiB.")
        return value


class KeyOut(Out):
    """An API key as it is listed: never the key itself."""

    id: UUID
    name: str
    prefix: str
    scopes: list[str] | None
    store_default: bool
    expires: datetime | None
    last_used: datetime | None
    created: datetime


class KeyMade(KeyOut):
    """A new API key, and the only time that it is shown."""

    key: str


class KeyNew(Body):
    """A key to make. Without scopes it may do all that its owner may."""

    name: Annotated[str, Field(max_length=120)] = ""
    scopes: Annotated[list[Scope], Field(min_length=1, max_length=10)] | None = None
    expires: Moment | None = None
    store_default: bool = False

    @field_validator("expires")
    @classmethod
    def _zoned(cls, value: datetime | None) -> datetime | None:
        if value is not None and value.tzinfo is None:
            raise ValueError("Times need a zone, such as 2027-01-31T12:00:00Z.")
        return value


class TicketNew(Body):
    """There is nothing to choose; a body may be left out."""


class TicketOut(Out):
    """A single-use ticket for a WebSocket of another origin."""

    ticket: str
    expires_in: int


class SessionOut(Out):
    """One sign-in of a browser or an app."""

    id: int
    user_agent: str
    ip: str
    created: datetime
    last_seen: datetime
    current: bool

"""May this person do this to that? One pure function, asked by every verb of every transport.

A `Thing` is built from rows that are loaded already, so that a decision costs no query. An administrator runs the
site; that does not include reading other people's conversations.
"""

from dataclasses import dataclass
from typing import Literal
from uuid import UUID

from backend.accounts.principal import Principal
from backend.core.errors import Forbidden, NotFound

Verb = Literal["read", "write", "delete", "share"]
Kind = Literal["conversation", "message", "generation", "job", "file", "prompt"]
Share = Literal["view", "edit"]
Area = Literal["people", "teams", "models", "providers", "usage", "audit", "settings", "metrics"]
Scope = Literal["chat:read", "chat:write", "completions", "models:read", "account"]

SCOPES: frozenset[str] = frozenset({"chat:read", "chat:write", "completions", "models:read", "account"})
"""What an API key can be limited to."""


@dataclass(frozen=True, slots=True)
class Owned:
    """Something that belongs to a person and may be shared with a team. Cancel, retry and ack are `write`, too."""

    kind: Kind
    owner_id: UUID
    team_id: UUID | None = None
    team_share: Share = "view"
    shared_with: frozenset[UUID] = frozenset()
    editors: frozenset[UUID] = frozenset()


@dataclass(frozen=True, slots=True)
class Account:
    """A person's own account: profile, keys, sessions, usage."""

    user_id: UUID


@dataclass(frozen=True, slots=True)
class ModelEntry:
    """An entry of the list of models."""

    hidden: bool = False


@dataclass(frozen=True, slots=True)
class Completions:
    """The OpenAI API's completions that keep nothing."""


@dataclass(frozen=True, slots=True)
class Site:
    """A part of the site's administration."""

    area: Area


Thing = Owned | Account | ModelEntry | Completions | Site

_MANAGER_READS: frozenset[Area] = frozenset({"people", "teams", "models", "usage"})
_MANAGER_WRITES: frozenset[Area] = frozenset({"teams"})


def may(principal: Principal, verb: Verb, thing: Thing) -> bool:
    """Whether `principal` may do `verb` to `thing`, by role, ownership, sharing and the scopes of its key."""
    return _in_scope(principal, verb, thing) and _allowed(principal, verb, thing)


def require(principal: Principal, verb: Verb, thing: Thing) -> None:
    """Raise unless allowed: `NotFound` for what the caller may not see, `Forbidden` for what it may only see."""
    if may(principal, verb, thing):
        return
    if not _allowed(principal, "read", thing):
        raise NotFound
    if not _in_scope(principal, verb, thing):
        raise Forbidden(f"This API key lacks the scope {scope_for(verb, thing) or 'for this'}.")
    raise Forbidden


def scope_for(verb: Verb, thing: Thing) -> Scope | None:
    """The scope that a limited key needs; None: no limited key may."""
    match thing:
        case Owned():
            return "chat:read" if verb == "read" else "chat:write"
        case Account():
            return "account"
        case ModelEntry():
            return "models:read" if verb == "read" else None
        case Completions():
            return "completions"
        case Site():
            return None


def _in_scope(principal: Principal, verb: Verb, thing: Thing) -> bool:
    return principal.scopes is None or scope_for(verb, thing) in principal.scopes


def _allowed(principal: Principal, verb: Verb, thing: Thing) -> bool:
    match thing:
        case Owned():
            return _owned(principal, verb, thing)
        case Account():
            return principal.user_id == thing.user_id
        case ModelEntry():
            return (verb == "read" and not thing.hidden) or principal.role == "admin"
        case Completions():
            return True
        case Site():
            return _site(principal, verb, thing)


def _owned(principal: Principal, verb: Verb, thing: Owned) -> bool:
    if principal.user_id == thing.owner_id:
        return True
    in_team = thing.team_id is not None and thing.team_id in principal.team_ids
    if verb == "read":
        return in_team or principal.user_id in thing.shared_with or principal.user_id in thing.editors
    if verb == "write":
        return (in_team and thing.team_share == "edit") or principal.user_id in thing.editors
    return False


def _site(principal: Principal, verb: Verb, thing: Site) -> bool:
    if principal.role == "admin":
        return True
    if principal.role == "manager":
        return thing.area in (_MANAGER_READS if verb == "read" else _MANAGER_WRITES)
    return False

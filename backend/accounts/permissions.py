"""May this person do this to that? One pure function, asked by every verb of every transport.

A `Thing` is built from rows that are loaded already, so that a decision costs no query. An administrator runs the
site; that does not include reading other people's conversations.
"""

from dataclasses import dataclass
from typing import Literal
from uuid import UUID

from backend.accounts.principal import Principal
from backend.core.errors import Forbidden, NotFound

Verb = Literal["read", "use", "write", "delete", "share"]
Kind = Literal["conversation", "message", "generation", "job", "file", "prompt"]
Share = Literal["view", "edit"]
Area = Literal["people", "teams", "models", "providers", "usage", "audit", "settings", "metrics"]
Scope = Literal["chat:read", "chat:write", "completions", "models:read", "account"]

SCOPES: frozenset[str] = frozenset({"chat:read", "chat:write", "completions", "models:read", "account"})
"""What an API key can be limited to."""


@dataclass(frozen=True, slots=True)
class Owned:
    """Something that belongs to a person and may be shared. Cancel, retry and ack are `write`, too.

    It is shared with one team, as a conversation, or with any number of `teams` and `editor_teams`; `shared_with` and
    `editors` are people; `everybody` is the whole site.
    """

    kind: Kind
    owner_id: UUID
    team_id: UUID | None = None
    team_share: Share = "view"
    shared_with: frozenset[UUID] = frozenset()
    editors: frozenset[UUID] = frozenset()
    teams: frozenset[UUID] = frozenset()
    editor_teams: frozenset[UUID] = frozenset()
    everybody: Share | None = None


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
    """Whether `principal` may do `verb` to `thing`, by role, ownership, sharing and the scopes of its key.

    `use` is to have a template filled in for a message or a completion: who may read it may, with a key of any scope
    that asks models.
    """
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


_USES: frozenset[Scope] = frozenset({"chat:read", "chat:write", "completions"})


def scope_for(verb: Verb, thing: Thing) -> Scope | None:
    """The scope that a limited key needs; None: no limited key may."""
    match thing:
        case Owned():
            return "chat:read" if verb in ("read", "use") else "chat:write"
        case Account():
            return "account"
        case ModelEntry():
            return "models:read" if verb == "read" else None
        case Completions():
            return "completions"
        case Site():
            return None


def _in_scope(principal: Principal, verb: Verb, thing: Thing) -> bool:
    if principal.scopes is None:
        return True
    if verb == "use" and isinstance(thing, Owned):
        return not _USES.isdisjoint(principal.scopes)
    return scope_for(verb, thing) in principal.scopes


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
    edits = (
        principal.user_id in thing.editors
        or thing.everybody == "edit"
        or (in_team and thing.team_share == "edit")
        or not thing.editor_teams.isdisjoint(principal.team_ids)
    )
    if verb == "write":
        return edits
    if verb not in ("read", "use"):
        return False
    return (
        edits
        or in_team
        or thing.everybody is not None
        or principal.user_id in thing.shared_with
        or not thing.teams.isdisjoint(principal.team_ids)
    )


def _site(principal: Principal, verb: Verb, thing: Site) -> bool:
    if principal.role == "admin":
        return True
    if principal.role == "manager":
        return thing.area in (_MANAGER_READS if verb == "read" else _MANAGER_WRITES)
    return False

"""`/api/v1`: the signed-in person, their API keys, tickets and sessions."""

from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from ninja import Query, Router, Status

from backend.accounts import selectors
from backend.accounts.models import ApiKey
from backend.accounts.permissions import Account, Verb, require
from backend.accounts.principal import Principal
from backend.accounts.prolong import prolong
from backend.accounts.schemas import KeyMade, KeyNew, KeyOut, Me, MeChange, SessionOut, TicketNew, TicketOut
from backend.accounts.services import keys, people, sessions, tickets
from backend.core.db import in_thread
from backend.core.db import rows as db_rows
from backend.core.errors import Forbidden
from backend.core.pagination import Page, PageQuery, page

router = Router(tags=["accounts"])


@router.get("/me", response=Me, summary="The signed-in person")
async def me(request: HttpRequest, response: HttpResponse) -> Me:
    """Who the credential stands for. A browser's session that is half over begins anew with this."""
    principal = _caller(request)
    found = await selectors.profile(principal.user_id)
    await prolong(principal, response)
    return _me(principal, found)


@router.patch("/me", response=Me, summary="Change name or preferences")
async def me_change(request: HttpRequest, body: MeChange) -> Me:
    """Change the own name or preferences."""
    principal = _caller(request, "write")
    changes = {name: value for name, value in body.model_dump(exclude_unset=True).items() if value is not None}
    await in_thread(people.user_update, user_id=principal.user_id, changes=changes)
    return _me(principal, await selectors.profile(principal.user_id))


@router.get("/keys", response=Page[KeyOut], summary="List API keys")
async def keys_list(request: HttpRequest, query: Query[PageQuery]) -> Page[KeyOut]:
    """The own keys, the newest first."""
    principal = _caller(request)
    before = query.before()
    rows = await db_rows(
        "select id, name, prefix, scopes, store_default, expires, last_used, created from accounts_apikey "
        "where user_id = %s and revoked is null and (%s::uuid is null or id < %s::uuid) order by id desc limit %s",
        [principal.user_id, before, before, query.limit + 1],
    )
    return page([KeyOut(**row) for row in rows], limit=query.limit, key=lambda item: item.id)


@router.post("/keys", response={201: KeyMade}, summary="Make an API key")
async def keys_create(request: HttpRequest, body: KeyNew) -> Status[Any]:
    """Make a key. Its value is in this answer only."""
    principal = _caller(request, "write")
    wanted: set[str] = set(body.scopes) if body.scopes is not None else {"all"}
    if principal.scopes is not None and not wanted <= principal.scopes:
        raise Forbidden("A key can't make a key that may do more than itself.")
    row, value = await in_thread(
        keys.key_create,
        user_id=principal.user_id,
        name=body.name,
        scopes=list(body.scopes) if body.scopes is not None else None,
        expires=body.expires,
        store_default=body.store_default,
    )
    return Status(201, KeyMade(**_key(row), key=value))


@router.delete("/keys/{key_id}", response={204: None}, summary="Delete an API key")
async def keys_delete(request: HttpRequest, key_id: UUID) -> Status[Any]:
    """Revoke a key; what uses it is cut off within two seconds."""
    principal = _caller(request, "delete")
    await in_thread(keys.key_revoke, user_id=principal.user_id, key_id=key_id)
    return Status(204, None)


@router.post("/tickets", response={201: TicketOut}, summary="A ticket for a WebSocket of another origin")
async def tickets_create(request: HttpRequest, body: TicketNew | None = None) -> Status[Any]:  # noqa: ARG001
    """A single-use ticket of 30 s, sent as the second subprotocol `ticket.<value>`."""
    principal: Principal = request.principal  # type: ignore[attr-defined]
    value = await in_thread(tickets.ticket_create, principal=principal)
    return Status(201, TicketOut(ticket=value, expires_in=tickets.LIFE_S))


@router.get("/sessions", response=Page[SessionOut], summary="List sign-ins")
async def sessions_list(request: HttpRequest) -> Page[SessionOut]:
    """The own live sign-ins of browsers and apps."""
    principal = _caller(request)
    found = await in_thread(
        sessions.session_list,
        user_id=principal.user_id,
        session_key=principal.session_id if principal.method == "session" else None,
        family_id=UUID(principal.session_id) if principal.session_id and principal.method == "jwt" else None,
    )
    return Page[SessionOut](items=[SessionOut.model_validate(entry) for entry in found], next=None)


@router.delete("/sessions/{int:session_id}", response={204: None}, summary="End a sign-in")
async def sessions_delete(request: HttpRequest, session_id: int) -> Status[Any]:
    """End a sign-in; its sockets close within two seconds."""
    principal = _caller(request, "delete")
    await in_thread(sessions.session_end, user_id=principal.user_id, session_id=session_id)
    return Status(204, None)


def _caller(request: HttpRequest, verb: Verb = "read") -> Principal:
    principal: Principal = request.principal  # type: ignore[attr-defined]
    require(principal, verb, Account(principal.user_id))
    return principal


def _me(principal: Principal, found: selectors.Profile) -> Me:
    return Me(
        id=principal.user_id,
        email=found.email,
        name=found.name,
        role=principal.role,
        teams=list(principal.team_ids),
        preferences=found.preferences,
        created=found.created,
        method=principal.method,
        scopes=sorted(principal.scopes) if principal.scopes is not None else None,
    )


def _key(row: ApiKey) -> dict[str, object]:
    names = ("id", "name", "prefix", "scopes", "store_default", "expires", "last_used", "created")
    return {name: getattr(row, name) for name in names}

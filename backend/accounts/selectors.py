"""Reads of accounts that run on the loop: people and their credentials by raw statements, one round trip each."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, cast
from uuid import UUID

from backend.accounts.principal import RoleName
from backend.core.db import connect, row, rows
from backend.core.errors import NotFound

_PERSON = """u.id, u.email, u.name, u.role, u.is_active, u.auth_version, u.password,
  array(select m.team_id from accounts_membership m where m.user_id = u.id order by m.id) as team_ids"""


@dataclass(frozen=True, slots=True)
class Person:
    """What authentication needs to know of someone."""

    id: UUID
    email: str
    name: str
    role: RoleName
    is_active: bool
    auth_version: int
    password: str
    team_ids: tuple[UUID, ...]


async def person(user_id: UUID) -> Person | None:
    """Someone by id."""
    found = await row(f"select {_PERSON} from accounts_user u where u.id = %s", [user_id])  # noqa: S608
    return _person(found) if found else None


async def session_row(session_key: str) -> dict[str, Any] | None:
    """A stored session: `session_data`, `expire_date`, `over`."""
    return await row(
        "select session_data, expire_date, expire_date <= now() as over from django_session where session_key = %s",
        [session_key],
    )


async def session_prolong(*, session_key: str, end: datetime) -> bool:
    """Move a session's end; False when it was ended meanwhile."""
    found = await row(
        "update django_session set expire_date = %s where session_key = %s returning session_key", [end, session_key]
    )
    return found is not None


async def family_person(*, user_id: UUID, family_id: UUID) -> tuple[Person, datetime | None] | None:
    """The owner of a token family, and when the family was revoked; None when there is no such family."""
    found = await row(
        f"select {_PERSON}, f.revoked from accounts_tokenfamily f join accounts_user u on u.id = f.user_id "  # noqa: S608
        "where f.id = %s and u.id = %s",
        [family_id, user_id],
    )
    return (_person(found), found["revoked"]) if found else None


async def key_person(*, hash: str | None = None, key_id: UUID | None = None) -> tuple[Person, dict[str, Any]] | None:  # noqa: A002
    """A key's owner, and the key: `key_id`, `scopes`, `store_default`, `expires`, `revoked`, `stale`."""
    found = await row(
        f"select {_PERSON}, k.id as key_id, k.scopes, k.store_default, k.expires, k.revoked, "  # noqa: S608
        "(k.last_used is null or k.last_used < now() - interval '1 minute') as stale "
        "from accounts_apikey k join accounts_user u on u.id = k.user_id where k.hash = %s or k.id = %s",
        [hash, key_id],
    )
    return (_person(found), found) if found else None


async def key_used(key_id: UUID) -> None:
    """Note a use; several nodes write it at most once a minute together."""
    async with connect() as connection:
        await connection.execute(
            "update accounts_apikey set last_used = now() where id = %s "
            "and (last_used is null or last_used < now() - interval '1 minute')",
            [key_id],
        )


_HOLDING = """select p.place, u.is_active, u.password, s.session_data,
  case p.method
    when 'session' then s.expire_date > now()
    when 'jwt' then exists(select from accounts_tokenfamily f where f.id = p.credential::uuid and f.revoked is null)
    else exists(select from accounts_apikey k where k.id = p.credential::uuid and k.revoked is null
                and (k.expires is null or k.expires > now()))
  end as holds
from unnest(%s::int[], %s::uuid[], %s::text[], %s::text[]) as p(place, user_id, method, credential)
left join accounts_user u on u.id = p.user_id
left join django_session s on p.method = 'session' and s.session_key = p.credential"""


async def holding(credentials: Sequence[tuple[UUID, str, str]]) -> list[dict[str, Any]]:
    """For each (person, method, session key or id): `is_active` (None: gone), `holds`, `session_data`, `password`."""
    people, methods, ids = ([each[column] for each in credentials] for column in range(3))
    found = await rows(_HOLDING, [list(range(len(credentials))), people, methods, ids])
    return sorted(found, key=lambda entry: int(entry["place"]))


async def auth_versions(user_ids: Iterable[str]) -> dict[str, int]:
    """The `auth_version` of each person who may still be signed in, by id as text, in one query."""
    found = await rows(
        "select id::text, auth_version from accounts_user where id = any(%s::uuid[]) and is_active", [list(user_ids)]
    )
    return {entry["id"]: entry["auth_version"] for entry in found}


@dataclass(frozen=True, slots=True)
class Profile:
    """What a person sees of themselves."""

    email: str
    name: str
    preferences: dict[str, Any]
    created: datetime


async def profile(user_id: UUID) -> Profile:
    """Someone's own page."""
    found = await row("select email, name, preferences, created from accounts_user where id = %s", [user_id])
    if found is None:
        raise NotFound
    return Profile(**found)


_LANGUAGE = re.compile(r"[a-z]{2,3}(-[A-Za-z0-9]{2,8})*")
DEFAULT_LANGUAGE = "en"


async def language_of(user_id: UUID) -> str:
    """The language that somebody has chosen (`preferences.language`, such as `de` or `de-AT`)."""
    found = await row("select preferences ->> 'language' as chosen from accounts_user where id = %s", [user_id])
    chosen = (found or {}).get("chosen") or ""
    return chosen if len(chosen) <= 35 and _LANGUAGE.fullmatch(chosen) else DEFAULT_LANGUAGE


def _person(found: dict[str, Any]) -> Person:
    return Person(
        id=found["id"],
        email=found["email"],
        name=found["name"],
        role=cast("RoleName", found["role"]),
        is_active=found["is_active"],
        auth_version=found["auth_version"],
        password=found["password"],
        team_ids=tuple(found["team_ids"]),
    )

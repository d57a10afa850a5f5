"""A template as the permission function sees it, from its owner and its shares."""

from collections.abc import Iterable
from typing import Any
from uuid import UUID

from backend.accounts.permissions import Owned, Share, may
from backend.accounts.principal import Principal
from backend.prompts.schemas import Held

Row = dict[str, Any]

SHARES = """(SELECT coalesce(json_agg(json_build_array(s.user_id, s.team_id, s.access)), '[]') FROM prompts_share s
  WHERE s.template_id = t.id)"""
"""In a statement over `prompts_template t`: all shares, as `thing` takes them."""

VISIBLE = """(t.owner_id = %(caller)s OR EXISTS (SELECT FROM prompts_share s WHERE s.template_id = t.id AND (
  s.user_id = %(caller)s OR s.team_id = ANY(%(teams)s::uuid[]) OR (s.user_id IS NULL AND s.team_id IS NULL))))"""
"""The same decision as `may(…, "read", …)`, so that lists hold what the caller may see; see `who`."""


def who(principal: Principal) -> Row:
    """The values that `VISIBLE` needs."""
    return {"caller": principal.user_id, "teams": list(principal.team_ids)}


def thing(owner: UUID, shares: Iterable[tuple[str | UUID | None, str | UUID | None, str]]) -> Owned:
    """For the permission function; each share is (person, team, access), both null for everybody."""
    people: dict[str, set[UUID]] = {"view": set(), "edit": set()}
    teams: dict[str, set[UUID]] = {"view": set(), "edit": set()}
    everybody: Share | None = None
    for person, team, access in shares:
        if person is not None:
            people[access].add(UUID(str(person)))
        elif team is not None:
            teams[access].add(UUID(str(team)))
        else:
            everybody = "edit" if access == "edit" else "view"
    return Owned(
        "prompt",
        owner,
        shared_with=frozenset(people["view"]),
        editors=frozenset(people["edit"]),
        teams=frozenset(teams["view"]),
        editor_teams=frozenset(teams["edit"]),
        everybody=everybody,
    )


def held(principal: Principal, owned: Owned) -> Held:
    """What a caller who sees a template may do with it."""
    if principal.user_id == owned.owner_id:
        return "owner"
    return "edit" if may(principal, "write", owned) else "view"

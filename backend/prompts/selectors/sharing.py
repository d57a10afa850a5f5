"""Whom a template is shared with."""

from uuid import UUID

from backend.accounts.principal import Principal
from backend.core import db
from backend.prompts.rows import PERSON
from backend.prompts.schemas import PersonOut, ShareOut, Shares
from backend.prompts.selectors.single import visible


async def shares(principal: Principal, template: UUID) -> Shares:
    """All shares, for the owner. Raises `NotFound`, `Forbidden`."""
    await visible(principal, template, verb="share")
    found = await db.rows(_SHARES, {"id": template})
    teams = await db.rows(
        "SELECT id, name FROM accounts_team WHERE id = ANY(%(teams)s::uuid[]) ORDER BY name",
        {"teams": list(principal.team_ids)},
    )
    return Shares(
        items=[ShareOut.model_validate(row) for row in found], teams=[PersonOut.model_validate(row) for row in teams]
    )


_SHARES = f"""
SELECT s.id, CASE WHEN s.user_id IS NOT NULL THEN 'person' WHEN s.team_id IS NOT NULL THEN 'team' ELSE 'everybody' END
  AS kind, coalesce(s.user_id, s.team_id) AS with_id, coalesce(m.name, {PERSON.format("u")}, '') AS name, s.access
FROM prompts_share s LEFT JOIN accounts_user u ON u.id = s.user_id LEFT JOIN accounts_team m ON m.id = s.team_id
WHERE s.template_id = %(id)s ORDER BY kind DESC, name
"""  # noqa: S608

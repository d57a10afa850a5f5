"""One template, and its versions."""

from uuid import UUID

from backend.accounts.permissions import Verb, require
from backend.accounts.principal import Principal
from backend.core import db
from backend.core.errors import NotFound
from backend.core.pagination import cursor
from backend.prompts.grants import SHARES, Row, thing
from backend.prompts.rows import (
    TEMPLATE_COLUMNS,
    TEMPLATE_TABLES,
    VERSION_COLUMNS,
    VERSION_TABLES,
    VERSION_TEXTS,
    template_fields,
    version_listed,
    version_out,
)
from backend.prompts.schemas import TemplateOut, VersionOut, VersionPage, VersionQuery
from backend.prompts.use import RELEASED


async def visible(principal: Principal, template: UUID, *, verb: Verb = "read") -> Row:
    """`owner_id`, `slug` and `newest` of what the caller may do `verb` to. Raises `NotFound`, `Forbidden`."""
    row = await db.row(_PLACE, {"id": template})
    if row is None:
        raise NotFound
    require(principal, verb, thing(row["owner_id"], row["shares"]))
    return row


async def template_get(principal: Principal, template: UUID) -> TemplateOut:
    """The template, with the version that a use takes. Raises `NotFound`."""
    row = await db.row(_TEMPLATE, {"id": template, "released": RELEASED})
    if row is None:
        raise NotFound
    require(principal, "read", thing(row["owner_id"], row["shares"]))
    return TemplateOut.model_construct(**template_fields(row, principal), current=version_out(row))


async def version_get(principal: Principal, template: UUID, number: int) -> VersionOut:
    """One version. Raises `NotFound`."""
    await visible(principal, template)
    row = await db.row(_VERSION, {"id": template, "number": number})
    if row is None:
        raise NotFound(f"There is no version {number} of this template.")
    return version_out(row)


async def version_page(principal: Principal, template: UUID, query: VersionQuery) -> VersionPage:
    """The versions without their texts, the newest first."""
    await visible(principal, template)
    key = query.key()
    before = int(key) if key is not None and key.isdigit() else None
    found = await db.rows(_VERSIONS, {"id": template, "before": before, "limit": query.limit + 1})
    shown = found[: query.limit]
    return VersionPage.model_construct(
        items=[version_listed(row) for row in shown],
        next=cursor(str(shown[-1]["number"])) if len(found) > query.limit else None,
    )


_PLACE = f"""
SELECT t.owner_id, t.slug, t.newest, {SHARES} AS shares FROM prompts_template t
WHERE t.id = %(id)s AND t.deleted_at IS NULL
"""  # noqa: S608

_TEMPLATE = f"""
SELECT {TEMPLATE_COLUMNS}, {VERSION_COLUMNS}, {VERSION_TEXTS} FROM {TEMPLATE_TABLES}
LEFT JOIN prompts_label r ON r.template_id = t.id AND r.name = %(released)s
JOIN prompts_templateversion v ON v.template_id = t.id
  AND CASE WHEN r.version_id IS NOT NULL THEN v.id = r.version_id ELSE v.number = t.newest END
LEFT JOIN accounts_user a ON a.id = v.author_id
WHERE t.id = %(id)s AND t.deleted_at IS NULL
"""  # noqa: S608

_VERSION = f"""
SELECT {VERSION_COLUMNS}, {VERSION_TEXTS} FROM {VERSION_TABLES} WHERE v.template_id = %(id)s AND v.number = %(number)s
"""  # noqa: S608

_VERSIONS = f"""
SELECT {VERSION_COLUMNS} FROM {VERSION_TABLES}
WHERE v.template_id = %(id)s AND (%(before)s::int IS NULL OR v.number < %(before)s)
ORDER BY v.number DESC LIMIT %(limit)s
"""  # noqa: S608

"""The list of templates that somebody may see, searched and narrowed, and what there is to narrow it by."""

import json
import re
from typing import Any

from backend.accounts.permissions import Owned, require
from backend.accounts.principal import Principal
from backend.core import db
from backend.core.errors import BadRequest
from backend.core.pagination import cursor
from backend.prompts.grants import VISIBLE, who
from backend.prompts.rows import TEMPLATE_COLUMNS, template_listed
from backend.prompts.schemas import Count, Facets, TemplatePage, TemplateQuery

MAX_LIMIT = 200
MOST_FACETS = 200

_WORD = re.compile(r"\w+", re.UNICODE)


async def template_page(principal: Principal, query: TemplateQuery) -> TemplatePage:
    """By name. `q` matches words by their beginning, in names, slugs, descriptions, tags and texts; a name also where
    it holds `q` as it stands."""
    require(principal, "read", Owned("prompt", principal.user_id))
    after = _after(query)
    words = _WORD.findall(query.q)
    values: dict[str, Any] = {
        **who(principal),
        "limit": query.limit + 1,
        "after_name": after[0] if after else None,
        "after_id": after[1] if after else None,
        "folder": query.folder,
        "below": None if query.folder is None else _escape(query.folder) + "/%",
        "tag": query.tag,
        "label": query.label,
        "like": f"%{_escape(query.q.strip())}%",
        "words": " & ".join(f"'{word}':*" for word in words),
    }
    found = await db.rows(_page(query, after=after is not None, words=bool(words)), values)
    shown = found[: query.limit]
    more = len(found) > query.limit
    return TemplatePage.model_construct(
        items=[template_listed(row, principal) for row in shown],
        next=cursor(json.dumps([shown[-1]["sorted"], str(shown[-1]["id"])])) if more else None,
    )


async def facets(principal: Principal) -> Facets:
    """Folders, tags and labels of all templates that the caller may see, each with how many have it."""
    require(principal, "read", Owned("prompt", principal.user_id))
    found: dict[str, list[Count]] = {"folder": [], "tag": [], "label": []}
    total = 0
    for row in await db.rows(_FACETS, {**who(principal), "most": MOST_FACETS}):
        if row["kind"] == "total":
            total = row["count"]
        else:
            found[row["kind"]].append(Count.model_construct(name=row["name"], count=row["count"]))
    return Facets.model_construct(total=total, folders=found["folder"], tags=found["tag"], labels=found["label"])


def _after(query: TemplateQuery) -> tuple[str, str] | None:
    key = query.key()
    if key is None:
        return None
    try:
        name, ident = json.loads(key)
        return str(name), str(ident)
    except (ValueError, TypeError) as error:
        raise BadRequest("The cursor is not one that this list gave.", field="cursor") from error


def _page(query: TemplateQuery, *, after: bool, words: bool) -> str:
    conditions = ["t.deleted_at IS NULL", VISIBLE]
    if query.owner == "me":
        conditions.append("t.owner_id = %(caller)s")
    elif query.owner == "others":
        conditions.append("t.owner_id <> %(caller)s")
    if query.folder is not None:
        conditions.append("(t.folder = %(folder)s OR t.folder LIKE %(below)s)")
    if query.tag is not None:
        conditions.append("%(tag)s = ANY(t.tags)")
    if query.label is not None:
        conditions.append("EXISTS (SELECT FROM prompts_label l WHERE l.template_id = t.id AND l.name = %(label)s)")
    if query.q.strip():
        in_text = " OR t.search @@ %(words)s::tsquery" if words else ""
        conditions.append(f"(t.name ILIKE %(like)s OR t.slug ILIKE %(like)s{in_text})")
    if after:
        conditions.append("(lower(t.name), t.id) > (%(after_name)s, %(after_id)s::uuid)")
    return _PAGE.format(conditions=" AND ".join(conditions))


_PAGE = f"""
SELECT {TEMPLATE_COLUMNS}, t.sorted FROM (
  SELECT t.*, lower(t.name) AS sorted FROM prompts_template t WHERE {{conditions}}
  ORDER BY lower(t.name), t.id LIMIT %(limit)s
) t JOIN accounts_user o ON o.id = t.owner_id ORDER BY t.sorted, t.id
"""  # noqa: S608

_FACETS = f"""
WITH seen AS MATERIALIZED (
  SELECT t.id, t.folder, t.tags FROM prompts_template t WHERE t.deleted_at IS NULL AND {VISIBLE}
)
SELECT 'total' AS kind, '' AS name, count(*) AS count FROM seen
UNION ALL
(SELECT 'folder', folder, count(*) FROM seen WHERE folder <> '' GROUP BY folder ORDER BY folder LIMIT %(most)s)
UNION ALL
(SELECT 'tag', tag, count(*) AS n FROM seen, unnest(tags) AS tag GROUP BY tag ORDER BY n DESC, tag LIMIT %(most)s)
UNION ALL
(SELECT 'label', l.name, count(*) AS n FROM prompts_label l JOIN seen ON seen.id = l.template_id
  GROUP BY l.name ORDER BY n DESC, l.name LIMIT %(most)s)
"""  # noqa: S608


def _escape(text: str) -> str:
    return text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")

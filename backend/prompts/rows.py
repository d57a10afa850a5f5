"""Rows of raw statements as the classes that clients see: one list of columns and one reader for each."""

from typing import Any
from uuid import UUID

from backend.accounts.principal import Principal
from backend.prompts.grants import SHARES, Row, held, thing
from backend.prompts.schemas import LabelOut, PersonOut, TemplateListed, VersionListed, VersionOut

PERSON = "coalesce(nullif({0}.name, ''), split_part({0}.email, '@', 1))"

TEMPLATE_COLUMNS = f"""t.id, t.slug, t.name, t.description, t.folder, t.tags, t.newest, t.created, t.updated,
  t.owner_id, {PERSON.format("o")} AS owner_name, {SHARES} AS shares,
  (SELECT coalesce(json_agg(json_build_object('name', l.name, 'version', w.number) ORDER BY l.name), '[]')
    FROM prompts_label l JOIN prompts_templateversion w ON w.id = l.version_id WHERE l.template_id = t.id) AS labels"""  # noqa: S608
TEMPLATE_TABLES = "prompts_template t JOIN accounts_user o ON o.id = t.owner_id"

VERSION_COLUMNS = f"""v.id AS version_id, v.number, v.note, v.model, v.created AS version_created, v.author_id,
  {PERSON.format("a")} AS author_name, ARRAY(SELECT l.name FROM prompts_label l WHERE l.version_id = v.id
  ORDER BY l.name) AS on_it"""  # noqa: S608
VERSION_TEXTS = 'v.system, v."user", v.variables, v.params'
VERSION_TABLES = "prompts_templateversion v LEFT JOIN accounts_user a ON a.id = v.author_id"


def template_fields(row: Row, principal: Principal) -> dict[str, Any]:
    """A row of `TEMPLATE_COLUMNS`, as the fields of a `TemplateListed`."""
    return {
        "id": row["id"],
        "slug": row["slug"],
        "name": row["name"],
        "description": row["description"],
        "folder": row["folder"],
        "tags": row["tags"],
        "owner": PersonOut.model_construct(id=row["owner_id"], name=row["owner_name"]),
        "access": held(principal, thing(row["owner_id"], row["shares"])),
        "newest": row["newest"],
        "labels": [LabelOut.model_construct(**label) for label in row["labels"]],
        "shared": bool(row["shares"]),
        "created": row["created"],
        "updated": row["updated"],
    }


def template_listed(row: Row, principal: Principal) -> TemplateListed:
    """A row of `TEMPLATE_COLUMNS`."""
    return TemplateListed.model_construct(**template_fields(row, principal))


def version_fields(row: Row) -> dict[str, Any]:
    """A row of `VERSION_COLUMNS`, as the fields of a `VersionListed`."""
    author: UUID | None = row["author_id"]
    return {
        "id": row["version_id"],
        "number": row["number"],
        "note": row["note"],
        "model": row["model"],
        "author": None if author is None else PersonOut.model_construct(id=author, name=row["author_name"]),
        "labels": row["on_it"],
        "created": row["version_created"],
    }


def version_listed(row: Row) -> VersionListed:
    """A row of `VERSION_COLUMNS`."""
    return VersionListed.model_construct(**version_fields(row))


def version_out(row: Row) -> VersionOut:
    """A row of `VERSION_COLUMNS` and `VERSION_TEXTS`."""
    texts = {name: row[name] for name in ("system", "user", "variables", "params")}
    return VersionOut.model_validate({**version_fields(row), **texts})

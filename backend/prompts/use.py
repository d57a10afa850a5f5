"""Templates for the rest of the application: from a name and values to texts, in one look at the database."""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any, Literal
from uuid import UUID

from backend.accounts.permissions import require
from backend.accounts.principal import Principal
from backend.core import db
from backend.core.errors import NotFound
from backend.prompts.grants import SHARES, thing
from backend.prompts.rendering import fill
from backend.prompts.schemas import NEWEST, PromptUse
from backend.prompts.variables import Variable

RELEASED = "released"
"""The label that is taken where neither label nor version is named, if it is set."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rendered:
    """A filled template. `variables` holds all values that counted, defaults too; `label` how the version was found."""

    template_id: UUID
    version_id: UUID
    number: int
    slug: str
    name: str
    label: str | None
    variables: dict[str, Any]
    system: str
    user: str
    model: str
    params: dict[str, Any]

    def provenance(self) -> dict[str, Any]:
        """What a message remembers of it."""
        found: dict[str, Any] = {
            "template": str(self.template_id),
            "version": str(self.version_id),
            "slug": self.slug,
            "name": self.name,
            "number": self.number,
            "variables": self.variables,
        }
        if self.label is not None:
            found["label"] = self.label
        return found


@dataclass(frozen=True, slots=True, kw_only=True)
class Prepared:
    """A version that the caller may use, to be filled once or many times. `kept` and `of` are for whoever fills it
    later: a version never changes.
    """

    template_id: UUID
    version_id: UUID
    number: int
    slug: str
    name: str
    label: str | None
    system: str
    user: str
    variables: tuple[Variable, ...]
    model: str
    params: dict[str, Any]

    def kept(self) -> dict[str, Any]:
        """All of it, as JSON has it."""
        variables = [one.model_dump(mode="json", exclude_defaults=True) for one in self.variables]
        found = {one.name: getattr(self, one.name) for one in fields(self)}
        ids = {"template_id": str(self.template_id), "version_id": str(self.version_id)}
        return {**found, **ids, "variables": variables}

    @classmethod
    def of(cls, kept: Mapping[str, Any]) -> "Prepared":
        """What was kept."""
        ids = {name: UUID(kept[name]) for name in ("template_id", "version_id")}
        variables = tuple(Variable.model_validate(one) for one in kept["variables"])
        return cls(**{**kept, **ids, "variables": variables})

    def render(self, values: Mapping[str, Any], *, field: str = "prompt.variables", texts: bool = False) -> Rendered:
        """The texts with their values; `texts`: every value came as text. Raises `BadRequest` naming the variable."""
        filled = fill(
            system=self.system, user=self.user, variables=self.variables, given=values, field=field, texts=texts
        )
        return Rendered(
            template_id=self.template_id,
            version_id=self.version_id,
            number=self.number,
            slug=self.slug,
            name=self.name,
            label=self.label,
            variables=filled.values,
            system=filled.system,
            user=filled.user,
            model=self.model,
            params=self.params,
        )


async def prepare(
    principal: Principal, use: PromptUse, *, verb: Literal["use", "read"] = "use", field: str = "prompt."
) -> Prepared:
    """The version that `use` names. Raises `NotFound` for a template or version that is not there for the caller."""
    label = RELEASED if use.label is None and use.version is None else use.label
    row = await db.row(
        _FIND_BY_ID if use.id is not None else _FIND_BY_SLUG,
        {
            "template": use.id if use.id is not None else use.slug,
            "label": None if label == NEWEST else label,
            "number": use.version,
            "newest": use.label in (None, NEWEST),
        },
    )
    if row is None:
        raise _no_template(use, field)
    try:
        require(principal, verb, thing(row["owner_id"], row["shares"]))
    except NotFound:
        raise _no_template(use, field) from None
    if row["version_id"] is None:
        wanted = f"version {use.version}" if use.version is not None else f"version labelled “{use.label}”"
        which = "version" if use.version is not None else "label"
        raise NotFound(f"The template {row['slug']} has no {wanted}.", field=f"{field}{which}")
    return Prepared(
        template_id=row["id"],
        version_id=row["version_id"],
        number=row["number"],
        slug=row["slug"],
        name=row["name"],
        label=row["label"],
        system=row["system"],
        user=row["user"],
        variables=tuple(Variable.model_validate(entry) for entry in row["variables"]),
        model=row["model"],
        params=row["params"],
    )


async def render(
    principal: Principal, use: PromptUse, *, verb: Literal["use", "read"] = "use", field: str = "prompt."
) -> Rendered:
    """The texts of the version that `use` names, with its values.

    Raises `NotFound`, and `BadRequest` whose `field` is `prompt.variables.<name>`.
    """
    prepared = await prepare(principal, use, verb=verb, field=field)
    return prepared.render(use.variables, field=f"{field}variables")


def _no_template(use: PromptUse, field: str) -> NotFound:
    which = "id" if use.id is not None else "slug"
    return NotFound(f"There is no template {use.id or use.slug} that you can use.", field=f"{field}{which}")


_FIND = f"""
SELECT t.id, t.owner_id, t.slug, t.name, {SHARES} AS shares, v.id AS version_id, v.number, v.system, v."user",
  v.variables, v.model, v.params, CASE WHEN %(number)s::int IS NULL THEN l.name END AS label
FROM prompts_template t
LEFT JOIN prompts_label l ON l.template_id = t.id AND l.name = %(label)s
LEFT JOIN prompts_templateversion v ON v.template_id = t.id AND CASE
  WHEN %(number)s::int IS NOT NULL THEN v.number = %(number)s
  WHEN l.version_id IS NOT NULL THEN v.id = l.version_id
  ELSE %(newest)s AND v.number = t.newest END
WHERE t.deleted_at IS NULL AND t."""  # noqa: S608

_FIND_BY_ID = _FIND + "id = %(template)s"
_FIND_BY_SLUG = _FIND + "slug = %(template)s"

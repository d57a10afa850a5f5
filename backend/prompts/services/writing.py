"""What every write of a template does: number and store a version, keep the search in step, find a free slug."""

import re
import unicodedata
from datetime import datetime
from uuid import UUID

from django.contrib.postgres.search import SearchVector
from django.db.models import Value
from django.utils import timezone

from backend.prompts.models import Template, TemplateVersion
from backend.prompts.schemas import Content

SEARCHED_CHARS = 100_000
"""How much of a version the search looks at: PostgreSQL's text vector ends at 1 MiB."""

MAX_SLUG = 80


def version_store(
    row: Template, content: Content, *, author: UUID | None, note: str, created: datetime | None = None
) -> TemplateVersion:
    """The next version of a template whose row is locked or new; the row is touched."""
    now = timezone.now()
    version = TemplateVersion(
        template=row,
        number=row.newest + 1,
        system=content.system,
        user=content.user,
        variables=[variable.model_dump(mode="json", exclude_defaults=True) for variable in content.variables],
        model=content.model,
        params=content.params.model_dump(mode="json", exclude_none=True),
        note=note,
        author_id=author,
        created=created or now,
    )
    version.save(force_insert=True)
    row.newest = version.number
    row.updated = now
    Template.objects.filter(id=row.id).update(newest=row.newest, updated=now)
    return version


def search_update(row: Template, newest: TemplateVersion | None = None) -> None:
    """Make the words that the search looks at those of the row and its newest version."""
    version = newest or TemplateVersion.objects.get(template=row, number=row.newest)
    heading = " ".join([row.name, row.slug.replace("-", " "), row.description, row.folder.replace("/", " "), *row.tags])
    words = f"{heading} {version.user} {version.system}"[:SEARCHED_CHARS]
    Template.objects.filter(id=row.id).update(search=SearchVector(Value(words), config="simple"))


def slug_of(name: str) -> str:
    """A slug made of a name; `template` where nothing is left of it."""
    plain = unicodedata.normalize("NFKD", name.replace("ß", "ss")).encode("ascii", "ignore").decode().lower()
    return "-".join(re.findall(r"[a-z0-9]+", plain))[:MAX_SLUG].strip("-") or "template"


def free_slug(wanted: str, taken: set[str] | None = None) -> str:
    """`wanted`, or `wanted-2`, … : the first that no template has. `taken` holds more that are not free."""
    stem = wanted[: MAX_SLUG - 6].strip("-")
    used = set(Template.objects.filter(deleted_at=None, slug__startswith=stem).values_list("slug", flat=True)) | (
        taken or set()
    )
    if wanted not in used:
        return wanted
    number = 2
    while f"{stem}-{number}" in used:
        number += 1
    return f"{stem}-{number}"

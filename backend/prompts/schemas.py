"""What clients send and see of templates. Unknown fields are refused."""

import re
from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import AfterValidator, BaseModel, Field, JsonValue, model_validator

from backend.catalog.params import Params
from backend.core.pagination import Page, PageQuery
from backend.core.schemas import Out, Strict, Text
from backend.core.sentences import Sentence, sentence
from backend.prompts.grammar import Malformed, names, place
from backend.prompts.variables import Variable

MAX_PART_CHARS = 200_000
MAX_VARIABLES = 50
MAX_TAGS = 20
MAX_TEMPLATES_IN_IMPORT = 5_000
MAX_VERSIONS_IN_IMPORT = 500

NEWEST = "latest"
"""The label that every template has without anybody setting it."""

Access = Literal["view", "edit"]
Held = Literal["owner", "edit", "view"]

_SLUG = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*\Z")
_LABEL = re.compile(r"[a-z0-9][a-z0-9_-]*\Z")


def _slug(value: str) -> str:
    if not _SLUG.match(value):
        raise ValueError("a slug has small letters, digits and single hyphens, such as reply-to-a-customer")
    return value


def _label(value: str) -> str:
    if not _LABEL.match(value):
        raise ValueError("a label has small letters, digits, - and _")
    return value


def _trimmed(value: str) -> str:
    if not value.strip():
        raise ValueError("it may not be empty")
    return value.strip()


def _tags(value: list[str]) -> list[str]:
    return list(dict.fromkeys(" ".join(tag.split()) for tag in value if tag.strip()))


def _folder(value: str) -> str:
    return "/".join(part.strip() for part in value.split("/") if part.strip())


Slug = Annotated[Text, Field(min_length=1, max_length=80), AfterValidator(_slug)]
Label = Annotated[Text, Field(min_length=1, max_length=40), AfterValidator(_label)]
TemplateName = Annotated[Text, Field(max_length=120), AfterValidator(_trimmed)]
Description = Annotated[Text, Field(max_length=2_000)]
Folder = Annotated[Text, Field(max_length=120), AfterValidator(_folder)]
Tags = Annotated[list[Annotated[Text, Field(max_length=40)]], Field(max_length=MAX_TAGS), AfterValidator(_tags)]
Part = Annotated[Text, Field(max_length=MAX_PART_CHARS)]
Number = Annotated[int, Field(ge=1, le=2**31 - 1)]


class Unsound(ValueError):
    """What is wrong with one field of a version; `said` without the field's name."""

    def __init__(self, field: str, said: Sentence) -> None:
        super().__init__(f"{field}: {said.text}")
        self.field = field
        self.said = said


class Content(Strict):
    """What a version holds. Every placeholder is a variable; the model and its parameters are what is asked unless a
    message says otherwise."""

    system: Part = ""
    user: Part = ""
    variables: Annotated[list[Variable], Field(max_length=MAX_VARIABLES)] = Field(default_factory=list)
    model: Annotated[Text, Field(max_length=200)] = ""
    params: Params = Params()

    @model_validator(mode="after")
    def _sound(self) -> "Content":
        known = [variable.name for variable in self.variables]
        twice = next((name for name in known if known.count(name) > 1), None)
        if twice is not None:
            raise ValueError(f"the variable {twice} is there twice")
        for part in ("system", "user"):
            text: str = getattr(self, part)
            try:
                unknown = [name for name in names(text) if name not in known]
            except Malformed as error:
                raise Unsound(part, error.said) from None
            if unknown:
                line, column = place(text, unknown[0])
                missing = sentence(
                    "no_variable", "there is no variable {name}. Add it or mend its name.", name=unknown[0]
                )
                raise Unsound(part, Malformed(missing, line=line, column=column).said)
        if not self.system.strip() and not self.user.strip():
            raise Unsound(
                "user",
                sentence("template_empty", "a template needs some text, in its system or in its user part"),
            )
        return self


class VersionNew(Content):
    """The body of `POST prompts/{id}/versions`. `base` is the version that it was made from: where another one came
    meanwhile, nothing is stored."""

    note: Annotated[Text, Field(max_length=500)] = ""
    base: Number | None = None


class TemplateNew(Content):
    """The body of `POST prompts`: the template and its first version. Without a `slug`, one is made of the name."""

    name: TemplateName
    slug: Slug | None = None
    description: Description = ""
    folder: Folder = ""
    tags: Tags = Field(default_factory=list)
    note: Annotated[Text, Field(max_length=500)] = ""


class TemplateUpdate(Strict):
    """The body of `PATCH prompts/{id}`; `deleted: false` undoes a deletion."""

    name: TemplateName | None = None
    slug: Slug | None = None
    description: Description | None = None
    folder: Folder | None = None
    tags: Tags | None = None
    deleted: Literal[False] | None = None


class LabelPut(Strict):
    """The body of `PUT prompts/{id}/labels/{label}`."""

    version: Number


class ShareNew(Strict):
    """The body of `POST prompts/{id}/shares`: with a person by address, one of the own teams, or everybody."""

    person: Annotated[Text, Field(max_length=254)] | None = None
    team: UUID | None = None
    everybody: Literal[True] | None = None
    access: Access = "view"

    @model_validator(mode="after")
    def _one(self) -> "ShareNew":
        if sum(value is not None for value in (self.person, self.team, self.everybody)) != 1:
            raise ValueError("name either a person, a team or everybody")
        return self


Values = dict[Annotated[str, Field(max_length=200)], JsonValue]


class Which(Strict):
    """The body of `POST prompts/{id}/render`. Without label and version: `released` if it is set, else the newest."""

    label: Label | None = None
    version: Number | None = None
    variables: Values = Field(default_factory=dict)

    @model_validator(mode="after")
    def _one_version(self) -> "Which":
        if self.label is not None and self.version is not None:
            raise ValueError("name either a label or a version")
        return self


class PromptUse(Which):
    """The `prompt` field of a message or a completion: a template by id or slug, a version of it, and its values."""

    id: UUID | None = None
    slug: Slug | None = None

    @model_validator(mode="after")
    def _one_template(self) -> "PromptUse":
        if (self.id is None) == (self.slug is None):
            raise ValueError("name the template by id or by slug")
        return self


class Preview(Content):
    """The body of `POST prompts/preview`: a version that is not stored, and values for it."""

    values: Values = Field(default_factory=dict)


class Conflicts(Strict):
    """The body of `POST prompts/import`. `on_conflict` is for a slug that is taken: `skip` it, import it under another
    slug (`rename`), or add a `version` to an own template. `dry_run` stores nothing and reports the same."""

    document: dict[str, Any]
    on_conflict: Literal["skip", "rename", "version"] = "skip"
    dry_run: bool = False


class PersonOut(Out):
    """Somebody, as others see them."""

    id: UUID
    name: str


class LabelOut(Out):
    """A label and the version it points at."""

    name: str
    version: int


class VersionListed(Out):
    """A version without its texts."""

    id: UUID
    number: int
    note: str
    model: str
    author: PersonOut | None
    labels: list[str]
    created: datetime


class VersionOut(VersionListed):
    """A version."""

    system: str
    user: str
    variables: list[Variable]
    params: Params


class TemplateListed(Out):
    """A template in a list. `access` is what the caller may do with it; `newest` the number of its newest version."""

    id: UUID
    slug: str
    name: str
    description: str
    folder: str
    tags: list[str]
    owner: PersonOut
    access: Held
    newest: int
    labels: list[LabelOut]
    shared: bool
    created: datetime
    updated: datetime


class TemplateOut(TemplateListed):
    """A template; `current` is the version that a use without label and version takes."""

    current: VersionOut


class ShareOut(Out):
    """Whom a template is shared with: `name` is the person's or the team's, empty for everybody."""

    id: UUID
    kind: Literal["person", "team", "everybody"]
    with_id: UUID | None
    name: str
    access: Access


class Shares(Out):
    """All shares of a template, and the own teams that it could be shared with."""

    items: list[ShareOut]
    teams: list[PersonOut]


class Count(Out):
    """A folder, tag or label, and how many templates have it."""

    name: str
    count: int


class Facets(Out):
    """What the visible templates can be narrowed by."""

    total: int
    folders: list[Count]
    tags: list[Count]
    labels: list[Count]


class RenderedOut(Out):
    """A filled template: what a message with it would say."""

    template: UUID | None
    version: UUID | None
    slug: str
    number: int
    label: str | None
    variables: dict[str, Any]
    system: str
    user: str
    model: str
    params: Params


class Span(Out):
    """A run of characters of a line; `changed` where the other side has something else."""

    text: str
    changed: bool


class DiffLine(Out):
    """A line: the same on both sides, or only on one. `old` and `new` are its numbers there."""

    op: Literal["same", "removed", "added"]
    old: int | None
    new: int | None
    spans: list[Span]


class DiffField(Out):
    """One part of a version. Unchanged stretches of a long text are left out: numbers jump there."""

    field: Literal["system", "user", "variables", "model", "params"]
    changed: bool
    lines: list[DiffLine]


class Diff(Out):
    """What changed between two versions."""

    old: int
    new: int
    fields: list[DiffField]


class Skipped(Out):
    """A template of a document that was not imported, and why."""

    index: int
    slug: str
    reason: str


class Imported(Out):
    """A template of a document that was imported; `change` says how."""

    index: int
    slug: str
    id: UUID | None
    change: Literal["made", "renamed", "version"]


class ImportReport(Out):
    """What became of each template of a document."""

    imported: list[Imported]
    skipped: list[Skipped]
    dry_run: bool


class TemplateQuery(PageQuery):
    """`?q=` searches names, slugs, descriptions, tags and texts; the rest narrows the list."""

    cursor: Annotated[str, Field(max_length=600)] | None = None
    q: Annotated[Text, Field(max_length=200)] = ""
    folder: Annotated[Text, Field(max_length=120)] | None = None
    tag: Annotated[Text, Field(max_length=40)] | None = None
    label: Annotated[Text, Field(max_length=40)] | None = None
    owner: Literal["me", "others"] | None = None


class VersionQuery(PageQuery):
    """`?cursor=&limit=`."""


class DiffQuery(BaseModel):
    """`?old=&new=`; without `new`, the newest version; without `old`, the one before `new`. `context`: how many
    unchanged lines are told round a change.
    """

    old: Number | None = None
    new: Number | None = None
    context: Annotated[int, Field(ge=0, le=100_000)] = 3


TemplatePage = Page[TemplateListed]
VersionPage = Page[VersionListed]

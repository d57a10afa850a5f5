"""What clients send and see of jobs. Unknown fields are refused."""

from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import BaseModel, Field, model_validator

from backend.catalog.params import Params
from backend.chat.schemas import Position
from backend.core.pagination import Page
from backend.core.schemas import Flag, Number, Strict, Text, Whole
from backend.prompts.schemas import Label, PromptUse, Slug

StatusName = Literal["queued", "running", "paused", "done", "failed", "cancelled"]
RowStatusName = Literal["pending", "running", "done", "failed", "cancelled"]
FormatName = Literal["csv", "jsonl", "xlsx"]
ResultFormat = Literal["json", "csv", "jsonl", "zip", "md"]
"""`zip` and `md` are for exports."""

DepthName = Literal["quick", "standard", "deep"]
FreshnessName = Literal["day", "week", "month", "year"]

MAX_CONCURRENCY = 100
MAX_INLINE = 1000
MAX_MODELS = 8

Name = Annotated[Text, Field(min_length=1, max_length=200)]
Money = Annotated[float, Field(strict=True, gt=0, le=1_000_000, allow_inf_nan=False)]


class Template(Strict):
    """Texts in which `{{name}}` stands for a variable. Or a stored template by `id` or `slug`, at a `label` or a
    `version`: without them `released` if it is set, else the newest.
    """

    system: Text = Field("", max_length=100_000)
    user: Text | None = Field(None, min_length=1, max_length=100_000)
    id: UUID | None = None
    slug: Slug | None = None
    label: Label | None = None
    version: Whole | None = Field(None, ge=1, lt=2**31)

    @model_validator(mode="after")
    def _one(self) -> "Template":
        if not self.stored and self.user is None:
            raise ValueError("give the text `user`, or name a stored template by `id` or `slug`")
        if self.stored and (self.user is not None or self.system):
            raise ValueError("give either texts or a stored template")
        if not self.stored and (self.label is not None or self.version is not None):
            raise ValueError("a label or a version is one of a stored template")
        if self.label is not None and self.version is not None:
            raise ValueError("name either a label or a version")
        return self

    @property
    def stored(self) -> bool:
        """Whether it names a stored template. `id` decides where both are given."""
        return self.id is not None or self.slug is not None


class BatchSpec(Strict):
    """A template over the rows of a table, once for each model. A stored template brings its model and parameters,
    where no others are given.

    The table is an uploaded `file`, or `rows` given here. `mapping` names the column of a variable; a variable without
    one is its column's name. `errors`: `refuse` a table with a broken line, or `keep` the error beside the row.
    `cost_cap` pauses the job before it could cost more. `encoding`, `delimiter` and `sheet` are found out otherwise.
    """

    template: Template
    file: UUID | None = None
    rows: list[dict[str, Any]] | None = Field(None, min_length=1, max_length=MAX_INLINE)
    mapping: dict[Name, Name] = Field(default_factory=dict, max_length=200)
    models: list[Name] | None = Field(None, min_length=1, max_length=MAX_MODELS)
    model: Name | None = None
    params: Params | None = None
    concurrency: Whole = Field(8, ge=1, le=MAX_CONCURRENCY)
    cost_cap: Money | None = None
    errors: Literal["refuse", "keep"] = "refuse"
    format: FormatName | None = None
    encoding: Text = Field("", max_length=40)
    delimiter: Text = Field("", max_length=1)
    sheet: Text = Field("", max_length=60)


class JobCreate(Strict):
    """The body of `POST jobs`. `spec` is what the kind asks for: see the guide to jobs."""

    kind: Name
    name: Text = Field("", max_length=200)
    spec: dict[str, Any]


class ScheduleSpec(Strict):
    """A job at times, or a prompt: `cron` is minute, hour, day of the month, month, day of the week, by the clock of
    `timezone`. The prompt is a stored template with its values; its version is looked up each time.
    """

    cron: Text = Field(min_length=9, max_length=100)
    timezone: Text = Field("UTC", min_length=1, max_length=60)
    job: JobCreate | None = None
    prompt: PromptUse | None = None
    model: Name | None = None

    @model_validator(mode="after")
    def _one(self) -> "ScheduleSpec":
        if (self.job is None) == (self.prompt is None):
            raise ValueError("give either a job or a prompt")
        if self.model is not None and self.prompt is None:
            raise ValueError("a model is the prompt's; a job names its own")
        return self


SourceName = Literal["chatgpt", "openwebui", "librechat", "rivulet"]


class ImportSpec(Strict):
    """Conversations out of an uploaded export. `source` is found out otherwise; `folder` is where they are put."""

    file: UUID
    source: SourceName | None = None
    folder: Text = Field("", max_length=120)


class ExportSpec(Strict):
    """All of a person's data, the parts in `include`, or only the `conversations` named."""

    conversations: list[UUID] | None = Field(None, min_length=1, max_length=10_000)
    include: list[Name] | None = Field(None, min_length=1, max_length=20)


class ResearchLimits(Strict):
    """Where a research stops reading and writes its report: searches, pages, steps (rows of work), minutes of work."""

    searches: Whole | None = Field(None, ge=1, le=100)
    pages: Whole | None = Field(None, ge=1, le=200)
    steps: Whole | None = Field(None, ge=5, le=1000)
    minutes: Whole | None = Field(None, ge=1, le=600)


class ResearchSpec(Strict):
    """A question to be answered from the web, in a report with citations.

    `depth` sets the limits; `limits` replaces some of them. `language` is the report's, the question's otherwise.
    `freshness` wants results of that time only. `instructions` are wishes for all steps. `cost_cap` pauses the job
    before it could cost more.
    """

    question: Text = Field(min_length=1, max_length=4000)
    model: Name | None = None
    depth: DepthName = "standard"
    language: Text = Field("", max_length=40)
    freshness: FreshnessName | None = None
    instructions: Text = Field("", max_length=4000)
    limits: ResearchLimits | None = None
    cost_cap: Money | None = None


class MaintenanceSpec(Strict):
    """The steps to take, in their order; all of them else. `dry_run` only says what they would do."""

    dry_run: Flag = False
    steps: list[Name] | None = Field(None, min_length=1, max_length=20)


class JobClone(Strict):
    """The body of `POST jobs/{id}/clone`: `spec` replaces the fields of the original's that it names."""

    name: Text | None = Field(None, max_length=200)
    spec: dict[str, Any] = Field(default_factory=dict)


class JobResume(Strict):
    """The body of `POST jobs/{id}/resume`: another cost cap, where the old one was reached."""

    cost_cap: Number | None = Field(None, gt=0, le=1_000_000, allow_inf_nan=False)


class JobOut(BaseModel):
    """A job as clients see it. Follow `topic` from `position`. `wanted`: `pause` or `cancel`, while that is under way.

    In lists and events `spec` has only what is short; `GET jobs/{id}` has it whole. `step_said` and `error` have the
    stable name of their `sentence` and its `params` where there is one, to be said in another language.

    `rate` in rows a second, `eta_s` in seconds, costs in the currency of the price list. Of `cost`, `lost_cost` is an
    estimate for the `lost_calls` that were cut off and made again: the rest is what the rows cost.
    """

    id: UUID
    kind: str
    name: str
    spec: dict[str, Any]
    status: StatusName
    reason: str
    error: dict[str, Any] | None
    wanted: str
    step: str
    step_said: dict[str, Any] | None
    total: int
    done: int
    failed: int
    rate: float
    eta_s: float | None
    input_tokens: int
    output_tokens: int
    cost: float
    lost_calls: int
    lost_cost: float
    cost_cap: float | None
    file: UUID | None
    cloned_from: UUID | None
    topic: str
    position: Position
    created: datetime
    started: datetime | None
    finished: datetime | None


class Undone(BaseModel):
    """What became of an import's conversations: `kept` were changed since."""

    removed: int
    kept: int


class RowOut(BaseModel):
    """A row of work. `line` is its line in the source; `attempt` how often it was begun, `lost` how often in vain."""

    index: int
    line: int
    model: str
    status: RowStatusName
    input: dict[str, Any] | None
    output: str
    error: dict[str, Any] | None
    usage: dict[str, Any] | None
    cost: float | None
    attempt: int
    lost: int
    finished: datetime | None


class KindsOut(BaseModel):
    """What this site can do: kinds of jobs, the forms that a result can be downloaded in, and the parts that an
    export can include. Bytes that an uploaded file may have: `max_file`, and `max_import` of an export to be imported.
    """

    kinds: list[str]
    formats: list[str]
    parts: list[str] = []
    max_file: int
    max_import: int


class TimesOut(BaseModel):
    """When a schedule comes: the next times, by the clock of its zone."""

    times: list[datetime]


class TableProblem(BaseModel):
    """What is wrong with an uploaded table, and where. `said` names the sentence in `reason`, with its parameters."""

    line: int | None
    reason: str
    said: dict[str, Any] | None = None


class FileOut(BaseModel):
    """An uploaded file. `columns` and `preview` (its first rows) where it is a table; `problems` that they showed.
    `source` is whose export of conversations it is, "" where it is none.
    """

    id: UUID
    name: str
    size: int
    format: str
    created: datetime
    columns: list[str] = []
    preview: list[dict[str, str]] = []
    problems: list[TableProblem] = []
    source: str = ""


JobPage = Page[JobOut]
RowPage = Page[RowOut]
FilePage = Page[FileOut]

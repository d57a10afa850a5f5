"""What clients send and see of usage and budgets."""

from datetime import date, datetime
from typing import Annotated, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from backend.core.schemas import Day, Out
from backend.usage.events import MeasureName, PeriodName, ScopeName

By = Literal["day", "model", "user", "team", "key", "template"]
View = Literal["own", "all"]

LONGEST_DAYS = 400
MOST_GROUPS = 5000


class UsageQuery(BaseModel):
    """`by` names up to three columns to group by, comma-separated; `from` and `to` are days of UTC, both included.

    `view=all` is for who may see everybody's usage; by default it is the caller's own.
    """

    by: Annotated[str, Field(max_length=60)] = "day"
    from_: Annotated[Day | None, Field(alias="from")] = None
    to: Day | None = None
    view: View = "own"
    user: UUID | None = None
    team: UUID | None = None
    key: UUID | None = None
    model: Annotated[str | None, Field(max_length=200)] = None
    template: UUID | None = None

    model_config = ConfigDict(populate_by_name=True)

    @field_validator("by")
    @classmethod
    def _known(cls, value: str) -> str:
        names = [name.strip() for name in value.split(",") if name.strip()]
        wrong = next((name for name in names if name not in By.__args__), None)  # type: ignore[attr-defined]
        if wrong is not None:
            raise ValueError(f"There is nothing to group by called `{wrong}`: day, model, user, team, key or template.")
        if not names or len(names) > 3 or len(set(names)) != len(names):
            raise ValueError("Name one to three different columns to group by.")
        return ",".join(names)

    @model_validator(mode="after")
    def _in_order(self) -> "UsageQuery":
        if self.from_ and self.to:
            if self.from_ > self.to:
                raise ValueError("`from` lies after `to`.")
            if (self.to - self.from_).days >= LONGEST_DAYS:
                raise ValueError(f"At most {LONGEST_DAYS} days at a time.")
        return self


class UsageSums(Out):
    """Calls and what they took. Web searches are calls as well, with the `credits` that their service counted. `cost`
    in US dollars; `estimated`: calls that no provider counted, for the most part cut answers; `unpriced`: calls to
    models without a price, of which `cost` knows nothing. `first_token_ms` is a mean; `tokens_per_s` counts from the
    first token on.
    """

    calls: int
    errors: int
    estimated: int
    unpriced: int
    input_tokens: int
    output_tokens: int
    cached_tokens: int
    reasoning_tokens: int
    searches: int
    credits: int
    cost: float
    first_token_ms: float | None
    tokens_per_s: float | None


class UsageGroup(UsageSums):
    """The sums of one group; of the columns, those that were grouped by are there. Each has a name for people, too, as
    long as it is there.
    """

    day: date | None = None
    model: str | None = None
    provider: str | None = None
    user: UUID | None = None
    user_name: str | None = None
    team: UUID | None = None
    team_name: str | None = None
    key: UUID | None = None
    key_name: str | None = None
    template: UUID | None = None
    template_name: str | None = None
    template_slug: str | None = None


class UsageReport(Out):
    """Groups by day in order, otherwise the dearest first; `truncated` where there were more than are shown."""

    view: View
    by: list[By]
    from_: Annotated[date, Field(serialization_alias="from", validation_alias="from")]
    to: date
    items: list[UsageGroup]
    total: UsageSums
    truncated: bool = False


class BudgetNew(BaseModel):
    """A budget. Without a `subject` it holds for each person, team or key alone."""

    model_config = ConfigDict(extra="forbid")

    name: Annotated[str, Field(max_length=120)] = ""
    scope: ScopeName
    subject: UUID | None = None
    period: PeriodName = "month"
    measure: MeasureName = "cost"
    limit: Annotated[float, Field(ge=0, le=10**14, allow_inf_nan=False)]
    enabled: bool = True


class BudgetChange(BaseModel):
    """What may change of a budget."""

    model_config = ConfigDict(extra="forbid")

    name: Annotated[str | None, Field(max_length=120)] = None
    limit: Annotated[float | None, Field(ge=0, le=10**14, allow_inf_nan=False)] = None
    enabled: bool | None = None


class BudgetOut(Out):
    """A budget as it stands now for one subject: what is used of it, open reservations included."""

    id: UUID
    name: str
    scope: ScopeName
    subject: UUID | None
    subject_name: str | None
    each: bool
    period: PeriodName
    measure: MeasureName
    limit: float
    used: float
    percent: float
    enabled: bool
    start: datetime
    resets: datetime


class BudgetList(Out):
    """All of them on one page."""

    items: list[BudgetOut]
    next: None = None

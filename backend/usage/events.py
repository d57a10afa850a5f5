"""What usage publishes in a person's topic, as typed classes. The database's triggers write it."""

from datetime import datetime
from typing import Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict

ScopeName = Literal["user", "team", "key", "everybody"]
PeriodName = Literal["day", "month"]
MeasureName = Literal["cost", "tokens", "requests"]


class BudgetWarned(BaseModel):
    """`usage`: 80 or 100 percent of a budget are used, said once each for a period.

    It goes to the person, the key's owner, all of the team, or the administrators where the budget is everybody's.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    budget: UUID
    name: str
    scope: ScopeName
    subject: UUID | None
    period: PeriodName
    measure: MeasureName
    used: float
    limit: float
    percent: Literal[80, 100]
    resets: datetime

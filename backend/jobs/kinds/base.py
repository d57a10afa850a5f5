"""What a kind of job brings: its spec's check, its rows, and what to do for one of them."""

from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, Protocol, runtime_checkable
from uuid import UUID

from backend.accounts.principal import Principal
from backend.core.sentences import Said, problem, text_of
from backend.jobs.models import Job
from backend.usage.ledger import RowOrder, Settlement


class SpecError(Exception):
    """A spec turns out to be impossible while its rows are made. `line` and `offset` (in bytes) of the source, where it
    is one's fault; `code` is stable.
    """

    def __init__(
        self,
        said: Said,
        *,
        line: int | None = None,
        field: str | None = None,
        code: str = "bad_request",
        offset: int | None = None,
    ) -> None:
        self.said = said
        self.message = message = text_of(said)
        self.line = line
        self.field = field
        self.code = code
        self.offset = offset
        super().__init__(message)

    def plain(self) -> dict[str, Any]:
        """As a job holds it."""
        found = {**problem(self.code, self.said), "line": self.line, "offset": self.offset}
        return {name: value for name, value in found.items() if value is not None}


@dataclass(frozen=True, slots=True)
class Checked:
    """A spec that was checked against what is there: `spec` as it is kept, `source` the file that it reads.

    `cost_cap`: what it may cost. `at_once`: its rows are few enough to be made with it.
    """

    spec: dict[str, Any]
    source: UUID | None = None
    cost_cap: Decimal | None = None
    at_once: bool = True


@dataclass(frozen=True, slots=True)
class NewRow:
    """A row to be made. One with an `error` has failed from the first. `tokens`: about what goes into its call."""

    line: int = 0
    model: str = ""
    input: dict[str, Any] | None = None
    error: dict[str, Any] | None = None
    tokens: int = 0


@dataclass(slots=True)
class Reserve:
    """Grows while the rows are walked. None: no price is known."""

    most: Decimal | None = None

    def add(self, cost: Decimal | None) -> None:
        """One row's estimate."""
        if cost is not None and (self.most is None or cost > self.most):
            self.most = cost


@dataclass(frozen=True, slots=True)
class Rows:
    """The rows to be made, and what one of them may cost at most, by estimate, once they are all walked. `columns` are
    those of the source, in its order, where the spec does not have them.
    """

    rows: Iterator[NewRow]
    reserve: Reserve = field(default_factory=Reserve)
    columns: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class Taken:
    """A row that is this worker's to do now. `call` is what the ledger knows this attempt by; see `Calling`."""

    index: int
    line: int
    model: str
    input: dict[str, Any]
    attempt: int
    id: UUID | None = None
    call: UUID | None = None


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a row ended: `error` (`code`, `message`) says that it failed. `cost` None: no price is known.

    `settlement` is of the call that was reserved for the row, stored with it. `more` rows are added to the job, in the
    commit that stores this one.
    """

    output: str = ""
    error: dict[str, Any] | None = None
    usage: dict[str, Any] | None = None
    cost: Decimal | None = None
    settlement: Settlement | None = None
    more: Sequence[NewRow] = ()


class Handle(Protocol):
    """What a kind may do with the job that it works on, beside its rows. Stored with the next group of results."""

    job: Job

    def log(self, said: Said, *, level: str = "info") -> None:
        """A line of the job's log."""

    def step(self, said: Said) -> None:
        """What is being done now."""

    def emit(self, type: str, data: dict[str, Any]) -> None:  # noqa: A002
        """An event of the job's topic. What a row says last, without waiting, is stored together with its outcome."""

    def save(self, state: dict[str, Any]) -> None:
        """What whoever takes over is to know."""

    def broken_off(self, row: Taken, settlement: Settlement) -> None:
        """What the call of a row took that is cancelled in the middle. The row itself is somebody else's then."""


class Work(Protocol):
    """A kind at work on one job, in one worker."""

    concurrency: int

    async def run(self, row: Taken) -> Outcome:
        """Do one row. Cancelled when its worker stops. Raises nothing that a person can be told about, but for
        `QuotaExceeded`, before it has begun: the row stays to be done, and the job is paused.
        """


@runtime_checkable
class Calling(Work, Protocol):
    """Work that calls a model once for each row. The call is reserved in the statement that takes the row, under
    `Taken.call`, and settled by `Outcome.settlement` in the one that stores its end. What calls models in another way
    books by itself: see `backend.jobs.calls`.
    """

    async def orders(self) -> Sequence[RowOrder]:
        """What is reserved for rows that are taken now, by their models. Raises an `AppError` that ends the job."""


class Kind(ABC):
    """`long`: it may run for hours, so it never takes all of a worker's places. `standing`: no worker ever has it."""

    name: str
    long: bool = False
    standing: bool = False

    @abstractmethod
    async def check(self, principal: Principal, spec: dict[str, Any]) -> Checked:
        """Check a spec against what is there and what its maker may use. Raises an `AppError` with a `field`."""

    @abstractmethod
    def rows(self, job: Job) -> Rows:
        """All rows of a job, in a thread, in the transaction that stores them. Raises `SpecError`, while walked too."""

    def changed(self, job: Job) -> None:  # noqa: B027
        """A person has made, paused, resumed or ended it; in the transaction of that."""

    async def further(self, job: Job) -> Sequence[NewRow]:  # noqa: ARG002
        """All rows have ended: those that come next, for which none of them could ask alone. None: the job is done.

        Raises an `AppError` that the job has failed with. Asked again after a death, so only what is stored counts.
        """
        return ()

    @abstractmethod
    def open(self, handle: Handle) -> AbstractAsyncContextManager[Work]:
        """Begin to work. Raises an `AppError` that ends the job."""

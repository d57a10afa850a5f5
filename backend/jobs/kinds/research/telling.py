"""Tells in the job's topic what each step is at."""

from typing import Any

from backend.core.sentences import Said
from backend.jobs.events import ResearchStep
from backend.jobs.kinds.base import Handle, Taken

NAMES: dict[str, str] = {"mend": "verify"}
"""Steps that are told as another."""


class Telling:
    """One event as a step begins, and one as it ends; both have all that is known by then."""

    def __init__(self, handle: Handle) -> None:
        self._handle = handle
        self._begun: dict[int, ResearchStep] = {}

    def begun(self, row: Taken, event: type[ResearchStep], said: Said, **data: Any) -> None:
        """`said` is the job's step now."""
        self._handle.step(said)
        told = event(row=row.index, state="begun", **data)
        self._begun[row.index] = told
        self._emit(row, told)

    def more(self, row: Taken, **data: Any) -> None:
        """What there is in between."""
        self._emit(row, self._begun[row.index].model_copy(update={"state": "writing", **data}))

    def done(self, row: Taken, **data: Any) -> None:
        """It came to something. Nothing may be waited for between this and the step's return."""
        begun = self._begun.pop(row.index)
        self._emit(row, begun.model_validate({**begun.model_dump(), "state": "done", **data}))

    def failed(self, row: Taken, error: dict[str, Any]) -> None:
        """It came to nothing."""
        begun = self._begun.pop(row.index, None)
        if begun is not None:
            self._emit(row, begun.model_copy(update={"state": "failed", "error": error}))

    def _emit(self, row: Taken, told: ResearchStep) -> None:
        step = row.input["do"]
        self._handle.emit(NAMES.get(step, step), told.model_dump(mode="json"))

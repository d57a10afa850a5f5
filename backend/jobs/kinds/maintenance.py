"""The kind `maintenance`: what `upkeep` does for the site, a row for each step. For administrators, and once a day.

Such jobs belong to the site's administrators together, whoever has begun one.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from backend.accounts.permissions import Site, may
from backend.accounts.principal import Principal
from backend.core.db import in_thread
from backend.core.errors import Forbidden
from backend.core.sentences import sentence
from backend.jobs.kinds.base import Checked, Handle, Kind, NewRow, Outcome, Rows, Taken, Work
from backend.jobs.kinds.checked import read_spec
from backend.jobs.models import Job
from backend.jobs.schemas import MaintenanceSpec
from backend.jobs.upkeep import STEPS, step_of


class MaintenanceKind(Kind):
    """See the module."""

    name = "maintenance"

    async def check(self, principal: Principal, spec: dict[str, Any]) -> Checked:
        """See `Kind`."""
        if not may(principal, "write", Site("settings")):
            raise Forbidden("Maintenance is for administrators.")
        given = read_spec(MaintenanceSpec, spec)
        for name in given.steps or ():
            step_of(name)
        return Checked(spec=given.model_dump(mode="json"))

    def rows(self, job: Job) -> Rows:
        """See `Kind`."""
        spec = MaintenanceSpec.model_validate(job.spec)
        names = spec.steps or list(STEPS)
        return Rows(NewRow(line=number, input={"step": name}) for number, name in enumerate(names, 1))

    @asynccontextmanager
    async def open(self, handle: Handle) -> AsyncIterator[Work]:
        """See `Kind`."""
        yield _Doing(handle)


class _Doing:
    """See `Work`."""

    concurrency = 1

    def __init__(self, handle: Handle) -> None:
        self._handle = handle
        self._dry = MaintenanceSpec.model_validate(handle.job.spec).dry_run

    async def run(self, row: Taken) -> Outcome:
        """One step."""
        step = step_of(row.input["step"])
        self._handle.step(step.name)
        said = await in_thread(step.run, dry=self._dry)
        self._handle.log(sentence("upkeep", "{step}: {said}", step=step.name, said=said))
        return Outcome(output=said.text)

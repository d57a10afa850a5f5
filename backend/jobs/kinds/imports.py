"""The kind `import`: conversations out of an export of another site, or of our own, a row for each.

A worker looks through the whole file first, so that a file that is none is refused before anything is kept. A
conversation is kept whole in one transaction, once for each id of its source, whoever comes back from the dead.
"""

import asyncio
import json
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, BinaryIO

from backend.accounts.absent import principal_of
from backend.accounts.permissions import Owned, may
from backend.accounts.principal import Principal
from backend.catalog.models import Model
from backend.core.db import in_thread
from backend.core.errors import AppError, BadRequest, Unavailable
from backend.core.sentences import Sentence, problem_of, sentence
from backend.jobs import portable
from backend.jobs.imports.base import BadExport
from backend.jobs.imports.opening import Opened, open_export
from backend.jobs.imports.reading import Found, conversation_at, item_at, look_through
from backend.jobs.imports.store import conversation_keep
from backend.jobs.kinds.base import Checked, Handle, Kind, NewRow, Outcome, Rows, SpecError, Taken, Work
from backend.jobs.kinds.checked import read_spec
from backend.jobs.models import File, Job, files_folder
from backend.jobs.schemas import ImportSpec

CONCURRENCY = 3
AWAY_PAUSE = 0.3
NO_EXPORT = frozenset({"csv", "xlsx"})


class ImportKind(Kind):
    """See the module."""

    name = "import"

    async def check(self, principal: Principal, spec: dict[str, Any]) -> Checked:
        """See `Kind`."""
        given = read_spec(ImportSpec, spec)
        file = await in_thread(File.objects.filter(id=given.file).first)
        if file is None or not may(principal, "read", Owned("file", file.owner_id)):
            raise BadRequest("There is no such file. Upload it first.", field="spec.file")
        if file.format in NO_EXPORT:
            raise BadRequest("This is a table. An export is JSON, or a zip with JSON in it.", field="spec.file")
        return Checked(spec=given.model_dump(mode="json"), source=given.file, at_once=False)

    def rows(self, job: Job) -> Rows:
        """See `Kind`."""
        try:
            opened = _opened(job)
        except BadExport as error:
            raise _refusal(error) from error
        return Rows(_rows(job, opened, ImportSpec.model_validate(job.spec)))

    @asynccontextmanager
    async def open(self, handle: Handle) -> AsyncIterator[Work]:
        """See `Kind`."""
        job = handle.job
        try:
            opened = await in_thread(_opened, job)
        except BadExport as error:
            raise _refusal(error) from error
        principal = await principal_of(job.owner_id)
        models = frozenset(await in_thread(lambda: list(Model.objects.values_list("name", flat=True))))
        with opened.path.open("rb") as file:
            try:
                yield _Taking(handle, file, ImportSpec.model_validate(job.spec), principal, models)
            finally:
                spool_of(job).unlink(missing_ok=True)


class _Taking:
    """See `Work`."""

    concurrency = CONCURRENCY

    def __init__(
        self, handle: Handle, file: BinaryIO, spec: ImportSpec, principal: Principal, models: frozenset[str]
    ) -> None:
        self._handle, self._file, self._spec = handle, file, spec
        self._principal, self._models = principal, models
        self._reading = asyncio.Lock()
        self._leaving = False
        job = handle.job
        self._left = job.total - job.done - job.failed
        self._results: Counter[str] = Counter(job.state.get("results", {}))

    async def run(self, row: Taken) -> Outcome:
        """One conversation. What has begun is brought to its end, as a thread can't be broken off."""
        work = asyncio.create_task(self._patiently(row))
        while not work.done():
            try:
                await asyncio.shield(work)
            except asyncio.CancelledError:
                self._leaving = True
        outcome = work.result()
        self._count(outcome)
        return outcome

    async def _patiently(self, row: Taken) -> Outcome:
        """Wait for a database that is away, unless the worker has to go."""
        while True:
            try:
                return await self._keep(row)
            except Unavailable:
                if self._leaving:
                    raise asyncio.CancelledError from None
                await asyncio.sleep(AWAY_PAUSE)

    async def _keep(self, row: Taken) -> Outcome:
        found = Found(**{name: value for name, value in row.input.items() if name != "id"}, ident=row.input["id"])
        try:
            if found.part:
                async with self._reading:
                    item = await asyncio.to_thread(item_at, self._file, found)
                kept = await in_thread(portable.parts()[found.part].keep, principal=self._principal, item=item)
                return Outcome(output=json.dumps(kept, ensure_ascii=False))
            assert found.source is not None
            async with self._reading:
                told = await asyncio.to_thread(conversation_at, self._file, found)
            done = await in_thread(
                conversation_keep,
                owner=self._principal.user_id,
                job=self._handle.job.id,
                source=found.source,
                ident=found.ident,
                told=told,
                folder=self._spec.folder,
                models=self._models,
            )
        except BadExport as error:
            return Outcome(error=error.plain())
        except Unavailable:
            raise
        except AppError as error:
            return Outcome(error=problem_of(error))
        output = {
            "conversation": str(done.conversation),
            "result": done.result,
            "messages": done.messages,
            "left_out": told.left_out.plain(),
        }
        return Outcome(output=json.dumps(output, ensure_ascii=False))

    def _count(self, outcome: Outcome) -> None:
        """Say at the end how it went."""
        self._results["skipped" if outcome.error else json.loads(outcome.output).get("result", "imported")] += 1
        self._handle.save({"results": dict(self._results)})
        self._left -= 1
        if not self._left:
            self._handle.log(_summary(self._results))


def spool_of(job: Job) -> Path:
    """Where a zip is unpacked to while its job is at work."""
    return files_folder() / f"{job.id}.import"


def _opened(job: Job) -> Opened:
    if job.source is None:
        raise BadExport("file_gone", "The file was deleted. Upload it again.")
    return open_export(job.source.path, spool=spool_of(job), own_entries=_own_entries())


def _own_entries() -> frozenset[str]:
    return frozenset(f"{name}.json" for name in portable.importable())


def _rows(job: Job, opened: Opened, spec: ImportSpec) -> Iterator[NewRow]:
    """Asks the database nothing: its connection is busy storing these."""
    try:
        for number, found in enumerate(look_through(opened, source=spec.source, parts=portable.importable()), 1):
            row = {"source": found.source, "id": found.ident, "title": found.title, "part": found.part}
            place = {"entry": found.entry, "at": found.at, "size": found.size, "line": found.line, "depth": found.depth}
            yield NewRow(line=number, input=row | place, error=found.error)
    except BadExport as error:
        spool_of(job).unlink(missing_ok=True)
        raise _refusal(error) from error


def _refusal(error: BadExport) -> SpecError:
    return SpecError(error.message, code=error.code, offset=error.offset, line=error.line, field="spec.file")


def _summary(results: Counter[str]) -> Sentence:
    said = {"imported": "imported", "updated": "brought up to date", "known": "known already", "skipped": "skipped"}
    text = "; ".join(f"{{{name}}} {words}" for name, words in said.items() if results[name]) + "."
    return sentence("imported", text, **{name: results[name] for name in said})

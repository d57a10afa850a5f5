"""`job.<id>`: how far a job is, row by row; its events are in the outbox, numbered with the changes that they tell."""

from collections.abc import Sequence
from typing import Any

from backend.accounts.permissions import may
from backend.accounts.principal import Principal
from backend.chat.rows import as_id
from backend.chat.topics.outbox_kind import OutboxKind
from backend.core import db
from backend.core.errors import NotFound
from backend.jobs.access import thing_of
from backend.jobs.events import JobSnapshot, Log
from backend.jobs.rows import eta_of
from realtime import Position, Snapshot

SHOWN_LINES = 50


class JobKind(OutboxKind):
    """Followed by everyone who has the job open."""

    name = "job"
    TABLE = "jobs_job"

    async def authorize(self, *, principal: Principal, topic: str) -> None:
        """Whoever may read the job."""
        if not (await self.authorized([(principal, topic)]))[0]:
            raise NotFound

    async def authorized(self, pairs: Sequence[tuple[Any, str]]) -> list[bool]:
        """One query for all."""
        ids = [as_id(topic.partition(".")[2]) for _, topic in pairs]
        known = await db.rows(_OWNERS, {"ids": [found for found in ids if found]})
        things = {row["id"]: thing_of(kind=row["kind"], owner=row["owner_id"]) for row in known}
        return [
            found in things and may(principal, "read", things[found])
            for found, (principal, _) in zip(ids, pairs, strict=True)
        ]

    async def snapshot(self, *, topic: str) -> Snapshot:
        """The job's row, which has everything at its own position. Rows of work come by REST."""
        row = await db.row(_JOB, {"id": self.topic_id(topic)})
        if row is None:
            raise NotFound
        running = row["status"] == "running"
        ended = row["done"] + row["failed"]
        data = JobSnapshot.model_construct(
            **{name: row[name] for name in ("status", "reason", "error", "wanted", "done", "failed", "total")},
            step=row["step"],
            step_said=row["step_said"],
            rate=row["rate"] if running else 0.0,
            eta_s=eta_of(total=row["total"], ended=ended, rate=row["rate"]) if running else None,
            cost=float(row["cost"]),
            input_tokens=row["input_tokens"],
            output_tokens=row["output_tokens"],
            lost_calls=row["lost_calls"],
            lost_cost=float(row["lost_cost"]),
            log=[Log.model_construct(**line) for line in row["log"][-SHOWN_LINES:]],
        )
        return Snapshot(Position(row["epoch"], row["position"]), data.model_dump(mode="json"))


_OWNERS = "SELECT id, owner_id, kind FROM jobs_job WHERE id = ANY(%(ids)s)"

_JOB = """
SELECT epoch, position, status, reason, error, wanted, done, failed, total, rate, cost, input_tokens, output_tokens,
  lost_calls, lost_cost, step, step_said, log
FROM jobs_job WHERE id = %(id)s
"""

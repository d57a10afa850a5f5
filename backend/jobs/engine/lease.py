"""Who has a job: claims by the database's clock, each with a higher fence, and how a job is let go of."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.db import connection, transaction
from django.db.models import F
from django.db.models.functions import Now

from backend.core import outbox
from backend.core.sentences import Sentence, problem, reason_of, sentence
from backend.jobs import books, changes
from backend.jobs.access import MAINTENANCE
from backend.jobs.events import RowEnded
from backend.jobs.models import MOST_LOST, STEP, WAITING, Job, Status
from backend.jobs.settings import MOST_IDLE_CLAIMS
from backend.usage.money import dollars

PLACELESS = sentence("waiting_place", "Waiting for a place.")
MAKES_ROOM = sentence("makes_room", "Making room for others.")


@dataclass(frozen=True, slots=True)
class Place:
    """Where jobs are worked on. `worker` is the process group with `slots` places, `name` one of its processes.

    `most` jobs of a person run at a time; 0: any number.
    """

    worker: str
    name: str
    slots: int
    most: int


def claim(*, job: UUID, place: Place, lease: float, long: bool) -> Job | None:
    """Have the job for `lease` seconds; rows that a worker had when it died are pending again.

    None: it has ended, somebody has it, or it has to wait for a place.
    """
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended('jobs.claim', 0))")
        found = Job.objects.select_for_update(of=("self",)).filter(id=job, status__in=WAITING).first()
        if found is None:
            return None
        cursor.execute("SELECT lease_until IS NULL OR lease_until < now() FROM jobs_job WHERE id = %s", [job])
        if not cursor.fetchone()[0]:
            return None
        if found.wanted:
            _obey(found)
            return None
        if waits := _waits(cursor, found, place, long=long):
            if found.step != waits.text:
                found.say(waits)
                Job.objects.filter(id=found.id).update(step=found.step, step_said=found.step_said)
                changes.progressed(found)
            return None
        died = found.lease_until is not None
        found.idle_claims += died
        if found.idle_claims > MOST_IDLE_CLAIMS:
            _bury(found)
            return None
        _take(cursor, found, place, lease=lease, died=died)
        return found


def _take(cursor: Any, found: Job, place: Place, *, lease: float, died: bool) -> None:
    begun = found.status == Status.QUEUED
    found.status, found.fence, found.lease_owner = Status.RUNNING, found.fence + 1, place.name
    if found.step.startswith("Waiting"):
        found.say("")
    released, before = books.release(found), (found.lost_calls, found.lost_cost)
    cursor.execute(_LOST, {"job": found.id, "most": MOST_LOST, "released": released})
    lost = cursor.fetchall()
    books.give_up(found)
    given_up = [index for index, status in lost if status == "failed"]
    found.failed += len(given_up)
    if lost:
        found.cursor = min(found.cursor, *(index for index, _ in lost))
    if died:
        changes.logged(found, _taken_over(len(lost)), level="warning")
    if found.lost_calls > before[0]:
        changes.logged(found, _reckoned(found.lost_calls - before[0], found.lost_cost - before[1]), level="warning")
    cursor.execute(_CLAIMED, {"id": found.id, "lease": lease})
    found.started_at, found.updated = cursor.fetchone()
    fields = ["status", "fence", "lease_owner", *STEP, "failed", "cursor", "log", "idle_claims", "started_at"]
    found.save(update_fields=[*fields, *books.TOTALS])
    for index in given_up:
        event = RowEnded(index=index, status="failed", error=_WORN)
        outbox.publish(row=found, topic=found.topic, type="row", data=event)
    if begun:
        changes.told(found)


def end(
    *,
    job: Job,
    status: Status,
    reason: str = "",
    error: dict[str, Any] | None = None,
    release: bool = True,
    back: Sequence[int] = (),
) -> bool:
    """Store how a job ended or why it stands still, and let go of it. False: somebody else has it.

    Rows in `back` were taken and not begun.
    """
    with transaction.atomic():
        found = Job.objects.select_for_update(of=("self",)).filter(id=job.id, fence=job.fence).first()
        if found is None or (release and found.status != Status.RUNNING):
            return False
        if back:
            rows = found.rows.filter(status="running", index__in=back)
            rows.update(status="pending", attempt=F("attempt") - 1)
            found.cursor = min(found.cursor, *back)
            found.save(update_fields=["cursor"])
        if status == Status.PAUSED and not reason and found.wanted != "pause":
            return hand_over(job=job, waits=True)  # resumed or cancelled meanwhile: the last word counts
        settle(found, status=status, reason=reason, error=error)
    return True


def settle(found: Job, *, status: Status, reason: str = "", error: dict[str, Any] | None = None) -> None:
    """The same, for a locked row that nobody has."""
    found.status, found.reason, found.error, found.wanted = status, reason, error, ""
    found.lease_owner, found.lease_until, found.rate = "", None, 0
    books.give_up(found)
    if status == Status.CANCELLED:
        found.rows.filter(status="running").update(status="cancelled", lost=F("lost") + 1)
        found.rows.filter(status="pending").update(status="cancelled")
    if status in (Status.DONE, Status.FAILED, Status.CANCELLED):
        found.say("")
        Job.objects.filter(id=found.id).update(finished_at=Now())
    if error is not None:
        changes.logged(found, reason_of(error), level="error")
    changes.progressed(found)
    found.save(
        update_fields=[
            *("status", "reason", "error", "wanted", "lease_owner", "lease_until", "rate", *STEP, "log"),
            *("updated", *books.TOTALS),
        ]
    )
    found.refresh_from_db(fields=["finished_at"])
    changes.told(found)


def hand_over(*, job: Job, waits: bool = False) -> bool:
    """Let go of a running job for the next worker, at once. What was under way counts as lost. `waits`: others come
    first.
    """
    with transaction.atomic(), connection.cursor() as cursor:
        found = Job.objects.select_for_update(of=("self",)).filter(id=job.id, fence=job.fence).first()
        if found is None or found.status != Status.RUNNING:
            return False
        cursor.execute(_LOST, {"job": found.id, "most": 32767, "released": books.release(found)})
        lost = [index for index, _ in cursor.fetchall()]
        found.cursor = min([found.cursor, *lost])
        found.lease_owner, found.lease_until = "", None
        books.give_up(found)
        if waits:
            found.say(PLACELESS)
            changes.progressed(found)
        else:
            changes.logged(found, sentence("handed_over", "The worker was told to stop; another one goes on."))
        found.save(update_fields=["cursor", "lease_owner", "lease_until", *STEP, "log", *books.TOTALS])
        changes.pushed_on_commit(found)
    return True


def _obey(found: Job) -> None:
    """Do what the worker that died was asked for."""
    settle(found, status=Status.CANCELLED if found.wanted == "cancel" else Status.PAUSED)


def _bury(found: Job) -> None:
    said = sentence(
        "workers_died",
        "Workers died {count} times on this job without finishing a row of it.",
        count=MOST_IDLE_CLAIMS,
    )
    settle(found, status=Status.FAILED, reason="dead", error=problem("internal", said))


def _waits(cursor: Any, found: Job, place: Place, *, long: bool) -> Sentence | None:
    own, here, places = _busy(cursor, found, place)
    if place.most and own >= place.most and found.kind != MAINTENANCE:
        return sentence("waiting_own", "Waiting until another job of yours has ended.")
    if long and here + _before(cursor, found, place, places=places) >= max(1, place.slots - 1):
        return PLACELESS
    return None


def crowded(*, job: Job, place: Place) -> bool:
    """Whether the job is to give up its place after its share of time: all are taken, and somebody waits who has none,
    or fewer than its owner has beside it. No more jobs give way than people wait.
    """
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended('jobs.claim', 0))")
        _, here, places = _busy(cursor, job, place)
        if here + 1 < max(1, place.slots - 1):
            return False
        needy = sum(theirs < max(places, 1) for theirs, _ in _queue(cursor, job, place))
        step, said = MAKES_ROOM.text, json.dumps(MAKES_ROOM.plain())
        cursor.execute(_GIVE_WAY, {"id": job.id, "kind": job.kind, "needy": needy, "step": step, "said": said})
        return bool(cursor.rowcount)


def _before(cursor: Any, found: Job, place: Place, *, places: int) -> int:
    """How many people are before it in the queue for places: they have fewer, or wait longer."""
    return sum((theirs, since) < (places, found.updated) for theirs, since in _queue(cursor, found, place))


def _busy(cursor: Any, found: Job, place: Place) -> tuple[int, int, int]:
    """Of other jobs at work: the owner's, those of its kind on this worker, and the owner's of its kind."""
    cursor.execute(_BUSY, {"id": found.id, "owner": found.owner_id, "kind": found.kind, "worker": place.worker})
    own, here, places = cursor.fetchone()
    return own, here, places


def _queue(cursor: Any, found: Job, place: Place) -> list[tuple[int, Any]]:
    """Of each other person who waits with a job of its kind: how many such have places, and since when one waits."""
    cursor.execute(_QUEUE, {"owner": found.owner_id, "kind": found.kind, "most": place.most})
    return list(cursor.fetchall())


def _taken_over(lost: int) -> Sentence:
    calls = {0: "", 1: " The call that was under way is made again."}
    again = calls.get(lost, " {count} calls under way are made again.")
    return sentence(
        "taken_over_calls" if lost else "taken_over", f"The worker died; another one goes on.{again}", count=lost
    )


def _reckoned(calls: int, cost: Decimal) -> Sentence:
    one = "1 call under way was cut off; it is reckoned at {cost}, by estimate."
    more = "{count} calls under way were cut off; they are reckoned at {cost}, by estimate."
    return sentence("calls_reckoned", one if calls == 1 else more, count=calls, cost=dollars(cost))


_WORN = problem(
    "internal", sentence("row_worn", "The worker died {count} times while it did this row.", count=MOST_LOST)
)

_LOST = f"""
WITH fate AS (
  SELECT id, n.lost, n.lost > r.lost AND n.lost >= %(most)s AS worn, r.attempt + n.lost - r.lost - 1 AS attempt
  FROM jobs_jobrow r, LATERAL (
    SELECT CASE WHEN r.call = ANY(%(released)s::uuid[]) THEN r.lost ELSE r.lost + 1 END AS lost
  ) n WHERE r.job_id = %(job)s AND r.status = 'running'
)
UPDATE jobs_jobrow r SET lost = f.lost, attempt = f.attempt, status = CASE WHEN f.worn THEN 'failed' ELSE 'pending' END,
  error = CASE WHEN f.worn THEN '{json.dumps(_WORN)}'::jsonb ELSE r.error END
FROM fate f WHERE r.id = f.id RETURNING r.index, r.status
"""  # noqa: S608

_CLAIMED = """
UPDATE jobs_job SET lease_until = now() + make_interval(secs => %(lease)s), started_at = coalesce(started_at, now()),
  updated = now() WHERE id = %(id)s RETURNING started_at, updated
"""

_BUSY = """
SELECT count(*) FILTER (WHERE owner_id = %(owner)s AND kind <> 'maintenance'),
  count(*) FILTER (WHERE kind = %(kind)s AND starts_with(lease_owner, %(worker)s || '.')),
  count(*) FILTER (WHERE owner_id = %(owner)s AND kind = %(kind)s)
FROM jobs_job WHERE status = 'running' AND lease_until > now() AND id <> %(id)s
"""

_GIVE_WAY = """
UPDATE jobs_job SET step = %(step)s, step_said = %(said)s::jsonb WHERE id = %(id)s AND %(needy)s > (
  SELECT count(*) FROM jobs_job
  WHERE status = 'running' AND lease_until > now() AND kind = %(kind)s AND step = %(step)s AND id <> %(id)s)
"""

_QUEUE = """
SELECT count(r.id) FILTER (WHERE r.kind = %(kind)s), w.since
FROM (
  SELECT owner_id, min(updated) AS since FROM jobs_job
  WHERE status IN ('queued', 'running') AND (lease_until IS NULL OR lease_until < now()) AND kind = %(kind)s
    AND owner_id <> %(owner)s AND wanted = ''
  GROUP BY owner_id
) w
LEFT JOIN jobs_job r ON r.owner_id = w.owner_id AND r.status = 'running' AND r.lease_until > now()
GROUP BY w.owner_id, w.since
HAVING %(most)s = 0 OR count(r.id) FILTER (WHERE r.kind <> 'maintenance') < %(most)s
"""

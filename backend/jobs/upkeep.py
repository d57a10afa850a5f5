"""What the site does for itself once a day: forgets what is old, removes what nothing names any more, rolls up.

Another step is another line in `STEPS`. Each can be asked what it would do, and may be broken off and begun again.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from django.conf import settings
from django.db import connection, transaction

from backend.chat import retention
from backend.core.errors import BadRequest
from backend.core.sentences import Sentence, sentence
from backend.jobs import files
from backend.jobs.models import ENDED, File
from backend.prompts import retention as templates
from backend.usage import rollup

AT_ONCE = 100


@dataclass(frozen=True, slots=True)
class Step:
    """`run(dry=…)` does it, or only counts for a dry run, and says what."""

    name: str
    run: Callable[..., Sentence]


def step_of(name: str) -> Step:
    """Raises `BadRequest`."""
    found = STEPS.get(name)
    if found is None:
        raise BadRequest(f"There is no step {name[:40]!r}, only {', '.join(STEPS)}.", field="spec.steps")
    return found


def _conversations(*, dry: bool) -> Sentence:
    days = settings.RIVULET.deleted_days
    if not days:
        return sentence("kept_conversations", "Deleted conversations are kept for ever.")
    count = retention.purge(days=days, dry=dry)
    return _said("conversations", count, "conversation", " deleted over {days} days ago", dry=dry, days=days)


def _templates(*, dry: bool) -> Sentence:
    days = settings.RIVULET.deleted_days
    if not days:
        return sentence("kept_templates", "Deleted templates are kept for ever.")
    return _said(
        "templates",
        templates.purge(days=days, dry=dry),
        "template",
        " deleted over {days} days ago",
        dry=dry,
        days=days,
    )


def _jobs(*, dry: bool) -> Sentence:
    days = settings.RIVULET.jobs_days
    if not days:
        return sentence("kept_jobs", "Jobs are kept for ever.")
    count = 0
    while True:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(_OLD_JOBS, {"days": days, "limit": None if dry else AT_ONCE, "ended": list(ENDED)})
            old = [row[0] for row in cursor.fetchall()]
            if old and not dry:
                cursor.execute("UPDATE jobs_imported SET job_id = NULL WHERE job_id = ANY(%s)", [old])
                cursor.execute("DELETE FROM jobs_researchsource WHERE job_id = ANY(%s)", [old])
                cursor.execute("DELETE FROM jobs_jobrow WHERE job_id = ANY(%s)", [old])
                cursor.execute("DELETE FROM jobs_job WHERE id = ANY(%s)", [old])
        count += len(old)
        if dry or len(old) < AT_ONCE:
            return _said("jobs", count, "job", " ended over {days} days ago", dry=dry, days=days)


def _files(*, dry: bool) -> Sentence:
    days = settings.RIVULET.files_days
    if not days:
        return sentence("kept_files", "Uploads are kept for ever.")
    with connection.cursor() as cursor:
        cursor.execute(_OLD_FILES, {"days": days, "ended": list(ENDED)})
        old = [row[0] for row in cursor.fetchall()]
    if not dry:
        for row in File.objects.filter(id__in=old):
            path = row.path
            row.delete()
            path.unlink(missing_ok=True)
    return _said("files", len(old), "upload", " made over {days} days ago", dry=dry, days=days)


def _orphans(*, dry: bool) -> Sentence:
    return _said("orphans", files.clean(dry=dry), "file", " that nothing names", dry=dry)


def _usage(*, dry: bool) -> Sentence:
    if dry:
        return sentence("usage_would", "The days of the ledger that are over would be rolled up.")
    days = rollup.days_roll()
    return sentence("usage_rolled", f"{{count}} day{'' if days == 1 else 's'} of the ledger rolled up.", count=days)


def _said(name: str, count: int, what: str, which: str, /, *, dry: bool, **params: int) -> Sentence:
    text = f"{{count}} {what}{'' if count == 1 else 's'}{which} {'would be ' if dry else ''}removed."
    return sentence(f"{'would_remove' if dry else 'removed'}_{name}", text, count=count, **params)


STEPS: Final[dict[str, Step]] = {
    step.name: step
    for step in (
        Step("conversations", _conversations),
        Step("templates", _templates),
        Step("jobs", _jobs),
        Step("files", _files),
        Step("orphans", _orphans),
        Step("usage", _usage),
    )
}

_OLD_JOBS = """
SELECT id FROM jobs_job WHERE status = ANY(%(ended)s) AND finished_at < now() - make_interval(days => %(days)s)
ORDER BY finished_at LIMIT %(limit)s FOR UPDATE SKIP LOCKED
"""

_OLD_FILES = """
SELECT f.id FROM jobs_file f WHERE f.created < now() - make_interval(days => %(days)s) AND NOT EXISTS (
  SELECT 1 FROM jobs_job j WHERE j.source_id = f.id AND j.status <> ALL(%(ended)s))
"""

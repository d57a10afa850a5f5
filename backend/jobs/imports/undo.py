"""Takes back what an import has brought, as far as nobody has touched it since: it goes where deleted things go."""

from uuid import UUID

from django.db import connection, transaction

from backend.accounts.permissions import require
from backend.accounts.principal import Principal
from backend.core.errors import BadRequest, Conflict, NotFound
from backend.core.sentences import sentence
from backend.jobs import changes
from backend.jobs.access import thing_of
from backend.jobs.models import ENDED, Imported, Job
from backend.jobs.schemas import Undone

UNDONE = "undone"


def import_undo(*, principal: Principal, job: UUID) -> Undone:
    """Raises `NotFound`, `BadRequest` for another kind of job, `Conflict` for one that has not ended."""
    with transaction.atomic(), connection.cursor() as cursor:
        found = Job.objects.select_for_update(of=("self",)).filter(id=job).first()
        if found is None:
            raise NotFound
        require(principal, "write", thing_of(kind=found.kind, owner=found.owner_id))
        if found.kind != "import":
            raise BadRequest("Only an import can be undone.")
        if found.status not in ENDED:
            raise Conflict("This job has not ended. Cancel it first.")
        cursor.execute(_UNDO, {"job": found.id})
        removed = int(cursor.fetchone()[0])
        kept = Imported.objects.filter(job_id=found.id, conversation__deleted_at=None).count()
        if removed:
            found.reason = UNDONE
            text = "Undone: {removed} removed" + (", {kept} kept, as they were changed since." if kept else ".")
            name = "import_undone_kept" if kept else "import_undone"
            changes.logged(found, sentence(name, text, removed=removed, kept=kept))
            found.save(update_fields=["reason", "log"])
            changes.told(found)
    return Undone(removed=removed, kept=kept)


_UNDO = """
WITH gone AS (
  UPDATE chat_conversation c SET deleted_at = now(), position = c.position + 1
  FROM jobs_imported i
  WHERE i.job_id = %(job)s AND c.id = i.conversation_id AND c.deleted_at IS NULL AND c.position = i.position
  RETURNING c.id, c.owner_id, c.epoch, c.position, c.updated
), told AS (
  INSERT INTO core_outboxevent (topic, epoch, "offset", body)
  SELECT 'conversation.' || id, epoch, position, '{"type":"conversation.updated","data":{"deleted":true}}' FROM gone
  UNION ALL
  SELECT 'user.' || owner_id, '', NULL, jsonb_build_object('type', 'conversation.changed', 'data', jsonb_build_object(
    'id', id, 'change', 'deleted', 'conversation', NULL, 'updated', updated))::text FROM gone
)
SELECT count(*) FROM gone
"""

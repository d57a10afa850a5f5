"""What the site does for itself: forgets what is old, by its settings, as jobs of its administrators."""

import io
import os
from uuid import UUID

from django.conf import settings as django_settings
from django.core.management import call_command

from backend.accounts.models import User
from backend.core import db
from backend.core.db import in_thread
from backend.jobs import daily
from backend.jobs.models import files_folder
from tests.integration.jobs.conftest import JobSite
from tests.integration.jobs.test_files import kept, upload
from tests.integration.jobs.test_import import imported
from tests.support import exports


async def aged(statement: str) -> None:
    async with db.connect() as connection:
        await connection.execute(statement)


async def test_what_is_old_goes_and_what_is_not_stays(site: JobSite, settings):
    client, _ = await site.someone("boss@example.org")
    await User.objects.filter(email="boss@example.org").aupdate(role="admin")
    ada = await site.ada()
    job, [old, young] = await imported(site, ada, [exports.openwebui(), {**exports.openwebui(), "id": "young"}])
    for one in (old, young):
        assert (await ada.delete(f"/api/v1/conversations/{one['conversation']}")).status_code == 204
    await aged(
        f"UPDATE chat_conversation SET deleted_at = now() - interval '31 days' WHERE id = '{old['conversation']}'"
    )
    batch = await site.batch(ada)
    await aged(f"UPDATE jobs_job SET finished_at = now() - interval '181 days' WHERE id = '{job['id']}'")
    waiting = await upload(ada, b"word\nx\n")
    await aged("UPDATE jobs_file SET created = now() - interval '91 days'")
    await aged(f"UPDATE jobs_job SET source_id = '{waiting['id']}' WHERE id = '{batch['id']}'")
    left = files_folder() / "left"
    left.write_bytes(b"x")
    os.utime(left, (0, 0))

    out = io.StringIO()
    await in_thread(call_command, "maintenance", "--dry-run", stdout=out)
    assert out.getvalue().splitlines() == [
        "conversations: 1 conversation deleted over 30 days ago would be removed.",
        "templates: 0 templates deleted over 30 days ago would be removed.",
        "jobs: 1 job ended over 180 days ago would be removed.",
        "files: 1 upload made over 90 days ago would be removed.",
        "orphans: 1 file that nothing names would be removed.",
        "usage: The days of the ledger that are over would be rolled up.",
    ]
    never = django_settings.RIVULET.model_copy(update={"deleted_days": 0, "jobs_days": 0, "files_days": 0})
    settings.RIVULET, usual = never, django_settings.RIVULET
    await in_thread(call_command, "maintenance", "conversations", "templates", "jobs", "files", stdout=out)
    settings.RIVULET = usual
    assert (await site.seen(ada, job))["done"] == 2

    refused = await ada.post("/api/v1/jobs", json={"kind": "maintenance", "spec": {}})
    assert (refused.status_code, refused.json()["code"]) == (403, "forbidden")
    made = await in_thread(daily.begin)
    assert made is not None
    assert await in_thread(daily.begin) is None, "once a day"
    found = {"id": str(made.id)}
    await site.work(found)
    [listed] = (await client.get("/api/v1/jobs?kind=maintenance")).json()["items"]
    assert (listed["id"], listed["status"], listed["name"]) == (found["id"], "done", "Daily maintenance")
    rows = (await site.seen(client, found, "/rows"))["items"]
    assert [row["output"].split()[0] for row in rows[:5]] == ["1", "0", "1", "1", "1"]
    assert (await ada.get(f"/api/v1/jobs/{found['id']}")).status_code == 404
    assert (await ada.get("/api/v1/jobs?kind=maintenance")).json()["items"] == []

    assert (await ada.get(f"/api/v1/jobs/{job['id']}")).status_code == 404
    assert (await ada.get(f"/api/v1/jobs/{batch['id']}")).status_code == 200
    assert kept() == [waiting["id"]]
    there = await db.rows("SELECT id FROM chat_conversation", {})
    assert [row["id"] for row in there] == [UUID(young["conversation"])]
    remembered = await db.rows("SELECT conversation_id, job_id FROM jobs_imported", {})
    assert [(row["conversation_id"], row["job_id"]) for row in remembered] == [(UUID(young["conversation"]), None)]

    wrong = await client.post("/api/v1/jobs", json={"kind": "maintenance", "spec": {"steps": ["sweep"]}})
    assert wrong.json()["errors"][0]["field"] == "spec.steps"
    dry = await client.post("/api/v1/jobs", json={"kind": "maintenance", "spec": {"dry_run": True, "steps": ["jobs"]}})
    assert (dry.status_code, dry.json()["total"]) == (201, 1)


async def test_a_job_with_a_row_that_was_given_up_is_among_the_dead(site: JobSite):
    client = await site.ada()
    fine, worn = await site.batch(client), await site.batch(client)
    await aged(f"UPDATE jobs_jobrow SET lost = 3, status = 'failed' WHERE job_id = '{worn['id']}' AND index = 1")
    dead = (await client.get("/api/v1/jobs?dead=true")).json()["items"]
    assert [one["id"] for one in dead] == [worn["id"]]
    assert fine["id"] != worn["id"]

"""A schedule: kept with beat while it stands, one job for each of its times."""

from typing import Any
from uuid import UUID

from django_celery_beat.models import PeriodicTask

from backend.core import db
from backend.jobs import pusher, schedules
from tests.integration.jobs.conftest import JobSite

BATCH = {"kind": "batch", "name": "words", "spec": {"template": {"user": "{{a}}"}, "rows": [{"a": "1"}]}}


def spec(**more: Any) -> dict[str, Any]:
    return {"kind": "schedule", "spec": {"cron": "30 7 * * 1-5", "timezone": "Europe/Berlin", "job": BATCH, **more}}


def kept() -> list[tuple[str, bool, str]]:
    tasks = PeriodicTask.objects.filter(task="jobs.fire").select_related("crontab")
    return [(task.args, task.enabled, f"{task.crontab.hour} {task.crontab.timezone}") for task in tasks]


async def test_each_of_its_times_begins_one_job_while_it_stands(site: JobSite):
    client = await site.ada()
    made = (await client.post("/api/v1/jobs", json=spec())).json()
    assert made["status"] == "queued"
    assert made["step"].startswith("Next at ")
    assert site.pushed == []
    assert await db.in_thread(kept) == [(f'["{made["id"]}"]', True, "7 Europe/Berlin")]
    assert await db.in_thread(pusher.requeue) == 0, "no worker ever has it"
    for key in ("a", "a", "b"):
        assert await schedules.fire(UUID(made["id"]), key=key)
    jobs = (await client.get("/api/v1/jobs?kind=batch")).json()["items"]
    assert [(job["cloned_from"], job["name"]) for job in jobs] == [(made["id"], "words")] * 2
    assert len(site.pushed) == 2
    assert (await site.seen(client, made))["done"] == 2
    await client.post(f"/api/v1/jobs/{made['id']}/pause")
    assert [enabled for _, enabled, _ in await db.in_thread(kept)] == [False]
    assert not await schedules.fire(UUID(made["id"]), key="c")
    assert (await client.post(f"/api/v1/jobs/{made['id']}/resume")).json()["step"].startswith("Next at ")
    assert [enabled for _, enabled, _ in await db.in_thread(kept)] == [True]
    await client.post(f"/api/v1/jobs/{made['id']}/cancel")
    assert await db.in_thread(kept) == []


async def test_its_next_times_are_told_before_it_is_made(site: JobSite):
    client = await site.ada()
    able = (await client.get("/api/v1/jobs/kinds")).json()
    assert "schedule" in able["kinds"]
    assert 0 < able["max_file"] <= able["max_import"]
    asked: dict[str, str | int] = {"cron": "30 7 * * 1", "timezone": "Asia/Tokyo", "count": 3}
    times = (await client.get("/api/v1/jobs/times", params=asked)).json()["times"]
    assert len(times) == 3
    assert {one[10:] for one in times} == {"T07:30:00+09:00"}
    assert times == sorted(times)
    for field, wrong in (("spec.cron", {"cron": "7 30"}), ("spec.timezone", {"timezone": "Mars/Base"})):
        reply = await client.get("/api/v1/jobs/times", params={**asked, **wrong})
        assert (reply.status_code, reply.json()["errors"][0]["field"]) == (422, field), reply.text
    assert (await client.get("/api/v1/jobs/times", params={**asked, "cron": "0 0 31 2 *"})).json()["times"] == []


async def test_its_jobs_have_its_name_and_one_that_can_never_begin_is_refused(site: JobSite):
    client = await site.ada()
    unnamed = {name: value for name, value in BATCH.items() if name != "name"}
    made = (await client.post("/api/v1/jobs", json={**spec(job=unnamed), "name": "Every morning"})).json()
    await schedules.fire(UUID(made["id"]), key="a")
    assert (await client.get("/api/v1/jobs?kind=batch")).json()["items"][0]["name"] == "Every morning"
    never = {"kind": "batch", "spec": {"template": {"user": "{{x}}"}, "rows": [{"a": "1"}]}}
    reply = await client.post("/api/v1/jobs", json=spec(job=never))
    assert (reply.status_code, reply.json()["errors"][0]["field"]) == (422, "spec.job.spec.mapping.x"), reply.text


async def test_what_can_not_be_begun_is_in_its_log(site: JobSite):
    client = await site.ada()
    made = (await client.post("/api/v1/jobs", json=spec())).json()
    site.registry.entries.clear()
    assert await schedules.fire(UUID(made["id"]), key="a")
    seen = await site.seen(client, made)
    assert (seen["done"], seen["failed"]) == (0, 1)
    logs = [event["data"] for event in await site.events(made) if event["type"] == "log"]
    assert logs[-1]["level"] == "error"
    assert "could not be begun" in logs[-1]["text"]
    assert (logs[-1]["sentence"], seen["step_said"]["sentence"]) == ("not_begun", "comes_next")
    assert seen["step_said"]["params"]["timezone"] == "Europe/Berlin"


async def test_what_is_wrong_is_refused_by_its_field(site: JobSite):
    client = await site.ada()
    wrong = {
        "spec.cron": spec(cron="61 * * * *"),
        "spec.timezone": spec(timezone="Europe/Atlantis"),
        "spec.job.kind": spec(job={"kind": "schedule", "spec": {}}),
        "spec.job.spec.file": spec(job={"kind": "batch", "spec": {"template": {"user": "x"}}}),
    }
    for field, body in wrong.items():
        reply = await client.post("/api/v1/jobs", json=body)
        assert (reply.status_code, reply.json()["errors"][0]["field"]) == (422, field), reply.text
    never = await client.post("/api/v1/jobs", json=spec(cron="0 0 31 2 *"))
    assert never.json()["detail"] == "This time never comes."
    assert await db.in_thread(kept) == []

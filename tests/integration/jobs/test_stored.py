"""Batches and schedules with a stored template."""

import csv
import io
from typing import Any
from uuid import UUID

from backend.jobs import schedules
from tests.integration.jobs.conftest import JobSite


async def template(client: Any, **content: Any) -> dict[str, Any]:
    given = {
        "slug": "reply",
        "name": "Reply",
        "system": "Be short.",
        "user": "Say {{word}} {{times}} times.",
        **content,
    }
    given.setdefault("variables", [{"name": "word"}, {"name": "times", "type": "number", "max": 9, "default": 2}])
    reply = await client.post("/api/v1/prompts", json=given)
    assert reply.status_code == 201, reply.text
    made: dict[str, Any] = reply.json()
    return made


async def test_a_batch_asks_with_the_version_that_it_was_made_with_and_says_so(site: JobSite):
    ada = await site.ada()
    made = await template(ada, model="other", params={"temperature": 0.5, "max_tokens": 9})
    stored = {"slug": "reply"}
    rows = [{"word": "hi", "n": "3"}, {"word": "ho", "n": ""}, {"word": "hu", "n": "many"}, {"word": "", "n": "1"}]
    refused = await site.batch(ada, rows=rows, template=stored, mapping={"times": "n"}, status=422)
    assert "Line 3: times: a number is needed" in refused["detail"]
    job = await site.batch(
        ada, rows=rows, template=stored, mapping={"times": "n"}, errors="keep", params={"max_completion_tokens": 5}
    )
    assert job["spec"]["template"] == {"id": made["id"], "slug": "reply", "version": 1}
    assert (job["spec"]["models"], job["failed"], "pinned" in job["spec"]) == (["other"], 2, False)
    content = {"user": "Another {{word}}", "variables": [{"name": "word"}]}
    assert (await ada.post(f"/api/v1/prompts/{made['id']}/versions", json=content)).status_code == 201
    await site.work(job)
    said = [[message["content"] for message in call.messages] for call in site.provider.calls]
    assert sorted(said) == [["Be short.", "Say hi 3 times."], ["Be short.", "Say ho 2 times."]]
    assert site.provider.calls[0].params == {"temperature": 0.5, "max_completion_tokens": 5}
    [lacking] = [
        row for row in (await site.seen(ada, job, "/rows"))["items"] if row["input"] is None or row["line"] == 4
    ]
    assert "it is needed, and empty" in lacking["error"]["message"]
    calls = await site.calls(job)
    assert {(str(call["template"]), call["template_version"] is not None) for call in calls} == {(made["id"], True)}
    report = (await ada.get("/api/v1/usage?by=template")).json()
    assert [group["calls"] for group in report["items"]] == [2]
    result = await ada.get(f"/api/v1/jobs/{job['id']}/result?format=csv")
    [header, first, *_] = list(csv.reader(io.StringIO(result.content.decode("utf-8-sig"))))
    assert dict(zip(header, first, strict=True))["template"] == "reply@1"
    assert (await ada.get(f"/api/v1/jobs/{job['id']}/result")).json()["rows"][0]["template"] == "reply@1"
    clone = await ada.post(f"/api/v1/jobs/{job['id']}/clone")
    assert clone.json()["spec"]["template"]["version"] == 1
    newest = await site.batch(ada, rows=1, template={"id": made["id"]})
    assert newest["spec"]["template"]["version"] == 2


async def test_a_template_that_is_not_ones_own_or_wrongly_named_is_refused(site: JobSite):
    ada, _ = await site.someone()
    eve, _ = await site.someone("eve@example.org")
    made = await template(ada)
    for client, given, field, status in (
        (eve, {"slug": "reply"}, "spec.template.slug", 404),
        (ada, {"slug": "reply", "version": 7}, "spec.template.version", 404),
        (ada, {"id": made["id"], "user": "x"}, "spec.template", 422),
        (ada, {"system": "x"}, "spec.template", 422),
        (ada, {"user": "x", "label": "released"}, "spec.template", 422),
    ):
        problem = await site.batch(client, rows=1, template=given, status=status)
        assert field in str(problem), problem
    lacks = await site.batch(ada, rows=[{"other": "x"}], template={"slug": "reply"}, status=422)
    assert lacks["errors"][0]["field"] == "spec.mapping.word"


async def test_a_schedule_runs_a_prompt_as_it_stands_then(site: JobSite):
    ada = await site.ada()
    made = await template(ada)
    spec = {"cron": "30 7 * * *", "prompt": {"slug": "reply", "variables": {"word": "hi", "times": 10}}}
    wrong = await ada.post("/api/v1/jobs", json={"kind": "schedule", "spec": spec})
    assert wrong.json()["errors"][0]["field"] == "spec.prompt.variables.times"
    spec["prompt"]["variables"]["times"] = 4  # type: ignore[index]
    schedule = (await ada.post("/api/v1/jobs", json={"kind": "schedule", "spec": spec})).json()
    content = {"user": "{{word}}, {{times}}!", "variables": [{"name": "word"}, {"name": "times", "type": "number"}]}
    await ada.post(f"/api/v1/prompts/{made['id']}/versions", json=content)
    assert await schedules.fire(UUID(schedule["id"]), key="one")
    [job] = (await ada.get("/api/v1/jobs?kind=batch")).json()["items"]
    await site.work(job)
    assert [call.messages[-1]["content"] for call in site.provider.calls] == ["hi, 4!"]
    by_id = {"cron": "30 7 * * *", "prompt": {"id": made["id"], "variables": {"word": "hi", "times": 4}}}
    named = {"kind": "schedule", "name": "Mornings", "spec": by_id}
    schedule = (await ada.post("/api/v1/jobs", json=named)).json()
    assert await schedules.fire(UUID(schedule["id"]), key="two")
    assert (await ada.get("/api/v1/jobs?kind=batch")).json()["items"][0]["name"] == "Mornings"

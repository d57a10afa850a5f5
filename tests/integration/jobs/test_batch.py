"""A batch from its spec to its result: rows, models, costs, errors, downloads."""

import asyncio
import csv
import io
import json
import re

from backend.providers.base import Finish, ProviderError, TextDelta, Usage
from tests.integration.jobs.conftest import JobSite
from tests.support.scripted import Step


def answers(request) -> list[Step]:
    """Say what was asked for, in two tokens; fail for the word `bad`."""
    text = request.messages[-1]["content"]
    if "bad" in text:
        return [ProviderError("It will not be said.", temporary=False)]
    return [[TextDelta(text.upper())], [Usage(10, 2), Finish("stop")]]


async def test_every_row_is_answered_once_by_each_model_and_told(site: JobSite):
    site.provider.script = answers
    client = await site.ada()
    job = await site.batch(client, rows=4, models=["scripted", "other"], params={"temperature": 0})
    assert (job["status"], job["total"], job["done"]) == ("queued", 8, 0)
    assert [kind for _, kind in site.pushed] == ["batch"]
    assert await site.work(job)
    ended = await site.seen(client, job)
    assert (ended["status"], ended["done"], ended["failed"]) == ("done", 8, 0)
    assert ended["input_tokens"] == 80
    assert round(ended["cost"], 9) == round(8 * (10 * 2.0 + 2 * 10.0) / 1e6, 9)
    rows = (await site.seen(client, job, "/rows"))["items"]
    assert [row["index"] for row in rows] == list(range(8))
    assert [(row["model"], row["output"]) for row in rows[:3]] == [
        ("scripted", "SAY W0"),
        ("other", "SAY W0"),
        ("scripted", "SAY W1"),
    ]
    assert len(site.provider.calls) == 8
    assert site.provider.calls[0].params == {"temperature": 0}
    events = await site.events(job)
    assert sorted(event["data"]["index"] for event in events if event["type"] == "row") == list(range(8))
    progress = [event["data"] for event in events if event["type"] == "progress"]
    assert progress[-1]["done"] == 8
    told = [progress[-1][name] for name in ("input_tokens", "output_tokens")]
    assert told == [ended["input_tokens"], ended["output_tokens"]] != [0, 0]
    assert [event["data"]["status"] for event in events if event["type"] == "status"] == ["running", "done"]
    assert not await site.work(job), "an ended job is nobody's"


async def test_failed_rows_stand_beside_the_others_and_only_they_are_done_again(site: JobSite):
    site.provider.script = answers
    client = await site.ada()
    job = await site.batch(client, rows=[{"word": "a"}, {"word": "bad"}, {"word": "c"}])
    await site.work(job)
    ended = await site.seen(client, job)
    assert (ended["status"], ended["done"], ended["failed"]) == ("done", 2, 1)
    [failed] = (await site.seen(client, job, "/rows?status=failed"))["items"]
    assert failed["error"] == {"code": "provider_error", "message": "It will not be said."}
    site.provider.script = lambda request: [[TextDelta("now")], [Finish("stop")]]
    again = (await client.post(f"/api/v1/jobs/{job['id']}/retry")).json()
    assert (again["status"], again["done"], again["failed"]) == ("queued", 2, 0)
    await site.work(job)
    ended = await site.seen(client, job)
    assert (ended["status"], ended["done"], ended["failed"]) == ("done", 3, 0)
    assert [row["output"] for row in (await site.seen(client, job, "/rows"))["items"]] == ["SAY A", "now", "SAY C"]
    assert [row["index"] for row in (await site.seen(client, job, "/rows?after=0&limit=1"))["items"]] == [1]
    assert len(site.provider.calls) == 4
    assert (await client.post(f"/api/v1/jobs/{job['id']}/retry")).status_code == 409


async def test_a_job_of_which_every_row_fails_has_failed_and_says_why(site: JobSite):
    site.provider.script = answers
    client = await site.ada()
    job = await site.batch(client, rows=[{"word": "bad"}])
    await site.work(job)
    ended = await site.seen(client, job)
    assert (ended["status"], ended["reason"]) == ("failed", "rows_failed")
    assert "It will not be said." in ended["error"]["message"]


async def test_results_come_as_json_jsonl_and_csv_that_a_spreadsheet_runs_nothing_of(site: JobSite):
    site.provider.script = lambda request: [[TextDelta('=HYPERLINK("x")\n"é"')], [Usage(1, 1), Finish("stop")]]
    client = await site.ada()
    job = await site.batch(client, rows=[{"word": "-5", "model": "mine"}, {"word": "b", "model": "x"}])
    await site.work(job)
    url = f"/api/v1/jobs/{job['id']}/result"
    whole = (await client.get(url)).json()
    assert whole["columns"] == ["word", "model"]
    assert [row["output"] for row in whole["rows"]] == ['=HYPERLINK("x")\n"é"'] * 2
    lines = (await client.get(f"{url}?format=jsonl")).text.splitlines()
    assert [json.loads(line)["input"]["word"] for line in lines] == ["-5", "b"]
    reply = await client.get(f"{url}?format=csv")
    assert reply.headers["content-type"] == "text/csv; charset=utf-8"
    assert "attachment" in reply.headers["content-disposition"]
    [header, first, _] = list(csv.reader(io.StringIO(reply.content.decode("utf-8-sig"))))
    assert header[:4] == ["word", "model", "index", "line"]
    assert "result_model" in header
    told = dict(zip(header, first, strict=True))
    assert told["word"] == "-5"
    assert told["output"] == '\'=HYPERLINK("x")\n"é"'


async def test_what_can_not_be_is_refused_and_names_its_field(site: JobSite):
    client = await site.ada()

    async def refused(field: str, **spec) -> str:
        problem = await site.batch(client, status=422, **spec)
        assert problem["errors"][0]["field"] == field, problem
        return str(problem["detail"])

    assert "'word' has no column" in await refused("spec.mapping.word", rows=[{"wort": "a"}])
    await refused("spec.mapping.word", mapping={"word": "wort"})
    await refused("spec.mapping.other", mapping={"other": "word"})
    await refused("spec.file", rows=None)
    await refused("spec.file", rows=None, file="0190a0a0-0000-7000-8000-000000000000")
    await refused("spec.concurrency", concurrency=1000)
    await refused("spec.models", models=["scripted", "scripted"])
    await refused("spec.extra", extra=1)
    over = await refused("spec.cost_cap", cost_cap=0.001)
    assert re.search(r"One row may cost up to \$0\.0100\d+, which is over the cap of \$0\.001\.", over), over
    wrong = await client.post("/api/v1/jobs", json={"kind": "nothing", "spec": {}})
    assert wrong.json()["errors"][0]["field"] == "kind"
    assert (await client.get("/api/v1/jobs")).json()["items"] == []
    missing = await site.batch(client, status=404, models=["nobody"])
    assert missing["code"] == "model_unavailable"


async def test_a_cap_pauses_before_it_is_passed_and_a_higher_one_goes_on(site: JobSite):
    """A row is reserved with 1,000 tokens of answer at 10 a million, and costs that here."""
    site.provider.script = lambda request: [[TextDelta("x")], [Usage(10, 1000), Finish("stop")]]
    client = await site.ada()
    job = await site.batch(client, rows=10, cost_cap=0.0355, concurrency=10)
    await site.work(job)
    paused = await site.seen(client, job)
    assert (paused["status"], paused["reason"], paused["done"]) == ("paused", "cost_cap", 3)
    assert paused["cost"] <= 0.0355
    assert len(site.provider.calls) == 3
    low = await client.post(f"/api/v1/jobs/{job['id']}/resume", json={"cost_cap": 0.036})
    assert low.status_code == 422
    assert (await client.post(f"/api/v1/jobs/{job['id']}/resume", json={"cost_cap": 1.0})).status_code == 200
    await site.work(job)
    assert (await site.seen(client, job))["done"] == 10


async def test_concurrency_is_kept(site: JobSite):
    now = most = 0

    class Counting(type(site.provider)):  # type: ignore[misc]
        async def stream(self, request):
            nonlocal now, most
            now += 1
            most = max(most, now)
            await asyncio.sleep(0.01)
            now -= 1
            yield [TextDelta("x")]

    site.registry.provider = Counting()
    client = await site.ada()
    job = await site.batch(client, rows=30, concurrency=7)
    await site.work(job)
    assert (await site.seen(client, job))["done"] == 30
    assert most == 7


async def test_the_same_key_starts_one_job_and_a_clone_starts_another(site: JobSite):
    client = await site.ada()
    body = {"kind": "batch", "name": "words", "spec": {"template": {"user": "{{a}}"}, "rows": [{"a": "1"}]}}
    first = (await client.post("/api/v1/jobs", json=body, headers={"Idempotency-Key": "k"})).json()
    again = (await client.post("/api/v1/jobs", json=body, headers={"Idempotency-Key": "k"})).json()
    assert again["id"] == first["id"]
    clone = await client.post(f"/api/v1/jobs/{first['id']}/clone", json={"spec": {"model": "other"}})
    assert clone.status_code == 201, clone.text
    assert (clone.json()["cloned_from"], clone.json()["name"]) == (first["id"], "words")
    assert clone.json()["spec"]["models"] == ["other"]
    assert len((await client.get("/api/v1/jobs")).json()["items"]) == 2


async def test_a_job_and_its_topic_are_nobody_elses(site: JobSite):
    ada, _ = await site.someone()
    _, key = await site.someone("eve@example.org")
    eve = site.client(Authorization=f"Bearer {key}")
    job = await site.batch(ada)
    for method, path in [("GET", ""), ("GET", "/rows"), ("GET", "/result"), ("POST", "/cancel"), ("POST", "/clone")]:
        reply = await eve.request(method, f"/api/v1/jobs/{job['id']}{path}", json={} if path == "/clone" else None)
        assert reply.status_code == 404, path
    assert (await eve.get("/api/v1/jobs")).json()["items"] == []
    socket = await site.socket(key)
    refused = await socket.call("subscribe", topic=job["topic"])
    assert refused["error"]["code"] == "not_found"
    await socket.leave()

"""Imports end to end: conversations whole, once, with a report; undone as far as nobody has touched them."""

import asyncio
import io
import json
import zipfile
from typing import Any
from uuid import UUID

import httpx

from backend.core import db
from backend.jobs.engine import run_job
from backend.jobs.models import files_folder
from tests.integration.jobs.conftest import FAST, PLACE, JobSite
from tests.integration.jobs.test_files import upload
from tests.support import exports


async def started(
    client: httpx.AsyncClient, data: Any, *, name: str = "conversations.json", **spec: Any
) -> dict[str, Any]:
    file = await upload(client, data if isinstance(data, bytes) else json.dumps(data).encode(), name=name)
    reply = await client.post("/api/v1/jobs", json={"kind": "import", "spec": {"file": file["id"], **spec}})
    assert reply.status_code == 201, reply.text
    found: dict[str, Any] = reply.json()
    return found


async def imported(
    site: JobSite, client: httpx.AsyncClient, data: Any, **spec: Any
) -> tuple[dict[str, Any], list[Any]]:
    job = await started(client, data, **spec)
    await site.work(job)
    rows = (await site.seen(client, job, "/rows"))["items"]
    return await site.seen(client, job), [row["error"] or json.loads(row["output"]) for row in rows]


async def conversations(client: httpx.AsyncClient) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = (await client.get("/api/v1/conversations")).json()["items"]
    return found


async def messages(client: httpx.AsyncClient, conversation: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = (await client.get(f"/api/v1/conversations/{conversation}/messages")).json()["items"]
    return found


def zipped(files: dict[str, Any]) -> bytes:
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, value in files.items():
            archive.writestr(name, json.dumps(value))
    return data.getvalue()


async def test_a_zip_of_chatgpt_becomes_conversations_that_go_on_here(site: JobSite):
    client = await site.ada()
    broken = {"mapping": {"a": exports.node("a", "a", [])}, "title": "Round"}
    data = zipped({"conversations.json": [exports.chatgpt(), broken], "user.json": {"email": "x"}})
    file = await upload(client, data, name="chatgpt.zip")
    assert (file["format"], file["source"], file["columns"], file["problems"]) == ("zip", "chatgpt", [], [])
    reply = await client.post("/api/v1/jobs", json={"kind": "import", "spec": {"file": file["id"], "folder": "Old"}})
    job = reply.json()
    assert (job["total"], job["step"]) == (0, "Waiting to be read.")
    assert (await client.delete(f"/api/v1/files/{file['id']}")).status_code == 409, "it is still to be read"
    await site.work(job)

    ended = await site.seen(client, job)
    assert (ended["status"], ended["done"], ended["failed"]) == ("done", 1, 1)
    good, bad = (await site.seen(client, job, "/rows"))["items"]
    assert (good["input"]["source"], good["input"]["title"], bad["input"]["title"]) == ("chatgpt", "Rain", "Round")
    assert bad["error"]["code"] == "broken_tree"
    output = json.loads(good["output"])
    assert (output["result"], output["messages"], output["left_out"][2]["names"]) == ("imported", 5, ["map.pdf"])
    assert [path.name for path in files_folder().iterdir()] == [file["id"]], "what was unpacked is gone"
    assert (await site.events(job))[-1]["type"] == "status"
    said = [event["data"]["text"] for event in await site.events(job) if event["type"] == "log"]
    assert said == ["1 imported; 1 skipped."]

    archived = (await client.get("/api/v1/conversations?archived=true")).json()["items"]
    assert [(one["id"], one["title"], one["folder"]) for one in archived] == [(output["conversation"], "Rain", "Old")]
    assert archived[0]["created"] == "2023-11-14T22:13:20.250Z"
    stored = await messages(client, output["conversation"])
    assert [one["text"][:8] for one in stored] == ["Does it ", "Where?", "[Image: ", "Perhaps", "It rains"]
    retry = f"/api/v1/messages/{stored[-1]['id']}/retry"
    unknown = await client.post(retry, json={"mode": "again"})
    assert unknown.json()["detail"] == "There is no model o3."
    again = await client.post(retry, json={"mode": "again", "model": "scripted"})
    await site.ended(client, again.json())
    asked = site.provider.calls[-1].messages
    assert [one["role"] for one in asked] == ["user"]
    sent = await client.post(f"/api/v1/conversations/{output['conversation']}/messages", json={"content": "And now?"})
    await site.ended(client, sent.json())


async def test_the_same_file_twice_doubles_nothing_and_a_newer_one_adds_what_is_new(site: JobSite):
    client = await site.ada()
    value = exports.openwebui()
    ended, [first] = await imported(site, client, [value])
    assert (ended["status"], first["result"]) == ("done", "imported")
    _, [second, third] = await imported(site, client, [value, value])
    assert [one["result"] for one in (second, third)] == ["known", "known"]
    assert second["conversation"] == first["conversation"]
    assert len(await conversations(client)) == 1

    history = value["chat"]["history"]
    history["messages"]["u9"] = {"id": "u9", "parentId": "a3", "childrenIds": [], "role": "user", "content": "New"}
    history["currentId"] = "u9"
    _, [newer] = await imported(site, client, [value])
    assert (newer["result"], newer["messages"], newer["conversation"]) == ("updated", 1, first["conversation"])
    stored = await messages(client, first["conversation"])
    assert [one["seq"] for one in stored] == [1, 2, 3, 4, 5, 6]
    assert stored[-1]["parent"] == stored[-2]["id"]
    topic = f"conversation.{first['conversation']}"
    rows = await db.rows(
        'SELECT "offset", body FROM core_outboxevent WHERE topic = %(topic)s ORDER BY 1', {"topic": topic}
    )
    assert [(row["offset"], json.loads(row["body"])["type"]) for row in rows] == [
        (6, "message.created"),
        (7, "conversation.updated"),
    ]
    eve, _ = await site.someone("eve@example.org")
    _, [hers] = await imported(site, eve, [value])
    assert hers["result"] == "imported"
    assert hers["conversation"] != first["conversation"]


async def test_an_import_is_undone_but_for_what_was_touched(site: JobSite):
    client = await site.ada()
    other = {**exports.openwebui(), "id": "other"}
    job, [first, second] = await imported(site, client, [exports.openwebui(), other])
    await client.patch(f"/api/v1/conversations/{second['conversation']}", json={"title": "Mine now"})
    undone = await client.post(f"/api/v1/jobs/{job['id']}/undo")
    assert undone.json() == {"removed": 1, "kept": 1}
    assert [one["id"] for one in await conversations(client)] == [second["conversation"]]
    assert (await site.seen(client, job))["reason"] == "undone"
    assert (await client.post(f"/api/v1/jobs/{job['id']}/undo")).json() == {"removed": 0, "kept": 1}
    _, results = await imported(site, client, [exports.openwebui(), other])
    assert [one["result"] for one in results] == ["imported", "known"], "what was deleted comes again"
    back = await client.patch(f"/api/v1/conversations/{first['conversation']}", json={"deleted": False})
    assert back.status_code == 200

    eve, _ = await site.someone("eve@example.org")
    assert (await eve.post(f"/api/v1/jobs/{job['id']}/undo")).status_code == 404
    batch = await site.batch(client)
    assert (await client.post(f"/api/v1/jobs/{batch['id']}/undo")).status_code == 422
    waiting = await started(client, [other])
    assert (await client.post(f"/api/v1/jobs/{waiting['id']}/undo")).status_code == 409


async def test_what_is_no_export_imports_nothing_and_says_where(site: JobSite):
    client = await site.ada()
    for data, code, line in (
        (b'[{"a": 1}]', "unknown_shape", 1),
        (b"hello", "not_an_export", 1),
        (b'[\n{"a', "broken_json", 2),
    ):
        ended, rows = await imported(site, client, data, name="x.json")
        assert (ended["status"], ended["error"]["code"], ended["error"]["line"], rows) == ("failed", code, line, [])
    table = await upload(client, b"a,b\n1,2\n", name="t.csv")
    for spec, field in (
        ({"file": table["id"]}, "spec.file"),
        ({"file": str(UUID(int=1))}, "spec.file"),
        ({"file": table["id"], "source": "icq"}, "spec.source"),
        ({}, "spec.file"),
    ):
        refused = await client.post("/api/v1/jobs", json={"kind": "import", "spec": spec})
        assert refused.json()["errors"][0]["field"] == field
    looked = await upload(client, b'[{"mapping": {}},', name="cut.json")
    assert (looked["source"], looked["problems"]) == ("chatgpt", [])
    assert await conversations(client) == []


async def test_an_own_export_of_templates_alone_has_no_row_for_what_is_not_in_it(site: JobSite):
    client = await site.ada()
    template = {"slug": "greet", "name": "Greet", "user": "Greet {{name}}", "variables": [{"name": "name"}]}
    assert (await client.post("/api/v1/prompts", json=template)).status_code == 201
    export = (await client.post("/api/v1/jobs", json={"kind": "export", "spec": {"include": ["templates"]}})).json()
    await site.work(export)
    data = (await client.get(f"/api/v1/jobs/{export['id']}/result?format=zip")).content
    job, rows = await imported(site, client, data, name="own.zip")
    assert (job["status"], job["total"], job["failed"]) == ("done", 1, 0), rows
    cut = await upload(client, data[: len(data) // 2], name="own.zip")
    assert (cut["format"], cut["columns"]) == ("zip", []), "no spreadsheet"
    assert "damaged" in cut["problems"][0]["reason"]
    job, _ = await imported(site, client, data[: len(data) // 2], name="own.zip")
    assert (job["status"], job["reason"], job["error"]["code"]) == ("failed", "refused", "broken_zip")
    assert (await client.get("/api/v1/jobs?dead=true")).json()["items"] == [], "nothing died"


async def test_a_cancel_and_two_workers_leave_whole_conversations_once(site: JobSite):
    client = await site.ada()
    many = [{**exports.openwebui(), "id": f"c{number}"} for number in range(30)]
    job = await started(client, many)
    working = asyncio.create_task(site.work(job))
    while (await site.seen(client, job))["done"] < 3:  # noqa: ASYNC110 - it is in the database
        await asyncio.sleep(0.01)
    assert await site.work(job) is False, "the same message again finds the job taken"
    await client.post(f"/api/v1/jobs/{job['id']}/cancel")
    await working
    ended = await site.seen(client, job)
    there = await conversations(client)
    assert (ended["status"], ended["done"]) == ("cancelled", len(there))
    counts = await db.rows("SELECT count(*) AS n FROM chat_message GROUP BY conversation_id", {})
    assert {row["n"] for row in counts} == {5}

    await client.post(f"/api/v1/jobs/{job['id']}/retry")
    late = asyncio.create_task(run_job(UUID(job["id"]), place=PLACE, settings=FAST))
    while (await site.seen(client, job))["done"] <= ended["done"]:  # noqa: ASYNC110
        await asyncio.sleep(0.01)
    async with db.connect() as connection:  # the first worker is believed dead, and is not
        await connection.execute("UPDATE jobs_job SET lease_until = now() - interval '1 second'")
    await site.work(job)
    await late
    ended = await site.seen(client, job)
    assert (ended["status"], ended["done"], ended["failed"]) == ("done", 30, 0)
    rows = await db.rows("SELECT count(*) AS n FROM chat_conversation", {})
    assert rows[0]["n"] == 30

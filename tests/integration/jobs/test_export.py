"""An export: every conversation of its owner, whole, and nobody else's."""

import io
import json
import zipfile
from decimal import Decimal
from typing import Any
from uuid import UUID

import httpx

from backend.chat.models import Message
from tests.integration.jobs.conftest import JobSite
from tests.integration.jobs.test_files import upload

PARTS = ("profile", "templates", "jobs", "usage")


async def test_an_export_has_every_conversation_of_its_owner_whole(site: JobSite):
    ada, _ = await site.someone()
    eve, _ = await site.someone("eve@example.org")
    for client, text in ((ada, "first"), (ada, "second"), (eve, "hers")):
        started = (await client.post("/api/v1/messages", json={"content": text})).json()
        await site.ended(client, started)
    gone = (await ada.post("/api/v1/messages", json={"content": "gone"})).json()
    await site.ended(ada, gone)
    await ada.delete(f"/api/v1/conversations/{gone['conversation']}")
    job = (await ada.post("/api/v1/jobs", json={"kind": "export", "spec": {}})).json()
    for form in ("json", "jsonl", "zip", "md"):
        early = await ada.get(f"/api/v1/jobs/{job['id']}/result?format={form}")
        assert (early.status_code, early.json()["code"]) == (409, "conflict"), "nobody takes a part for the whole"
    await site.work(job)
    ended = await site.seen(ada, job)
    assert (ended["status"], ended["done"]) == ("done", 2 + len(PARTS))
    lines = (await ada.get(f"/api/v1/jobs/{job['id']}/result?format=jsonl")).text.splitlines()
    told = [[(message["role"], message["text"]) for message in json.loads(line)["messages"]] for line in lines]
    answer = ("assistant", "tok0 tok1 tok2 ")
    assert told == [[("user", "first"), answer], [("user", "second"), answer]]


async def test_an_export_of_nothing_has_failed_and_says_so(site: JobSite):
    client = await site.ada()
    spec: dict[str, Any] = {"include": ["conversations"]}
    job = (await client.post("/api/v1/jobs", json={"kind": "export", "spec": spec})).json()
    await site.work(job)
    ended = await site.seen(client, job)
    assert (ended["status"], ended["error"]["message"]) == ("failed", "There is no conversation to export.")
    wrong = await client.post("/api/v1/jobs", json={"kind": "export", "spec": {"everything": True}})
    assert wrong.json()["errors"][0]["field"] == "spec.everything"
    known = (await client.get("/api/v1/jobs/kinds")).json()["parts"]
    assert known == ["conversations", "profile", "templates", "jobs", "usage"]
    wrong = await client.post("/api/v1/jobs", json={"kind": "export", "spec": {"include": ["secrets"]}})
    assert wrong.json()["errors"][0]["field"] == "spec.include"


async def made(site: JobSite, client: httpx.AsyncClient, kind: str, **spec: Any) -> dict[str, Any]:
    """A job that has ended."""
    job: dict[str, Any] = (await client.post("/api/v1/jobs", json={"kind": kind, "spec": spec})).json()
    await site.work(job)
    return job


async def told(client: httpx.AsyncClient) -> list[tuple[Any, ...]]:
    """All conversations by their content: trees by the places of messages, whatever their ids."""
    found = []
    for one in (await client.get("/api/v1/conversations")).json()["items"]:
        messages = (await client.get(f"/api/v1/conversations/{one['id']}/messages")).json()["items"]
        places = {message["id"]: at for at, message in enumerate(messages)}
        kept = ("role", "status", "parts", "text", "model", "params", "usage", "cost", "reason", "error", "created")
        tree = [(places.get(message["parent"] or ""), {name: message[name] for name in kept}) for message in messages]
        found.append((one["title"], one["folder"], one["pinned"], one["created"], one["updated"], tree))
    return found


async def test_what_an_export_holds_an_import_brings_back(site: JobSite):
    ada, key = await site.someone()
    started = (await ada.post("/api/v1/messages", json={"content": "a **first** one"})).json()
    await site.ended(ada, started)
    again = await ada.post(f"/api/v1/messages/{started['message']}/retry", json={"mode": "again", "model": "other"})
    await site.ended(ada, again.json())
    changed = {"title": "Öl / Gas: 1", "folder": "Work", "pinned": True}
    assert (await ada.patch(f"/api/v1/conversations/{started['conversation']}", json=changed)).status_code == 200
    template = {"name": "Greet", "slug": "greet", "user": "Hello."}
    assert (await ada.post("/api/v1/prompts", json=template)).status_code == 201

    job = await made(site, ada, "export")
    reply = await ada.get(f"/api/v1/jobs/{job['id']}/result?format=zip")
    archive = zipfile.ZipFile(io.BytesIO(reply.content))
    assert archive.testzip() is None
    [page] = [name for name in archive.namelist() if name.startswith("markdown/")]
    others = {"README.txt", "rivulet.json", "conversations.json", *(f"{part}.json" for part in PARTS)}
    assert set(archive.namelist()) == others | {page}
    assert " Öl Gas 1 (" in page
    text = archive.read(page).decode()
    assert text.startswith("# Öl / Gas: 1\n")
    assert text.count("tok0 tok1 tok2") == 2
    assert "*Another branch: after message 1.*" in text
    assert (await ada.get(f"/api/v1/jobs/{job['id']}/result?format=md")).text == text
    [profile] = json.loads(archive.read("profile.json"))
    assert (profile["email"], len(profile["keys"])) == ("ada@example.org", 1)
    assert key not in reply.text
    assert json.loads(archive.read("jobs.json"))[0]["kind"] == "export"

    eve, _ = await site.someone("eve@example.org")
    file = await upload(eve, reply.content, name="rivulet.zip")
    assert file["source"] == "rivulet"
    job = await made(site, eve, "import", file=file["id"])
    outputs = [json.loads(row["output"] or "{}") for row in (await site.seen(eve, job, "/rows"))["items"]]
    assert [one.get("result") for one in outputs] == ["imported", None], "the slug is taken by ada's"
    assert await told(eve) == await told(ada)
    mine = await upload(ada, reply.content, name="rivulet.zip")
    job = await made(site, ada, "import", file=mine["id"])
    outputs = [json.loads(row["output"]) for row in (await site.seen(ada, job, "/rows"))["items"]]
    assert [one["result"] for one in outputs] == ["known", "known"]
    batch = await site.batch(ada)
    assert (await ada.get(f"/api/v1/jobs/{batch['id']}/result?format=zip")).status_code == 422


RICH: dict[str, Any] = {
    "parts": [
        {"kind": "reasoning", "text": "Hm."},
        {
            "kind": "search",
            "text": '{"id":"c0","name":"web_search","arguments":"{}","step":1,"result":"[1] The Nile","ms":12}',
            "query": "Nile",
            "items": [{"number": 1, "url": "https://a.example/", "title": "Nile", "snippet": "long"}],
        },
        {"kind": "tool", "text": '{"id":"c1","name":"look","arguments":"{}","step":2,"result":"6,650 km","ms":3}'},
        {"kind": "text", "text": "6,650 km [1]."},
    ],
    "text": "6,650 km [1].",
    "usage": {"input_tokens": 12, "output_tokens": 5, "cached_tokens": 2, "reasoning_tokens": 1, "estimated": True},
    "cost": Decimal("0.016123"),
    "timings": {"first_token_ms": 50, "total_ms": 700},
    "sources": [{"number": 1, "url": "https://a.example/", "title": "Nile", "snippet": "long"}],
    "instead_of": [{"model": "first", "provider": "p", "code": "provider_error", "at": 0}],
    "tools": [{"type": "web_search"}, {"type": "function", "function": {"name": "look", "parameters": {}}}],
    "request": '{"messages":[{"role":"user","content":"How long?"}],"params":{"temperature":0.5},"tools":null}',
    "system": "You are brief.",
    "reason": "stop",
    "prompt": {
        "template": str(UUID(int=1)),
        "version": str(UUID(int=2)),
        "slug": "nile",
        "name": "Nile",
        "number": 3,
        "label": "released",
        "variables": {"river": "Nile"},
    },
}


async def test_all_that_a_message_and_a_template_hold_comes_back(site: JobSite):
    ada, _ = await site.someone()
    started = (await ada.post("/api/v1/messages", json={"content": "How long is the Nile?"})).json()
    await site.ended(ada, started)
    await Message.objects.filter(id=started["message"]).aupdate(**RICH)
    texts = {"system": "Be brief.", "user": "About {{river}}.", "params": {"temperature": 0.5}}
    variables = [{"name": "river", "type": "text", "default": "Nile"}]
    described = {"name": "River", "slug": "river", "description": "Rivers", "folder": "Water", "tags": ["a", "b"]}
    made = (await ada.post("/api/v1/prompts", json={**described, **texts, "variables": variables})).json()
    second = {**texts, "user": "Of {{river}}.", "variables": variables, "note": "Shorter"}
    assert (await ada.post(f"/api/v1/prompts/{made['id']}/versions", json=second)).status_code == 201
    assert (await ada.put(f"/api/v1/prompts/{made['id']}/labels/released", json={"version": 1})).status_code == 200

    async def templates() -> Any:
        return (await ada.get("/api/v1/prompts/export")).json()["templates"]

    before = await templates()
    job = await made_export(site, ada)
    for path in (f"conversations/{started['conversation']}", f"prompts/{made['id']}"):
        assert (await ada.delete(f"/api/v1/{path}")).status_code == 204
    file = await upload(ada, job, name="rivulet.zip")
    done = await made_import(site, ada, file["id"])
    assert [one["result"] for one in done] == ["imported", "imported"]
    assert not any(one.get("left_out") for one in done)
    [conversation] = (await ada.get("/api/v1/conversations")).json()["items"]
    rows = Message.objects.filter(conversation_id=conversation["id"], role="assistant")
    back = await rows.values(*RICH).aget()
    assert back == RICH
    assert [without_times(one) for one in await templates()] == [without_times(one) for one in before]
    assert len(before[0]["versions"]) == 2


def without_times(template: dict[str, Any]) -> dict[str, Any]:
    return {**template, "versions": [{**one, "created": None} for one in template["versions"]]}


async def made_export(site: JobSite, client: httpx.AsyncClient) -> bytes:
    job = await made(site, client, "export")
    return (await client.get(f"/api/v1/jobs/{job['id']}/result?format=zip")).content


async def made_import(site: JobSite, client: httpx.AsyncClient, file: str) -> list[dict[str, Any]]:
    job = await made(site, client, "import", file=file)
    return [json.loads(row["output"] or "{}") for row in (await site.seen(client, job, "/rows"))["items"]]

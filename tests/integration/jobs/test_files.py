"""Uploads: to disk piece by piece, with limits, and what is told of a table before a job reads it."""

import io
import json
import os
from collections.abc import AsyncIterator
from typing import Any

import httpx
import openpyxl

from backend.core.db import in_thread
from backend.jobs import files, uploads
from backend.jobs.imports import reading
from backend.jobs.models import files_folder
from tests.integration.jobs.conftest import JobSite
from tests.support import exports


async def upload(client: httpx.AsyncClient, data: bytes, name: str = "t.csv") -> dict[str, Any]:
    reply = await client.post("/api/v1/files", files={"file": (name, data)})
    assert reply.status_code == 201, reply.text
    found: dict[str, Any] = reply.json()
    return found


def kept() -> list[str]:
    return sorted(path.name for path in files_folder().iterdir())


async def test_a_form_and_a_bare_body_are_stored_and_looked_into(site: JobSite):
    client = await site.ada()
    made = await upload(client, b"a;b\n1;2\n3\n", name="../x\\sheet.csv")
    assert (made["name"], made["size"], made["format"], made["columns"]) == ("sheet.csv", 10, "csv", ["a", "b"])
    assert made["preview"] == [{"a": "1", "b": "2"}]
    said = {"sentence": "cells", "params": {"count": 1, "columns": 2}}
    assert made["problems"] == [{"line": 3, "reason": "There is 1 cell; the header has 2 columns.", "said": said}]
    bare = (await client.post("/api/v1/files?name=b.jsonl", content=b'{"a": 1}\n')).json()
    assert (bare["name"], bare["columns"]) == ("b.jsonl", ["a"])
    assert kept() == sorted([made["id"], bare["id"]])
    assert [one["id"] for one in (await client.get("/api/v1/files")).json()["items"]] == [bare["id"], made["id"]]
    seen = (await client.get(f"/api/v1/files/{made['id']}?delimiter=,")).json()
    assert seen["columns"] == ["a;b"]
    assert (await client.delete(f"/api/v1/files/{made['id']}")).status_code == 204
    assert kept() == [bare["id"]]


async def test_what_is_too_large_breaks_off_or_is_empty_leaves_nothing(site: JobSite, monkeypatch):
    client = await site.ada()
    big = await client.post("/api/v1/files", content=b"", headers={"Content-Length": str(1 << 30)})
    assert (big.status_code, big.json()["code"]) == (413, "too_large")

    monkeypatch.setattr(site.app._uploads, "_max_bytes", 100_000)
    counted = await client.post("/api/v1/files", files={"file": ("a.csv", bytes(100_001))})
    assert counted.status_code == 413
    for wrong in ({"content": b""}, {"files": {"other": ("a.csv", b"a\n1\n")}}, {"data": {"file": "a"}}):
        assert (await client.post("/api/v1/files", **wrong)).status_code == 422, wrong
    broken = {"Content-Type": "multipart/form-data; boundary=x"}
    assert (await client.post("/api/v1/files", content=b"no form", headers=broken)).status_code == 422
    monkeypatch.setattr(files, "MAX_FILES", 0)
    full = await client.post("/api/v1/files", files={"file": ("a.csv", b"a\n1\n")})
    assert full.json()["code"] == "quota_exceeded"
    assert kept() == []
    assert (await site.client().post("/api/v1/files", content=b"x")).status_code == 401


async def test_a_clients_departure_leaves_nothing(site: JobSite):
    client = await site.ada()
    messages = [{"type": "http.request", "body": b"a,b\n", "more_body": True}, {"type": "http.disconnect"}]
    sent: list[Any] = []

    async def receive() -> Any:
        return messages.pop(0)

    async def send(message: Any) -> None:
        sent.append(message)

    headers = [(b"authorization", client.headers["authorization"].encode()), (b"host", b"chat.test")]
    scope = {"type": "http", "method": "POST", "path": uploads.PATH, "headers": headers, "query_string": b""}
    await site.app._uploads(scope, receive, send)
    assert sent == []
    assert kept() == []


async def test_a_broken_line_refuses_the_job_or_stands_beside_the_others(site: JobSite):
    client = await site.ada()
    file = await upload(client, b"word\nok\nbr\xffken\nfine\n")
    problem = await site.batch(client, rows=None, file=file["id"], status=422)
    assert problem["detail"].startswith("Line 3: Byte 3 (0xFF) is not UTF-8.")
    assert (await client.get("/api/v1/jobs")).json()["items"] == []
    job = await site.batch(client, rows=None, file=file["id"], errors="keep")
    await site.work(job)
    ended = await site.seen(client, job)
    assert (ended["status"], ended["done"], ended["failed"]) == ("done", 2, 1)
    [failed] = (await site.seen(client, job, "/rows?status=failed"))["items"]
    assert (failed["line"], failed["error"]["line"], failed["attempt"]) == (3, 3, 0)
    assert (await client.post(f"/api/v1/jobs/{job['id']}/retry")).status_code == 409, "there is nothing to ask"
    assert len(site.provider.calls) == 2


async def test_a_large_table_and_a_workbook_are_read_by_the_worker_or_nothing_is(site: JobSite, monkeypatch):
    from backend.jobs.kinds.batch import kind

    monkeypatch.setattr(kind, "SMALL_FILE", 10)
    client = await site.ada()
    file = await upload(client, b"word\n" + b"x\n" * 50)
    job = await site.batch(client, rows=None, file=file["id"])
    assert (job["total"], job["step"]) == (0, "Waiting to be read.")
    assert (await client.delete(f"/api/v1/files/{file['id']}")).status_code == 409
    await site.work(job)
    assert (await site.seen(client, job))["done"] == 50

    broken = await upload(client, b"word\n" + b"x\n" * 50 + b"a,b\n")
    job = await site.batch(client, rows=None, file=broken["id"])
    await site.work(job)
    ended = await site.seen(client, job)
    assert (ended["status"], ended["total"], ended["error"]["line"]) == ("failed", 0, 52)
    assert (await site.seen(client, job, "/rows"))["items"] == []
    assert (await site.seen(client, job))["reason"] == "refused"
    assert (await client.get("/api/v1/jobs?dead=true")).json()["items"] == [], "no worker died of it"

    book, data = openpyxl.Workbook(), io.BytesIO()
    assert book.active is not None
    for row in (["word"], ["x"], ["y"]):
        book.active.append(row)
    book.save(data)
    sheet = await upload(client, data.getvalue(), name="book.xlsx")
    assert (sheet["format"], sheet["columns"]) == ("xlsx", ["word"])
    job = await site.batch(client, rows=None, file=sheet["id"])
    await site.work(job)
    assert (await site.seen(client, job))["done"] == 2


async def test_a_line_without_end_spoils_itself_and_no_other(site: JobSite):
    client = await site.ada()
    rest = {"template": {"user": "{{zeta}}"}, "model": "scripted"}
    file = await upload(client, b"zeta,a,mm\n1,2,3\n" + b"x" * 1_200_000 + b",2,3\n4,5,6\n")
    spec: dict[str, Any] = {"kind": "batch", "spec": {"file": file["id"], **rest}}
    refused = await client.post("/api/v1/jobs", json=spec)
    assert (refused.status_code, refused.json()["errors"][0]["field"]) == (422, "spec.file")
    assert "Line 3: The line is longer than 1 MiB." in refused.text
    spec["spec"]["errors"] = "keep"
    job = (await client.post("/api/v1/jobs", json=spec)).json()
    await site.work(job)
    found = await site.seen(client, job, "/result")
    assert found["columns"] == ["zeta", "a", "mm"], "in the file's order"
    assert [row["status"] for row in found["rows"]] == ["done", "failed", "done"]
    assert list(found["rows"][0]["input"]) == ["zeta", "a", "mm"]
    assert list((await site.seen(client, job, "/rows"))["items"][2]["input"]) == ["zeta", "a", "mm"]
    table = (await client.get(f"/api/v1/jobs/{job['id']}/result?format=csv")).text.splitlines()
    assert table[0].removeprefix("\ufeff").startswith("zeta,a,mm,index")
    assert "columns" not in (await site.seen(client, job))["spec"]


async def test_anothers_file_is_no_file(site: JobSite):
    ada, _ = await site.someone()
    eve, _ = await site.someone("eve@example.org")
    file = await upload(ada, b"word\nx\n")
    assert (await eve.get(f"/api/v1/files/{file['id']}")).status_code == 404
    assert (await eve.delete(f"/api/v1/files/{file['id']}")).status_code == 404
    await site.batch(eve, rows=None, file=file["id"], status=422)


async def test_exports_may_be_larger_than_tables_and_what_is_none_is_refused_early(site: JobSite, monkeypatch):
    client = await site.ada()
    monkeypatch.setattr(site.app._uploads, "_max_bytes", 100_000)
    monkeypatch.setattr(site.app._uploads, "_max_export", 300_000)
    monkeypatch.setattr(reading, "LOOKED_AT", 50_000)
    sent = 0

    async def pieces(body: bytes) -> AsyncIterator[bytes]:
        nonlocal sent
        for at in range(0, len(body), 10_000):
            sent = at
            yield body[at : at + 10_000]

    async def status(body: bytes, name: str = "x.json") -> int:
        reply = await client.post(f"/api/v1/files?name={name}", content=pieces(body))
        assert reply.status_code == 201 or "at most" in reply.json()["detail"]
        return reply.status_code

    one = json.dumps(exports.openwebui()).encode()
    assert await status(b"[" + b",\n".join([one] * (250_000 // len(one))) + b"]") == 201
    assert await status(b"[" + b",\n".join([one] * (350_000 // len(one))) + b"]") == 413
    assert await status(b'[{"text": "' + b"x" * 250_000 + b'"}]') == 201, (
        "its first conversation is too long to be looked at"
    )
    for junk in (
        b'[{"a": 1}, ' * 25_000,
        b'{"word": "x"}\n' * 20_000,
        b"word\n" * 50_000,
        b"PK\x03\x04" + bytes(26) + b"[Content_Types].xml" + bytes(250_000),
    ):
        assert await status(junk) == 413
        assert sent <= 120_000, "what is none is not read to its end"
    declared = await client.post("/api/v1/files?name=a.csv", content=b"word\nx\n" * 30_000)
    assert declared.status_code == 413


async def test_what_broken_uploads_left_is_removed_after_a_day(site: JobSite):
    client = await site.ada()
    file = await upload(client, b"word\nx\n")
    old, young = files_folder() / "a.part", files_folder() / "b.part"
    for path in (old, young):
        path.write_bytes(b"x")
    for path in (old, files_folder() / file["id"]):
        os.utime(path, (0, 0))
    assert await in_thread(files.clean) == 1
    assert kept() == sorted([file["id"], "b.part"])

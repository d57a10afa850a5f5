"""§10, §12 and the OpenAI API: REST's shapes and errors, and completions that can be resumed."""

import json
import re
import uuid
from typing import Any

from rivulet_client.conformance.promise import expect, promise, same, short
from rivulet_client.conformance.site import SHORT, Site, ended, text_of

_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|\+00:00)")
_PROBLEM = {"type", "title", "status", "detail", "code", "temporary", "request_id"}


@promise("§10", "REST's errors are RFC 9457 with code, temporary and the request's id")
async def _(site: Site) -> None:
    reply = await site.request("GET", f"/api/v1/conversations/{uuid.uuid4()}")
    same(reply.headers["content-type"].split(";")[0], "application/problem+json")
    problem = reply.json()
    expect(set(problem) >= _PROBLEM, sorted(problem))
    same((problem["status"], problem["code"], problem["temporary"]), (404, "not_found", False))
    same(problem["request_id"], reply.headers.get("x-request-id"))


@promise("§10", "unknown fields are refused by name, over REST too")
async def _(site: Site) -> None:
    reply = await site.request("POST", "/api/v1/conversations", json={"conformance": 1})
    same((reply.status_code, reply.json()["code"]), (422, "bad_request"))
    same([error["field"] for error in reply.json()["errors"]], ["conformance"])


@promise("§11", "no token, or a wrong one: 401 unauthenticated with its reason, on REST, SSE and /v1")
async def _(site: Site) -> None:
    for key, reason in ((None, "missing"), ("nonsense", "malformed")):
        for path in ("/api/v1/me", f"/api/v1/topics/user.{uuid.uuid4()}/events"):
            reply = await site.request("GET", path, key=key)
            problem = reply.json()
            same((reply.status_code, problem["code"], problem.get("reason")), (401, "unauthenticated", reason), path)
        same((await site.request("GET", "/v1/models", key=key)).status_code, 401)


@promise("§10", "what may not be seen is not_found like what does not exist, over REST, SSE and long poll")
async def _(site: Site) -> None:
    told, stranger, never = await site.finished(), site.other(), uuid.uuid4()
    ids = told.started
    for mine, nobody in (
        (f"conversations/{ids['conversation']}", f"conversations/{never}"),
        (f"messages/{ids['message']}", f"messages/{never}"),
        (f"generations/{ids['generation']}", f"generations/{never}"),
        (f"topics/{told.topic}/events", f"topics/generation.{never}/events"),
    ):
        answers: list[dict[str, Any]] = []
        for path in (mine, nobody):
            reply = await site.request("GET", f"/api/v1/{path}", key=stranger)
            same(reply.status_code, 404, path)
            problem = reply.json()
            problem.pop("request_id", None)
            answers.append(problem)
        same(answers[0], answers[1])


@promise("§12", "lists are {items, next} with ?limit= and ?cursor=, without doubles")
async def _(site: Site) -> None:
    for _ in range(3):
        await site.api("POST", "conversations", {"title": "conformance"})
    page = await site.api("GET", "conversations?limit=2")
    same((len(page["items"]), bool(page["next"])), (2, True))
    following = await site.api("GET", f"conversations?limit=2&cursor={page['next']}")
    ids = [one["id"] for one in page["items"] + following["items"]]
    same(len(set(ids)), len(ids))


@promise("§12", "a conversation has its fields; ids are UUIDv7, times RFC 3339 in UTC; position is where to subscribe")
async def _(site: Site) -> None:
    made = await site.api("POST", "conversations", {"title": "conformance"})
    wanted = {"id", "title", "model", "folder", "pinned", "archived", "created", "updated", "position"}
    expect(wanted <= set(made), sorted(wanted - set(made)))
    same(uuid.UUID(made["id"]).version, 7)
    expect(_TIME.fullmatch(made["created"]), made["created"])
    async with site.socket() as socket:
        result = await socket.result("subscribe", topic=f"conversation.{made['id']}", since=made["position"])
        same(result["recovered"], True)


@promise("§12", "a message has its fields, a generation says where its events are")
async def _(site: Site) -> None:
    told = await site.finished()
    wanted = {"id", "conversation", "parent", "role", "status", "parts", "text", "model", "usage", "generation"}
    expect(wanted <= set(told.message), sorted(wanted - set(told.message)))
    found = await site.api("GET", f"generations/{told.started['generation']}")
    same((found["topic"], found["status"]), (told.topic, told.message["status"]))


@promise("§12", "me, models, and health answer")
async def _(site: Site) -> None:
    expect("id" in await site.api("GET", "me"))
    models = await site.api("GET", "models")
    expect(models["items"] if isinstance(models, dict) else models, "no model")
    for path in ("/health/live", "/health/ready"):
        same((await site.request("GET", path, key=None)).status_code, 200, path)


def _asking(site: Site, content: str, model: str, **fields: Any) -> dict[str, Any]:
    return {"model": site.model or model, "messages": [{"role": "user", "content": content}], **fields}


async def _model(site: Site) -> str:
    reply = await site.request("GET", "/v1/models")
    same(reply.status_code, 200)
    listed: str = reply.json()["data"][0]["id"]
    return listed


@promise("§2", "/v1 streams in OpenAI's shape and ends with [DONE]; without store nothing is kept")
async def _(site: Site) -> None:
    body = _asking(site, SHORT, await _model(site), stream=True)
    reply = await site.request("POST", "/v1/chat/completions", json=body)
    lines = [line.removeprefix("data: ") for line in reply.text.splitlines() if line.startswith("data: ")]
    same((reply.status_code, lines[-1]), (200, "[DONE]"))
    chunks = [json.loads(line) for line in lines[:-1]]
    same({chunk["object"] for chunk in chunks}, {"chat.completion.chunk"})
    expect("".join(chunk["choices"][0]["delta"].get("content") or "" for chunk in chunks if chunk["choices"]))
    expect("x-rivulet-topic" not in reply.headers, "a topic of what is not kept")


@promise("§2", "/v1 with store: true runs on when its client leaves, and is resumed by its topic")
async def _(site: Site) -> None:
    body = _asking(site, site.prompt, await _model(site), stream=True, store=True)
    async with site._http.stream("POST", "/v1/chat/completions", json=body) as reply:
        topic = reply.headers["x-rivulet-topic"]
        async for line in reply.aiter_lines():
            if line.startswith("data: "):
                same(json.loads(line[6:])["id"], f"chatcmpl-{topic.partition('.')[2]}")
                break
    async with site.socket() as socket:
        result = await socket.result("subscribe", topic=topic)
        state = [{"type": "snapshot", "data": result["snapshot"]}]
        if not ended(state[0]):
            state += await socket.until(topic, ended, within=60)
        same(state[-1]["type"] if len(state) > 1 else result["snapshot"]["status"], "done", "it ended with")
    generation = await site.api("GET", f"generations/{topic.partition('.')[2]}")
    same(text_of(state), (await site.stored(generation["message"]))["text"])


@promise("§10", "/v1 has errors in OpenAI's shape")
async def _(site: Site) -> None:
    body = {"model": "conformance-nothing", "messages": [{"role": "user", "content": "x"}]}
    reply = await site.request("POST", "/v1/chat/completions", json=body)
    error = reply.json().get("error", {})
    expect({"message", "type", "code"} <= set(error), short(reply.text))
    same((reply.status_code, error["code"]), (404, "model_unavailable"))

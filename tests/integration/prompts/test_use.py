"""A message or a completion made with a template: what the model is asked, what is remembered, and asked again."""

from types import SimpleNamespace
from typing import Any
from uuid import UUID, uuid4

import httpx

from backend.catalog import registry
from backend.core import db
from backend.prompts import retention
from tests.integration.prompts.conftest import again, make, problem
from tests.support.live import LiveSite

ASKED = [
    {"role": "system", "content": "You write for Rivulet."},
    {"role": "user", "content": "Answer Bo in a plain tone."},
]
VALUES = {"name": "Bo", "tone": "plain"}


async def ended(live: LiveSite, script: httpx.AsyncClient, started: dict[str, Any]) -> dict[str, Any]:
    """The answer, once it is there."""
    run = live.live.host.runs.get(UUID(started["generation"]))
    if run is not None and run.task is not None:
        await run.task
    found: dict[str, Any] = (await script.get(f"/api/v1/messages/{started['message']}")).json()
    return found


async def test_a_message_by_rest_or_socket_says_what_the_template_says_and_remembers_it(live: LiveSite) -> None:
    ada, key = await live.someone()
    made = await make(ada, params={"temperature": 0.5, "max_tokens": 9})
    await ada.put(f"/api/v1/prompts/{made['id']}/labels/released", json={"version": 1})
    use = {"slug": made["slug"], "variables": VALUES}
    sent = await ada.post("/api/v1/messages", json={"prompt": use, "params": {"max_completion_tokens": 5}})
    answer = await ended(live, ada, sent.json())
    assert live.provider.calls[0].messages == ASKED
    assert live.provider.calls[0].params == {"temperature": 0.5, "max_completion_tokens": 5}
    remembered = {
        "template": made["id"],
        "version": made["current"]["id"],
        "slug": made["slug"],
        "name": made["name"],
        "number": 1,
        "label": "released",
        "variables": {"company": "Rivulet", **VALUES},
    }
    assert answer["prompt"] == remembered
    [call] = await db.rows("SELECT template, template_version FROM usage_call", [])
    assert (str(call["template"]), str(call["template_version"])) == (made["id"], made["current"]["id"])
    assert (await ada.get(f"/api/v1/messages/{sent.json()['user_message']}")).json()["prompt"] == remembered
    conversation = sent.json()["conversation"]
    messages = (await ada.get(f"/api/v1/conversations/{conversation}/messages")).json()["items"]
    assert [(m["role"], m["seq"]) for m in messages] == [("system", 1), ("user", 2), ("assistant", 3)]
    socket = await live.socket(key)
    prompt = {"id": made["id"], "version": 1, "variables": VALUES}
    reply = await socket.call(
        "message.send", client_msg_id="a", conversation=conversation, prompt=prompt, content="And this."
    )
    answer = await ended(live, ada, reply["result"])
    assert "label" not in answer["prompt"]
    assert live.provider.calls[1].messages == [
        *ASKED,
        {"role": "assistant", "content": "tok0 tok1 tok2 "},
        ASKED[0],
        {"role": "user", "content": "Answer Bo in a plain tone.\n\nAnd this."},
    ]
    await socket.leave()


async def test_what_is_wrong_with_a_prompt_is_named_on_every_way_and_nothing_is_stored(live: LiveSite) -> None:
    ada, key = await live.someone()
    bob, _ = await live.someone("bob@example.org")
    made = await make(ada)
    theirs = await make(bob)
    slug = made["slug"]
    cases: list[tuple[dict[str, Any], str, str]] = [
        ({"slug": slug, "variables": {}}, "bad_request", "prompt.variables.name"),
        ({"slug": slug, "variables": {**VALUES, "tone": "angry"}}, "bad_request", "prompt.variables.tone"),
        ({"slug": slug, "variables": {**VALUES, "more": 1}}, "bad_request", "prompt.variables.more"),
        ({"slug": slug, "variables": VALUES, "version": 7}, "not_found", "prompt.version"),
        ({"slug": slug, "variables": VALUES, "label": "draft"}, "not_found", "prompt.label"),
        ({"slug": "nothing-here", "variables": VALUES}, "not_found", "prompt.slug"),
        ({"id": theirs["id"], "variables": VALUES}, "not_found", "prompt.id"),
    ]
    socket = await live.socket(key)
    for use, code, field in cases:
        reply = await ada.post("/api/v1/messages", json={"prompt": use})
        assert problem(reply)[1:] == (code, [field])
        told = await socket.call("message.send", client_msg_id=str(uuid4()), prompt=use)
        assert told["error"]["code"] == code
        completion = await ada.post("/v1/chat/completions", json={"prompt": use})
        assert (completion.json()["error"]["code"], completion.json()["error"]["param"]) == (code, field)
    for use in (
        {},
        {"slug": slug, "id": made["id"]},
        {"slug": slug, "label": "a", "version": 1},
        {"slug": slug, "x": 1},
    ):
        assert (await ada.post("/api/v1/messages", json={"prompt": use})).status_code == 422
    await socket.leave()
    assert (await ada.get("/api/v1/conversations")).json()["items"] == []
    assert live.provider.calls == []


async def test_a_template_without_a_user_part_speaks_through_the_message_and_needs_one(live: LiveSite) -> None:
    ada, _ = await live.someone()
    made = await make(ada, user="", system="Be {{tone}}.", variables=[{"name": "tone"}])
    use = {"id": made["id"], "variables": {"tone": "brief"}}
    assert problem(await ada.post("/api/v1/messages", json={"prompt": use}))[2] == ["content"]
    content = [{"type": "text", "text": "Why?"}]
    sent = await ada.post("/api/v1/messages", json={"prompt": use, "content": content})
    await ended(live, ada, sent.json())
    assert live.provider.calls[0].messages == [
        {"role": "system", "content": "Be brief."},
        {"role": "user", "content": "Why?"},
    ]


async def test_run_again_asks_the_very_same_whatever_changed_since(live: LiveSite) -> None:
    ada, _ = await live.someone()
    made = await make(ada, model="other", params={"temperature": 0.5, "seed": 7})
    place = (await ada.post("/api/v1/conversations", json={"system": "House rules."})).json()
    path = f"/api/v1/conversations/{place['id']}"
    use = {"id": made["id"], "variables": VALUES}
    sent = (await ada.post(f"{path}/messages", json={"prompt": use, "content": "P.S."})).json()
    first = await ended(live, ada, sent)
    await again(ada, made["id"], user="Something else", model="scripted")
    await ada.patch(path, json={"system": "Other rules.", "model": "scripted"})
    await ada.delete(f"/api/v1/prompts/{made['id']}")
    retry = (await ada.post(f"/api/v1/messages/{sent['message']}/retry", json={"mode": "again"})).json()
    second = await ended(live, ada, retry)
    one, two = live.provider.calls
    assert one.messages[0] == {"role": "system", "content": "House rules."}
    assert (one.messages, one.params, one.model, one.tools) == (two.messages, two.params, two.model, two.tools)
    for name in ("model", "params", "prompt", "parent"):
        assert first[name] == second[name]
    third = (await ada.post(f"/api/v1/messages/{retry['message']}/retry", json={"mode": "again"})).json()
    await ended(live, ada, third)
    assert live.provider.calls[2].messages == one.messages


async def test_the_openai_api_fills_a_template_by_model_name_or_by_field(live: LiveSite, monkeypatch) -> None:
    async def resolve(name: str | None = None, **_: Any) -> Any:
        entry = (await live.registry.resolve(name)).entry
        return SimpleNamespace(
            name=entry.name, upstream_name=entry.name, provider=live.provider, entry=entry, after=None
        )

    monkeypatch.setattr(registry, "resolve", resolve)
    ada, _ = await live.someone(scopes=["completions"])
    writer, _ = await live.someone("bob@example.org")
    made = await make(writer, model="other", params={"temperature": 0.5}, slug="reply")
    await writer.post(f"/api/v1/prompts/{made['id']}/shares", json={"everybody": True})
    variables = [{"name": "input", "type": "long"}]
    await make(writer, slug="translate", system="Into German.", user="Text: {{input}}", variables=variables)
    for entry in (await writer.get("/api/v1/prompts")).json()["items"]:
        await writer.post(f"/api/v1/prompts/{entry['id']}/shares", json={"everybody": True})

    async def asked(**body: Any) -> Any:
        before = len(live.provider.calls)
        reply = await ada.post("/v1/chat/completions", json=body)
        assert reply.status_code == 200, reply.text
        assert len(live.provider.calls) == before + 1
        return live.provider.calls[-1]

    call = await asked(model="prompt:reply", prompt={"variables": VALUES})
    assert (call.messages, call.model, call.params) == (ASKED, "other", {"temperature": 0.5})
    call = await asked(model="scripted", prompt={"slug": "reply", "variables": VALUES}, temperature=1)
    assert (call.messages, call.model, call.params) == (ASKED, "scripted", {"temperature": 1})
    hello = {"role": "user", "content": "hello"}
    call = await asked(model="prompt:reply@1", prompt={"variables": VALUES}, messages=[hello])
    assert call.messages == [*ASKED, hello]
    call = await asked(model="prompt:translate", messages=[hello, {"role": "assistant", "content": "hallo"}, hello])
    assert call.messages == [
        {"role": "system", "content": "Into German."},
        hello,
        {"role": "assistant", "content": "hallo"},
        {"role": "user", "content": "Text: hello"},
    ]
    reply = await ada.post(
        "/v1/chat/completions", json={"model": "prompt:translate", "messages": [hello], "store": True}
    )
    stored = reply.headers["x-rivulet-conversation"]
    reader, _ = await live.someone("eve@example.org")
    assert (await reader.get(f"/api/v1/conversations/{stored}")).status_code == 404
    assert live.provider.calls[-1].messages[1] == {"role": "user", "content": "Text: hello"}
    for body in (
        {"model": "prompt:nope"},
        {"model": "prompt:reply@x y"},
        {"model": "prompt:reply", "prompt": {"slug": "a"}},
    ):
        reply = await ada.post("/v1/chat/completions", json={**body, "messages": [hello]})
        assert reply.status_code in (400, 404), reply.text
    assert (await ada.post("/v1/chat/completions", json={"model": "scripted"})).json()["error"]["param"] == "messages"


async def test_a_stored_completion_remembers_its_template(live: LiveSite) -> None:
    ada, _ = await live.someone()
    made = await make(ada, slug="reply")
    body = {"model": "prompt:reply", "prompt": {"variables": VALUES}, "store": True}
    reply = await ada.post("/v1/chat/completions", json=body)
    place = reply.headers["x-rivulet-conversation"]
    messages = (await ada.get(f"/api/v1/conversations/{place}/messages")).json()["items"]
    assert messages[-1]["prompt"]["version"] == made["current"]["id"]
    assert messages[-1]["prompt"]["variables"]["name"] == "Bo"


async def test_what_a_template_made_outlives_it(live: LiveSite) -> None:
    ada, _ = await live.someone()
    made, kept = await make(ada), await make(ada, slug="kept")
    sent = (await ada.post("/api/v1/messages", json={"prompt": {"id": made["id"], "variables": VALUES}})).json()
    answer = await ended(live, ada, sent)
    for one in (made, kept):
        await ada.put(f"/api/v1/prompts/{one['id']}/labels/released", json={"version": 1})
        assert (await ada.post(f"/api/v1/prompts/{one['id']}/shares", json={"everybody": True})).status_code < 300
        assert (await ada.delete(f"/api/v1/prompts/{one['id']}")).status_code == 204
    async with db.connect() as connection:
        await connection.execute(
            "UPDATE prompts_template SET deleted_at = now() - interval '31 days' WHERE id = %(id)s", {"id": made["id"]}
        )
    assert await db.in_thread(retention.purge, days=30, dry=True) == 1
    assert await db.in_thread(retention.purge, days=30) == 1
    assert (await ada.patch(f"/api/v1/prompts/{made['id']}", json={"deleted": False})).status_code == 404
    assert (await ada.patch(f"/api/v1/prompts/{kept['id']}", json={"deleted": False})).status_code == 200
    assert (await ada.get(f"/api/v1/messages/{sent['message']}")).json()["prompt"] == answer["prompt"]
    again = await ada.post(f"/api/v1/messages/{sent['message']}/retry", json={"mode": "again"})
    second = await ended(live, ada, again.json())
    assert (second["status"], second["prompt"]) == ("done", answer["prompt"])
    first, repeated = live.provider.calls
    assert first.messages == repeated.messages

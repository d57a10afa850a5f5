"""Templates leave as a document and come back from one, each whole or not at all."""

import copy
from typing import Any

from tests.integration.prompts.conftest import again, make, problem
from tests.support.live import LiveSite


async def test_what_was_exported_comes_back_the_same_elsewhere(live: LiveSite) -> None:
    ada, _ = await live.someone()
    made = await make(ada, folder="work", tags=["x"], model="scripted", params={"temperature": 0.5})
    await again(ada, made["id"], user="Two for {{name}}", note="second")
    await ada.put(f"/api/v1/prompts/{made['id']}/labels/released", json={"version": 1})
    document = (await ada.get("/api/v1/prompts/export")).json()
    one = (await ada.get("/api/v1/prompts/export", params={"ids": made["id"]})).json()
    assert one["templates"] == document["templates"]
    await ada.delete(f"/api/v1/prompts/{made['id']}")
    bob, _ = await live.someone("bob@example.org")
    assert (await bob.get("/api/v1/prompts/export", params={"ids": made["id"]})).json()["templates"] == []
    report = (await bob.post("/api/v1/prompts/import", json={"document": document})).json()
    assert [(entry["slug"], entry["change"]) for entry in report["imported"]] == [("reply-to-a-customer", "made")]
    back = (await bob.get("/api/v1/prompts/export")).json()
    assert back["templates"] == document["templates"]
    assert (await bob.get("/api/v1/prompts?q=two")).json()["items"][0]["labels"] == [{"name": "released", "version": 1}]


async def test_a_half_broken_document_imports_what_is_whole_and_says_why_the_rest_is_not(live: LiveSite) -> None:
    ada, _ = await live.someone()
    await make(ada)
    whole = (await ada.get("/api/v1/prompts/export")).json()

    def entry(**fields: Any) -> dict[str, Any]:
        return {**copy.deepcopy(whole["templates"][0]), **fields}

    half = entry(slug="half")
    half["versions"].append({"number": 2, "user": "{{nobody}}"})
    broken = [
        entry(slug="fine"),
        half,
        entry(slug="no-versions", versions=[]),
        entry(slug="lost-label", labels={"released": 9}),
        entry(slug="fine"),
        "nonsense",
        entry(),
    ]
    body: dict[str, Any] = {"document": {**whole, "templates": broken}}
    tried = (await ada.post("/api/v1/prompts/import", json={**body, "dry_run": True})).json()
    assert (await ada.get("/api/v1/prompts/facets")).json()["total"] == 1
    report = (await ada.post("/api/v1/prompts/import", json=body)).json()
    for each in report["imported"]:
        each["id"] = None
    assert {**report, "dry_run": True} == tried
    assert [(entry["index"], entry["slug"]) for entry in report["imported"]] == [(0, "fine")]
    reasons = {entry["index"]: entry["reason"] for entry in report["skipped"]}
    assert list(reasons) == [1, 2, 3, 4, 5, 6]
    assert "there is no variable nobody" in reasons[1]
    assert "version 9, which is not in the document" in reasons[3]
    assert reasons[6] == "The slug reply-to-a-customer is taken."
    assert (await ada.get("/api/v1/prompts/facets")).json()["total"] == 2


async def test_a_taken_slug_is_skipped_renamed_or_gets_a_version_as_was_asked(live: LiveSite) -> None:
    ada, _ = await live.someone()
    made = await make(ada)
    document = (await ada.get("/api/v1/prompts/export")).json()

    async def imported(who: Any, on_conflict: str) -> list[str]:
        body = {"document": document, "on_conflict": on_conflict}
        report = (await who.post("/api/v1/prompts/import", json=body)).json()
        return [f"{e['change']} {e['slug']}" for e in report["imported"]] + [e["reason"] for e in report["skipped"]]

    assert await imported(ada, "version") == ["Its newest version is here already."]
    document["templates"][0]["versions"][0]["user"] = "Something new"
    bob, _ = await live.someone("bob@example.org")
    hidden = "The slug reply-to-a-customer can't be had. Choose another one."
    assert await imported(bob, "version") == await imported(bob, "skip") == [hidden]
    refused = (await bob.post("/api/v1/prompts", json={"name": "Mine", "user": "x", "slug": made["slug"]})).json()
    assert (refused["detail"], refused["sentence"]) == (hidden, "slug_taken")
    assert (await ada.post(f"/api/v1/prompts/{made['id']}/shares", json={"everybody": True})).status_code < 300
    assert "that you can't change" in (await imported(bob, "version"))[0]
    assert await imported(bob, "rename") == ["renamed reply-to-a-customer-2"]
    assert await imported(ada, "version") == ["version reply-to-a-customer"]
    assert (await ada.get(f"/api/v1/prompts/{made['id']}")).json()["newest"] == 2
    for wrong in ({}, {**document, "version": 9}, {**document, "templates": 5}):
        assert problem(await ada.post("/api/v1/prompts/import", json={"document": wrong}))[0] == 422

"""Templates by REST: versions that never change, labels that move, and who may do what."""

from typing import Any

from tests.integration.prompts.conftest import REPLY, again, make, problem
from tests.support.live import LiveSite


async def test_a_template_is_made_found_changed_deleted_and_brought_back(live: LiveSite) -> None:
    ada, _ = await live.someone()
    key = {"Idempotency-Key": "one"}
    made = (await ada.post("/api/v1/prompts", json=REPLY, headers=key)).json()
    assert (await ada.post("/api/v1/prompts", json=REPLY, headers=key)).json()["id"] == made["id"]
    assert (made["slug"], made["newest"], made["access"]) == ("reply-to-a-customer", 1, "owner")
    assert [variable["name"] for variable in made["current"]["variables"]] == ["company", "name", "tone"]
    path = f"/api/v1/prompts/{made['id']}"
    change = {"name": "Reply", "slug": "reply", "folder": " support / mail ", "tags": ["de", "de", "a b"]}
    changed = (await ada.patch(path, json=change)).json()
    assert (changed["slug"], changed["folder"], changed["tags"]) == ("reply", "support/mail", ["de", "a b"])
    assert changed["newest"] == 1
    assert (await ada.delete(path)).status_code == 204
    assert problem(await ada.get(path))[0] == 404
    other = await make(ada, slug="reply")
    assert problem(await ada.patch(path, json={"deleted": False})) == (409, "conflict", ["slug"])
    await ada.delete(f"/api/v1/prompts/{other['id']}")
    assert (await ada.patch(path, json={"deleted": False})).json()["name"] == "Reply"


async def test_a_slug_is_there_once_and_one_made_of_a_name_finds_its_place(live: LiveSite) -> None:
    ada, _ = await live.someone()
    slugs = [(await make(ada, name="Grüße an alle!"))["slug"] for _ in range(3)]
    assert slugs == ["grusse-an-alle", "grusse-an-alle-2", "grusse-an-alle-3"]
    taken = await ada.post("/api/v1/prompts", json={**REPLY, "slug": slugs[0]})
    assert problem(taken) == (409, "conflict", ["slug"])
    assert problem(await ada.post("/api/v1/prompts", json={**REPLY, "slug": "Not A Slug"}))[2] == ["slug"]


async def test_an_unknown_placeholder_is_an_error_when_a_version_is_saved_and_nothing_is_stored(live: LiveSite) -> None:
    ada, _ = await live.someone()
    made = await make(ada)
    path = f"/api/v1/prompts/{made['id']}/versions"
    refused = await ada.post(path, json={"user": "Hi {{nobody}}"})
    assert refused.status_code == 422
    assert "there is no variable nobody" in refused.json()["detail"]
    assert (await ada.get(f"/api/v1/prompts/{made['id']}")).json()["newest"] == 1


async def test_versions_stay_as_they_were_and_two_authors_do_not_overwrite_each_other(live: LiveSite) -> None:
    ada, _ = await live.someone()
    made = await make(ada)
    path = f"/api/v1/prompts/{made['id']}"
    second = await again(ada, made["id"], user="Answer {{name}}, {{tone}}.", note="shorter", base=1)
    assert (second["number"], second["note"], second["author"]["name"]) == (2, "shorter", "ada")
    late = await ada.post(f"{path}/versions", json={"user": "x", "base": 1})
    assert problem(late) == (409, "conflict", ["base"])
    first = (await ada.get(f"{path}/versions/1")).json()
    assert first["user"] == REPLY["user"]
    listed = (await ada.get(f"{path}/versions")).json()["items"]
    assert [(entry["number"], "user" in entry) for entry in listed] == [(2, False), (1, False)]
    page = (await ada.get(f"{path}/versions?limit=1")).json()
    assert (await ada.get(f"{path}/versions", params={"limit": 1, "cursor": page["next"]})).json()["items"] == listed[
        1:
    ]
    diff = (await ada.get(f"{path}/diff")).json()
    assert (diff["old"], diff["new"]) == (1, 2)
    assert [field["field"] for field in diff["fields"] if field["changed"]] == ["user"]
    assert problem(await ada.get(f"{path}/diff?old=7"))[0] == 404


async def test_a_label_releases_a_version_and_takes_it_back(live: LiveSite) -> None:
    ada, _ = await live.someone()
    made = await make(ada)
    await again(ada, made["id"], user="Two for {{name}}")
    path = f"/api/v1/prompts/{made['id']}"

    async def says(**which: Any) -> str:
        reply = await ada.post(f"{path}/render", json={"variables": {"name": "Bo"}, **which})
        return str(reply.json().get("user"))

    assert await says() == "Two for Bo"
    released = (await ada.put(f"{path}/labels/released", json={"version": 1})).json()
    assert released["labels"] == [{"name": "released", "version": 1}]
    assert released["current"]["number"] == 1
    assert await says() == "Answer Bo in a warm tone."
    assert await says(version=2) == await says(label="latest") == "Two for Bo"
    await ada.put(f"{path}/labels/released", json={"version": 2})
    assert await says() == "Two for Bo"
    assert problem(await ada.put(f"{path}/labels/released", json={"version": 9}))[0] == 404
    assert problem(await ada.put(f"{path}/labels/latest", json={"version": 1}))[2] == ["label"]
    assert problem(await ada.put(f"{path}/labels/No", json={"version": 1}))[2] == ["label"]
    assert (await ada.delete(f"{path}/labels/released")).status_code == 204
    missing = await ada.post(f"{path}/render", json={"label": "released", "variables": {"name": "x"}})
    assert problem(missing) == (404, "not_found", ["label"])


async def test_what_is_wrong_with_values_is_named_for_each_variable(live: LiveSite) -> None:
    ada, _ = await live.someone()
    made = await make(ada)
    path = f"/api/v1/prompts/{made['id']}/render"
    reply = await ada.post(path, json={"variables": {"tone": "angry", "extra": 1}})
    assert problem(reply) == (422, "bad_request", ["variables.extra", "variables.name", "variables.tone"])
    preview = {**{name: REPLY[name] for name in ("system", "user", "variables")}, "values": {"name": "{{tone}}"}}
    shown = (await ada.post("/api/v1/prompts/preview", json=preview)).json()
    assert (shown["user"], shown["system"]) == ("Answer {{tone}} in a warm tone.", "You write for Rivulet.")
    preview["values"] = {"name": 3}
    assert problem(await ada.post("/api/v1/prompts/preview", json=preview))[2] == ["values.name"]


async def test_who_a_template_is_shared_with_decides_who_sees_and_changes_it(live: LiveSite) -> None:
    from backend.accounts.models import Membership, Team
    from backend.core.db import in_thread

    ada, _ = await live.someone()
    bob, _ = await live.someone("bob@example.org")
    made = await make(ada)
    path = f"/api/v1/prompts/{made['id']}"

    async def bobs() -> str:
        """What he may: read, write, delete, share."""
        found = ""
        texts = {"user": "x"}
        found += "r" * ((await bob.get(path)).status_code == 200)
        found += "w" * ((await bob.post(f"{path}/versions", json=texts)).status_code == 201)
        found += "d" * ((await bob.delete(path)).status_code == 204)
        found += "s" * ((await bob.post(f"{path}/shares", json={"everybody": True})).status_code == 200)
        listed = (await bob.get("/api/v1/prompts")).json()["items"]
        assert bool(listed) == ("r" in found)
        return found

    async def share(**fields: Any) -> str:
        reply = await ada.post(f"{path}/shares", json=fields)
        assert reply.status_code == 200, reply.text
        return str(next(entry["id"] for entry in reply.json()["items"]))

    assert await bobs() == ""
    ident = await share(person="Bob@Example.org")
    assert await bobs() == "r"
    assert await share(person="bob@example.org", access="edit") == ident
    assert await bobs() == "rw"
    assert (await ada.delete(f"{path}/shares/{ident}")).status_code == 204
    assert await bobs() == ""
    ident = await share(everybody=True)
    assert await bobs() == "r"
    await ada.delete(f"{path}/shares/{ident}")

    def team() -> str:
        from backend.accounts.models import User

        made = Team.objects.create(name="Support")
        for user in User.objects.all():
            Membership.objects.create(team=made, user=user)
        return str(made.id)

    teams = await in_thread(team)
    await share(team=teams, access="edit")
    assert await bobs() == "rw"
    assert (await ada.get(f"{path}/shares")).json()["items"][0]["name"] == "Support"
    assert problem(await bob.get(f"{path}/shares"))[0] == 403
    assert problem(await ada.post(f"{path}/shares", json={"person": "no@example.org"}))[2] == ["person"]
    assert problem(await ada.post(f"{path}/shares", json={"team": made["id"]}))[2] == ["team"]
    assert (await ada.post(f"{path}/shares", json={"everybody": True, "team": teams})).status_code == 422


async def test_a_default_model_is_one_that_is_there(live: LiveSite) -> None:
    ada, _ = await live.someone()
    refused = await ada.post("/api/v1/prompts", json={**REPLY, "model": "no-such-model"})
    assert problem(refused) == (422, "bad_request", ["model"])
    assert (await ada.get("/api/v1/prompts/facets")).json()["total"] == 0
    made = await make(ada)
    path = f"/api/v1/prompts/{made['id']}/versions"
    assert problem(await ada.post(path, json={"user": "x", "model": "no-such-model"})) == (
        422,
        "bad_request",
        ["model"],
    )
    document = (await ada.get("/api/v1/prompts/export")).json()
    document["templates"][0] |= {"slug": "from-elsewhere"}
    document["templates"][0]["versions"][0]["model"] = "no-such-model"
    report = (await ada.post("/api/v1/prompts/import", json={"document": document})).json()
    kept = report["imported"][0]["id"]
    assert (await again(ada, kept, model="no-such-model"))["model"] == "no-such-model", "what it had may come back"

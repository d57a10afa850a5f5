"""Lists stand still for whoever pages through them, and take only the parameters that they know."""

from typing import Any

import httpx
import pytest

from tests.support.live import LiveSite
from tests.support.protocol import conversation, stored


async def said(script: httpx.AsyncClient, place: str) -> None:
    reply = await script.post(f"/api/v1/conversations/{place}/messages", json={"content": "hello"})
    assert (await stored(script, reply.json()["message"]))["status"] == "done"


async def pages(script: httpx.AsyncClient, path: str, *, limit: int, between: dict[int, Any]) -> list[str]:
    """The ids of all pages; `between` is what happens before a page of that number is asked for."""
    found: list[str] = []
    params: dict[str, Any] = {"limit": limit}
    for number in range(100):
        if number in between:
            await between[number]()
        reply = await script.get(path, params=params)
        assert reply.status_code == 200, reply.text
        found += [item["id"] for item in reply.json()["items"]]
        params["cursor"] = reply.json()["next"]
        if params["cursor"] is None:
            return found
    raise AssertionError("the pages have no end")


async def test_conversations_paged_while_they_move_come_once_and_none_is_missed(live: LiveSite) -> None:
    script, _ = await live.someone()
    places = [await conversation(script, title=f"talk {n}") for n in range(14)]
    for spoken in (places[0], places[5]):
        await said(script, spoken)
    for pinned in (places[2], places[3], places[4], places[8]):
        assert (await script.patch(f"/api/v1/conversations/{pinned}", json={"pinned": True})).status_code == 200
    gone: list[str] = []
    new: list[str] = []

    async def first() -> None:
        listed = [item["id"] for item in (await script.get("/api/v1/conversations")).json()["items"]]
        assert listed[:4] == [places[8], places[4], places[3], places[2]]
        for last in listed[-2:]:  # not shown yet, lifted to the top
            await said(script, last)
        await said(script, listed[0])  # shown
        await script.patch(f"/api/v1/conversations/{listed[1]}", json={"pinned": False})  # shown, falls down
        await script.patch(f"/api/v1/conversations/{listed[-3]}", json={"pinned": True})  # not shown, goes up
        new.append(await conversation(script, title="new"))

    async def second() -> None:
        await said(script, places[0])
        await script.patch(f"/api/v1/conversations/{places[5]}", json={"title": "renamed"})
        await script.delete(f"/api/v1/conversations/{places[6]}")
        gone.append(places[6])

    found = await pages(script, "/api/v1/conversations", limit=3, between={1: first, 3: second})
    assert len(found) == len(set(found)), "twice"
    assert set(places) - set(gone) - set(found) == set(), "missed"


async def test_found_conversations_paged_while_they_move_come_once_and_none_is_missed(live: LiveSite) -> None:
    script, _ = await live.someone()
    places = [await conversation(script, title=f"rhubarb {n}") for n in range(7)]

    async def moved() -> None:
        for place in (places[0], places[6]):
            await said(script, place)

    found = await pages(script, "/api/v1/conversations?q=rhubarb", limit=2, between={1: moved})
    assert sorted(found) == sorted(places)


async def test_messages_and_keys_paged_while_more_come_stay_whole(live: LiveSite) -> None:
    script, _ = await live.someone()
    place = await conversation(script)
    for _ in range(4):
        await said(script, place)
    messages = [item["id"] for item in (await script.get(f"/api/v1/conversations/{place}/messages")).json()["items"]]
    kept = [(await script.post("/api/v1/keys", json={"name": str(n)})).json()["id"] for n in range(5)]

    async def more() -> None:
        await said(script, place)
        await script.post("/api/v1/keys", json={"name": "new"})
        await script.delete(f"/api/v1/keys/{kept[4]}")

    found = await pages(script, f"/api/v1/conversations/{place}/messages", limit=3, between={1: more, 2: more})
    assert sorted(found) == sorted(messages)
    found = await pages(script, "/api/v1/keys", limit=2, between={1: more})
    assert len(found) == len(set(found))
    assert set(kept[:4]) <= set(found)


@pytest.mark.parametrize("path", ["conversations", "conversations/{id}/messages", "models", "keys", "sessions", "me"])
async def test_a_parameter_that_an_address_does_not_know_is_refused_by_name(live: LiveSite, path: str) -> None:
    script, _ = await live.someone()
    at = "/api/v1/" + path.format(id=await conversation(script))
    reply = await script.get(at, params={"offset": "3"})
    assert (reply.status_code, reply.json()["code"]) == (422, "bad_request"), reply.text
    assert reply.json()["errors"][0]["field"] == "offset"
    assert (await script.get(at)).status_code == 200
    stranger = await live.client().get(at, params={"offset": "3"})
    assert stranger.status_code == 401


async def test_a_parameter_that_comes_twice_is_refused_by_name(live: LiveSite) -> None:
    script, _ = await live.someone()
    reply = await script.get("/api/v1/conversations?limit=2&limit=3")
    assert (reply.status_code, reply.json()["errors"][0]["field"]) == (422, "limit")


async def test_parameters_of_what_changes_something_are_refused_too(live: LiveSite) -> None:
    script, _ = await live.someone()
    reply = await script.post("/api/v1/conversations?title=x", json={})
    assert (reply.status_code, reply.json()["errors"][0]["field"]) == (422, "title")
    assert (await script.get("/api/v1/conversations")).json()["items"] == []

"""A topic has one name, and an error one shape, whatever asks for them."""

from uuid import UUID

import pytest

from tests.support.live import LiveSite
from tests.support.protocol import ended, sent


@pytest.mark.parametrize("spelling", [str.upper, lambda text: UUID(text).hex, lambda text: "{" + text + "}"])
async def test_another_spelling_of_an_id_is_no_topic(live: LiveSite, spelling) -> None:
    script, key = await live.someone()
    ada = await live.socket(key)
    result = await sent(ada)
    await ended(ada, result["topic"])
    me = (await script.get("/api/v1/me")).json()["id"]
    for kind, found in (("generation", result["generation"]), ("conversation", result["conversation"]), ("user", me)):
        assert "result" in await ada.call("subscribe", topic=f"{kind}.{found}")
        assert (await ada.call("subscribe", topic=f"{kind}.{spelling(found)}"))["error"]["code"] == "not_found"
        reply = await script.get(f"/api/v1/topics/{kind}.{spelling(found)}/events?wait=0")
        assert (reply.status_code, reply.json()["code"]) == (404, "not_found")
    await ada.leave()


async def test_a_topics_errors_look_like_those_of_all_other_addresses(live: LiveSite) -> None:
    script, _ = await live.someone()
    stranger = live.client()
    never = "01a20000-0000-7000-8000-000000000000"
    for caller in (script, stranger):
        there = await caller.get(f"/api/v1/conversations/{never}")
        here = await caller.get(f"/api/v1/topics/conversation.{never}/events")
        problem = here.json()
        assert here.headers["content-type"] == "application/problem+json"
        assert problem.pop("request_id") == here.headers["x-request-id"]
        expected = there.json()
        expected.pop("request_id")
        assert problem == expected
        assert here.headers.get("www-authenticate") == there.headers.get("www-authenticate")


async def test_a_parameter_of_a_topic_that_is_wrong_is_named(live: LiveSite) -> None:
    script, _ = await live.someone()
    me = (await script.get("/api/v1/me")).json()["id"]
    for query, named in (("wait=26", "wait"), ("wait=nan", "wait"), ("since=1", "since")):
        reply = await script.get(f"/api/v1/topics/user.{me}/events?{query}", headers={"Accept": "application/json"})
        assert (reply.status_code, reply.json()["code"]) == (422, "bad_request")
        assert reply.json()["errors"][0]["field"] == named
    refused = await script.post(f"/api/v1/topics/user.{me}/events")
    assert (refused.status_code, refused.headers["allow"]) == (405, "GET")


async def test_a_name_of_a_command_that_is_half_a_character_is_answered(live: LiveSite) -> None:
    _, key = await live.someone()
    ada = await live.socket(key)
    ada.text('{"id":7,"cmd":"\\ud83d"}')
    reply = await ada.next()
    assert (reply["id"], reply["error"]["code"]) == (7, "bad_request")
    await ada.leave()

"""Access that ends is noticed within a second, by one query for the node; everything is asked again now and then."""

import asyncio
from dataclasses import replace

import pytest

from realtime.errors import Unauthenticated
from realtime.positions import Position
from tests.support.realtime import FAST, App, Writer, running, until
from tests.support.sockets import Client

TOPIC, ROOM = "generation.1", "conversation.1"
NO_RECHECK = replace(FAST, recheck=100.0)


async def polled(app: App) -> None:
    """Two whole rounds from now."""
    rounds = len(app.doors.polls) + 2
    await until(lambda: len(app.doors.polls) > rounds)


async def test_a_changed_version_of_a_topic_takes_it_from_those_who_may_not_read_it_any_more():
    async with running(NO_RECHECK) as app, Client(app) as client:
        await client.connect()
        app.answers.epochs[TOPIC] = "e1"
        app.rooms.add(ROOM, "x")
        writer = Writer(app.node, TOPIC)
        await client.subscribe(TOPIC, Position("e1", 0))
        await client.subscribe(ROOM)
        await polled(app)
        app.answers.secret.add(TOPIC)
        await polled(app)
        assert TOPIC in app.node.hub.feeds  # the version has not changed yet
        app.doors.numbers[TOPIC] = 1
        ended = (await client.until("unsubscribed"))[-1]
        assert ended == {
            "topic": TOPIC,
            "code": "not_found",
            "message": "There is nothing here that you can see.",
            "type": "unsubscribed",
        }
        writer.say("secret")
        await writer.drain()
        app.rooms.add(ROOM, "y")
        assert (await client.next())["topic"] == ROOM


async def test_access_lost_between_subscribe_and_the_first_poll_is_noticed():
    async with running(NO_RECHECK) as app, Client(app) as client:
        await client.connect()
        await polled(app)
        app.answers.epochs[TOPIC] = "e1"
        await client.subscribe(TOPIC, Position("e1", 0))
        app.answers.secret.add(TOPIC)
        assert (await client.until("unsubscribed"))[-1]["topic"] == TOPIC


@pytest.mark.parametrize(("reason", "code"), [("revoked", 4500), ("closed", 4507), ("expired", 4005)])
async def test_a_changed_version_of_a_user_ends_sockets_whose_credentials_are_gone(reason, code):
    async with running(NO_RECHECK) as app, Client(app) as client, Client(app) as other:
        await client.connect("ada")
        await other.connect("bob")
        await polled(app)
        app.doors.closed["ada"] = Unauthenticated("gone", reason=reason)
        app.doors.numbers["user.ada"] = 1
        assert await client.close_code() == code
        assert other.closed is None


async def test_one_query_a_round_asks_for_all_users_and_topics():
    async with running(NO_RECHECK) as app, Client(app) as client, Client(app) as other:
        await client.connect("ada")
        await other.connect("bob")
        app.rooms.add(ROOM, "x")
        await client.subscribe(ROOM)
        await other.subscribe(ROOM)
        await polled(app)
        app.doors.polls.clear()
        begun = asyncio.get_running_loop().time()
        await polled(app)
        assert app.doors.polls[0] == (["ada", "bob"], [ROOM])
        assert len(app.doors.polls) <= 1 + (asyncio.get_running_loop().time() - begun) / NO_RECHECK.poll


async def test_what_no_version_tells_is_found_by_the_recheck():
    async with running(replace(FAST, recheck=0.1)) as app, Client(app) as client:
        await client.connect()
        app.rooms.add(ROOM, "x")
        await client.subscribe(ROOM)
        await asyncio.sleep(0.05)
        app.rooms.secret.add(ROOM)
        assert (await client.until("unsubscribed"))[-1]["topic"] == ROOM
        app.doors.closed["ada"] = Unauthenticated("gone", reason="revoked")
        assert await client.close_code() == 4500


async def test_a_database_that_is_away_ends_nothing():
    async with running(NO_RECHECK) as app, Client(app) as client:
        await client.connect()
        app.rooms.add(ROOM, "x")
        await client.subscribe(ROOM)

        async def away(**_):
            raise OSError("no database")

        app.doors.versions = away  # type: ignore[method-assign]
        await asyncio.sleep(0.2)
        app.rooms.add(ROOM, "y")
        assert (await client.until("message.created"))[-1]["offset"] == 2

"""A socket's handshake, its commands, their answers, and how it ends."""

import asyncio
import time
from dataclasses import replace

import pytest

from realtime.errors import Unauthenticated
from realtime.positions import Position
from tests.support.realtime import FAST, Person, Writer, running
from tests.support.sockets import Client

TOPIC = "generation.1"


@pytest.mark.parametrize("lean", [True, False])
async def test_a_socket_connects_with_a_token_and_learns_the_intervals(lean):
    async with running() as app, Client(app, lean=lean) as client:
        assert client.accepted == "rivulet.v1"
        reply = await client.connect("ada")
        assert reply["result"] == {
            "client": reply["result"]["client"],
            "user": "ada",
            "ping": 25,
            "pong_timeout": 8,
            "max_frame": 1048576,
        }


async def test_the_time_that_a_token_is_good_for_is_told_in_seconds():
    async with running() as app, Client(app) as client:
        app.doors.tokens["short"] = Person("ada", expires_at=time.time() + 600)
        assert 598 <= (await client.connect("short"))["result"]["expires_in"] <= 600


@pytest.mark.parametrize(
    ("headers", "subprotocols"),
    [
        ([(b"cookie", b"a=b; session=ada")], ("rivulet.v1",)),
        ([(b"cookie", b'odd[1]={"x":1}; session=ada; =; x')], ("rivulet.v1",)),
        ([(b"authorization", b"Bearer ada")], ("rivulet.v1",)),
        ([], ("rivulet.v1", "ticket.ada")),
    ],
)
async def test_cookie_header_and_ticket_need_no_token(headers, subprotocols):
    async with running() as app, Client(app, headers=headers, subprotocols=subprotocols) as client:
        assert client.accepted == "rivulet.v1"
        assert (await client.call("connect", v=1))["result"]["user"] == "ada"


@pytest.mark.parametrize("origin", [b"http://evil.example", b"null", b"https://rivulet", b"http://rivulet.evil"])
async def test_a_foreign_origin_is_refused_before_it_is_accepted(origin):
    async with running() as app, Client(app, headers=[(b"origin", origin), (b"cookie", b"session=ada")]) as client:
        assert client.refused
        assert client.accepted is None


async def test_a_client_that_speaks_no_known_version_is_told_so():
    async with running() as app, Client(app, subprotocols=("rivulet.v9",)) as client:
        assert await client.close_code() == 4510
    async with running() as app, Client(app) as client:
        assert (await client.call("connect", v=2, token="ada"))["error"]["code"] == "bad_request"
        assert await client.close_code() == 4510


@pytest.mark.parametrize(
    ("reason", "code"), [("expired", 4005), ("malformed", 4500), ("revoked", 4500), ("closed", 4507), ("missing", 4500)]
)
async def test_a_token_that_does_not_hold_ends_the_socket_with_what_to_do(reason, code):
    async with running() as app, Client(app) as client:
        app.doors.tokens["bad"] = Unauthenticated("no", reason=reason)
        assert (await client.connect("bad"))["error"]["code"] == "unauthenticated"
        assert await client.close_code() == code


async def test_bad_credentials_in_the_handshake_are_told_at_connect():
    async with running() as app:
        app.doors.tokens["old"] = Unauthenticated("no", reason="expired")
        async with Client(app, headers=[(b"authorization", b"Bearer old")]) as client:
            assert (await client.call("connect", v=1))["error"]["code"] == "unauthenticated"
            assert await client.close_code() == 4005


async def test_nobody_is_nobody():
    async with running() as app, Client(app) as client:
        assert (await client.call("connect", v=1))["error"]["code"] == "unauthenticated"
        assert await client.close_code() == 4500


async def test_a_command_before_connect_is_an_error_and_connect_works_after_it():
    async with running() as app, Client(app) as client:
        assert (await client.call("subscribe", topic=TOPIC))["error"]["code"] == "unauthenticated"
        assert "result" in await client.connect()


async def test_commands_sent_right_behind_connect_wait_for_it():
    async with running() as app, Client(app) as client:
        client.order("connect", v=1, token="ada")
        assert (await client.call("cancel"))["result"] == {"status": "cancelling"}


async def test_a_second_connect_is_a_conflict():
    async with running() as app, Client(app) as client:
        await client.connect()
        assert (await client.connect())["error"]["code"] == "conflict"


async def test_no_connect_in_time_ends_the_socket():
    async with running(replace(FAST, connect_timeout=0.05)) as app, Client(app) as client:
        assert await client.close_code() == 4502


@pytest.mark.parametrize(
    ("cmd", "fields", "field"),
    [
        ("nonsense", {}, "nonsense"),
        ("subscribe", {"topic": TOPIC, "extra": 1}, "extra"),
        ("subscribe", {}, "topic"),
        ("unsubscribe", {"topic": 1}, "topic"),
        ("say", {"topic": TOPIC, "more": 1}, "unknown field"),
        ("refresh", {}, "token"),
        ("ack", {"topic": TOPIC, "epoch": "e1", "offset": 1}, "no id"),
    ],
)
async def test_unknown_commands_and_fields_are_bad_requests_that_name_them(cmd, fields, field):
    async with running() as app, Client(app) as client:
        await client.connect()
        error = (await client.call(cmd, **fields))["error"]
        assert (error["code"], error["temporary"]) == ("bad_request", False)
        assert field in error["message"]
        assert "result" in await client.call("cancel")


@pytest.mark.parametrize(
    "topic", ["generation.secret", "generation.never", "nonsense.1", "generation:1", "", "x" * 1000]
)
async def test_what_may_not_be_seen_is_answered_like_what_does_not_exist(topic):
    async with running() as app, Client(app) as client:
        app.answers.epochs["generation.secret"] = "e1"
        app.answers.secret.add("generation.secret")
        await client.connect()
        error = (await client.call("subscribe", topic=topic))["error"]
        assert error == {"code": "not_found", "message": "There is nothing here that you can see.", "temporary": False}


async def test_a_defect_is_an_internal_error_and_the_socket_goes_on(caplog):
    async with running() as app, Client(app) as client:
        await client.connect()
        error = (await client.call("broken"))["error"]
        assert (error["code"], error["temporary"]) == ("internal", True)
        assert "ZeroDivision" not in error["message"]
        assert "result" in await client.call("cancel")
    assert "ZeroDivisionError" in caplog.text


async def test_ids_that_do_not_rise_are_refused_under_their_id():
    async with running() as app, Client(app) as client:
        await client.connect()
        client.put(id=1, cmd="cancel")
        assert (await client.reply(1))["error"]["code"] == "bad_request"
        assert "result" in await client.call("cancel")


async def test_a_command_that_is_too_large_is_refused_under_its_id_and_uses_it_up():
    async with running() as app, Client(app) as client:
        await client.connect()
        assert (await client.call("say", topic="x" * 65_537))["error"]["code"] == "too_large"
        assert "result" in await client.call("cancel")


@pytest.mark.parametrize(
    ("message", "code"),
    [
        ({"text": "no json"}, 4501),
        ({"text": "[]"}, 4501),
        ({"text": '{"cmd":"cancel"}'}, 4501),
        ({"text": '{"id":-1,"cmd":"cancel"}'}, 4501),
        ({"bytes": b"{}"}, 1003),
        ({"text": '{"id":7,"cmd":"say","topic":"' + "x" * 2**20 + '"}'}, 1009),
        ({"text": '{"id":7,"cmd":"say","topic":"' + "😀" * 2**18 + '"}'}, 1009),
    ],
)
async def test_what_is_no_frame_closes_with_its_code_and_harms_nobody_else(message, code):
    async with running() as app, Client(app) as client, Client(app) as other:
        await client.connect()
        await other.connect()
        client.inbox.put_nowait({"type": "websocket.receive", **message})
        assert await client.close_code() == code
        assert "result" in await other.call("cancel")


async def test_a_cancel_passes_slow_commands():
    async with running() as app, Client(app) as client:
        await client.connect()
        slow = [client.order("slow") for _ in range(20)]
        assert "result" in await client.call("cancel")
        assert app.slow.running == app.node.settings.concurrent
        app.slow.gate.set()
        for id_ in slow:
            assert "result" in await client.reply(id_)


async def test_a_command_is_finished_when_its_socket_has_left():
    async with running() as app:
        async with Client(app) as client:
            await client.connect()
            client.order("slow")
            await client.call("cancel")
        assert app.slow.running == 1
        assert len(app.node._running) == 1
        app.slow.gate.set()


async def test_too_many_commands_close_with_4013_and_count_again_later():
    async with running(replace(FAST, commands_burst=20, commands_per_second=1)) as app, Client(app) as client:
        await client.connect()
        for _ in range(50):
            client.order("cancel")
        assert await client.close_code() == 4013


async def test_waiting_commands_are_bounded_in_number_and_in_bytes():
    async with running(replace(FAST, pending_commands=10)) as app, Client(app) as client:
        await client.connect()
        for _ in range(12):
            client.order("slow")
        assert await client.close_code() == 4013
        app.slow.gate.set()
    async with running(replace(FAST, pending_bytes=100_000)) as app, Client(app) as client:
        await client.connect()
        for _ in range(4):
            client.order("slow", text="x" * 40_000)
        assert await client.close_code() == 4013
        app.slow.gate.set()


async def test_one_socket_too_many_of_a_user_is_closed_with_4014_and_others_are_not():
    async with running(replace(FAST, sockets=2)) as app, Client(app) as one, Client(app) as two:
        await one.connect()
        await two.connect()
        async with Client(app) as three, Client(app) as other:
            three.order("connect", v=1, token="ada")
            assert await three.close_code() == 4014
            assert "result" in await other.connect("bob")
        await one.leave()
        async with Client(app) as again:
            assert "result" in await again.connect()


async def test_limits_can_be_switched_off_for_benchmarks():
    settings = replace(FAST, sockets=1, commands_burst=1, commands_per_second=0.1, limits=False)
    async with running(settings) as app, Client(app) as one, Client(app) as two:
        assert "result" in await one.connect()
        assert "result" in await two.connect()
        for _ in range(5):
            assert "result" in await two.call("cancel")


async def test_a_command_may_subscribe_its_socket_and_the_events_follow_its_reply():
    async with running() as app, Client(app) as client:
        await client.connect()
        app.answers.epochs[TOPIC] = "e1"
        writer = Writer(app.node, TOPIC)
        writer.say("a", "b")
        await writer.drain()
        id_ = client.order("say", topic=TOPIC)
        frames = await client.events(3)
        assert frames[0] == {"id": id_, "result": {"topic": TOPIC}}
        assert [frame["offset"] for frame in frames[1:]] == [1, 2]
        writer.say("c")
        assert (await client.next())["offset"] == 3


async def test_a_replayed_command_whose_log_has_ended_is_answered_by_snapshot():
    async with running() as app, Client(app) as client:
        await client.connect()
        app.answers.epochs[TOPIC] = "e1"
        writer = Writer(app.node, TOPIC)
        writer.say("a", "b")
        writer.end()
        await writer.drain()
        id_ = client.order("say", topic=TOPIC, replayed=True)
        reply, snapshot = await client.events(2)
        assert reply == {"id": id_, "result": {"topic": TOPIC}}
        assert (snapshot["type"], snapshot["offset"]) == ("snapshot", 3)
        assert await client.nothing()


async def test_a_token_is_refreshed_by_one_of_the_same_user():
    async with running() as app, Client(app) as client:
        app.doors.tokens["newer"] = Person("ada", expires_at=time.time() + 100)
        await client.connect()
        assert 98 <= (await client.call("refresh", token="newer"))["result"]["expires_in"] <= 100
        assert (await client.call("refresh", token="bob"))["error"]["code"] == "forbidden"
        app.doors.tokens["bad"] = Unauthenticated("no", reason="revoked")
        assert (await client.call("refresh", token="bad"))["error"]["code"] == "unauthenticated"
        assert "result" in await client.call("cancel")


async def test_subscriptions_are_counted():
    async with running(replace(FAST, subscriptions=2)) as app, Client(app) as client:
        await client.connect()
        for number in range(3):
            app.rooms.add(f"conversation.{number}", "x")
        assert "recovered" in await client.subscribe("conversation.0")
        assert "recovered" in await client.subscribe("conversation.1")
        assert (await client.subscribe("conversation.2"))["error"]["code"] == "conflict"
        assert "recovered" in await client.subscribe("conversation.1")
        await client.call("unsubscribe", topic="conversation.0")
        assert "recovered" in await client.subscribe("conversation.2")


async def test_a_subscription_that_finds_no_room_after_a_command_is_said_to_have_ended():
    async with running(replace(FAST, subscriptions=0)) as app, Client(app) as client:
        await client.connect()
        assert "result" in await client.call("say", topic=TOPIC)
        ended = await client.next()
        assert (ended["type"], ended["topic"], ended["code"]) == ("unsubscribed", TOPIC, "conflict")


async def test_operations_on_one_topic_keep_their_order():
    async with running() as app, Client(app) as client:
        await client.connect()
        app.rooms.add("conversation.1", "x")
        waits = [0.05, 0.0, 0.03]

        async def slow(**_):
            await asyncio.sleep(waits.pop(0))

        app.rooms.authorize = slow  # type: ignore[method-assign]
        cmds = ["subscribe", "unsubscribe", "subscribe", "unsubscribe", "subscribe", "unsubscribe"]
        ids = [client.order(cmd, topic="conversation.1") for cmd in cmds]
        for id_ in ids:
            assert "result" in await client.reply(id_)
        client.seen.clear()
        app.rooms.add("conversation.1", "y")
        assert await client.nothing()
        assert app.node.hub.feeds == {}


async def test_stopping_says_goaway_and_closes_with_4001():
    async with running() as app, Client(app) as client:
        await client.connect()
        await app.node.drain(0.02)
        await app.node.stop()
        assert (await client.until("goaway"))[-1] == {"type": "goaway", "drain_ms": 20}
        assert await client.close_code() == 4001
        async with Client(app) as late:
            assert await late.close_code() == 4001


async def test_a_position_of_a_finished_answer_whose_log_has_gone_is_recovered_with_nothing_to_send():
    from realtime import Ended

    async with running() as app, Client(app) as client:
        await client.connect()
        app.answers.epochs[TOPIC] = "e1"
        app.answers.ended[TOPIC] = Ended(9, b'{"type":"done","data":{}}')
        app.answers.stored[TOPIC] = "whole"
        reply = await client.subscribe(TOPIC, Position("e1", 9))
        assert reply == {"topic": TOPIC, "recovered": True, "position": {"epoch": "e1", "offset": 9}}
        reply = await client.subscribe(TOPIC, Position("e1", 3))
        assert (reply["recovered"], reply["position"]["offset"]) == (False, 9)
        assert reply["snapshot"]["parts"][0]["text"] == "whole"

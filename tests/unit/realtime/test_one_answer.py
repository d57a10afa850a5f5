"""A command has exactly one answer, whatever fails after it."""

import pytest

from realtime.errors import Unavailable
from realtime.log.base import LogAway
from realtime.session import Session
from tests.support.realtime import running
from tests.support.sockets import Client
from tests.unit.realtime.test_subscribe import TOPIC, written

FAILURES = [(RuntimeError("a defect"), "internal"), (Unavailable(), "unavailable"), (LogAway("away"), "unavailable")]


@pytest.mark.parametrize(("error", "code"), FAILURES, ids=["defect", "error", "log away"])
@pytest.mark.parametrize("command", ["subscribe", "resubscribe", "say"])
async def test_what_fails_after_the_answer_ends_the_subscription_and_is_no_second_answer(
    monkeypatch: pytest.MonkeyPatch, command: str, error: Exception, code: str
) -> None:
    def attach(self: Session, cursor: object) -> None:
        del self, cursor
        raise error

    async with running() as app, Client(app) as client:
        await client.connect()
        await written(app, 3)
        monkeypatch.setattr(Session, "attach", attach)
        if command == "say":
            id_ = client.order("say", topic=TOPIC)
        else:
            since = {"since": {"epoch": "e1", "offset": 1}} if command == "resubscribe" else {}
            id_ = client.order("subscribe", topic=TOPIC, **since)
        frames = [await client.next(), await client.next()]
        assert [frame.get("id") for frame in frames] == [id_, None]
        assert "result" in frames[0]
        assert (frames[1]["type"], frames[1]["code"]) == ("unsubscribed", code)
        assert await client.nothing()
        monkeypatch.undo()
        assert "result" in await client.call("subscribe", topic=TOPIC)


async def test_an_answer_that_would_be_the_second_is_not_sent() -> None:
    async with running() as app, Client(app) as client:
        await client.connect()
        (connection,) = app.node.watched
        id_ = client.order("unsubscribe", topic=TOPIC)
        assert (await client.next())["id"] == id_
        connection._reply(id_, {"again": True})  # type: ignore[attr-defined]
        connection._fail(id_, Unavailable())  # type: ignore[attr-defined]
        assert await client.nothing()

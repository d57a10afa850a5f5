"""Tokens: refreshed one at a time, in time, and what a close code says about them."""

import asyncio

import pytest

from rivulet_client import Stopped, Timing
from rivulet_client.timing import verdict
from rivulet_client.tokens import Tokens
from tests.unit.rivulet_client.fake import Fake


class Pair:
    """A provider that counts."""

    def __init__(self) -> None:
        self.number = 0

    async def token(self) -> str:
        return f"t{self.number}"

    async def refresh(self) -> str:
        await asyncio.sleep(0.01)
        self.number += 1
        return f"t{self.number}"


async def test_many_who_find_one_token_expired_refresh_it_once() -> None:
    pair = Pair()
    tokens = Tokens(pair)
    stale = await tokens.token()
    assert await asyncio.gather(*(tokens.refresh(stale) for _ in range(20))) == ["t1"] * 20
    assert pair.number == 1


async def test_an_expired_token_is_refreshed_before_coming_back() -> None:
    async with Fake() as fake:
        fake.on_connect = lambda frame: 4005 if frame["token"] == "t0" else None
        async with fake.client(token=Pair()) as client:
            await client.connected()
        assert [frame["token"] for frame in fake.asked("connect")] == ["t0", "t1"]


async def test_an_open_socket_is_refreshed_before_its_token_ends() -> None:
    async with Fake() as fake:
        fake.expires_in = 0.2
        async with fake.client(token=Pair()) as client:
            await client.connected()
            await fake.until(lambda: len(fake.asked("refresh")) >= 2)
        assert [frame["token"] for frame in fake.asked("refresh")][:2] == ["t1", "t2"]
        assert len(fake.asked("connect")) == 1


async def test_a_key_that_has_expired_stops_the_client() -> None:
    async with Fake() as fake:
        fake.on_connect = lambda frame: 4005
        async with fake.client() as client:
            with pytest.raises(Stopped):
                await client.connected(within=5)


async def test_a_refused_frame_is_tried_once_more_and_no_more() -> None:
    async with Fake() as fake, fake.client() as client:
        await client.connected()
        await fake.close(4501)
        await fake.until(lambda: len(fake.asked("connect")) == 2 and client.status.state == "open")
        await fake.close(4501)
        await fake.until(lambda: client.status.state == "stopped")
        assert len(fake.asked("connect")) == 2


async def test_too_many_sockets_means_not_before_a_minute() -> None:
    async with Fake() as fake, fake.client() as client:
        await client.connected()
        await fake.close(4014)
        await fake.until(lambda: client.status.state == "waiting")
        assert client.status.wait >= 60


@pytest.mark.parametrize(
    ("code", "wanted"),
    [
        (1000, "again"), (1006, "again"), (1011, "again"), (4001, "again"), (4008, "again"), (4012, "again"),
        (4013, "again"), (4005, "refresh"), (4014, "crowded"), (4500, "stop"), (4502, "stop"), (4507, "stop"),
        (4510, "stop"), (4599, "stop"), (1007, "once more"), (1009, "once more"), (4501, "once more"),
    ],
)  # fmt: skip
def test_close_codes_mean_what_the_protocol_says(code: int, wanted: str) -> None:
    assert verdict(code, tried_once_more=False) == wanted


def test_the_wait_grows_to_twenty_seconds_and_is_spread() -> None:
    class Most:
        def uniform(self, low: float, high: float) -> float:
            assert low == 0
            return high

    waits = [Timing().wait(attempt, Most()) for attempt in range(9)]  # type: ignore[arg-type]
    assert waits == [0.5, 1, 2, 4, 8, 16, 20, 20, 20]

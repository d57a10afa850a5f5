"""An app's token that really runs out: refused at the door, refreshed on an open socket, or the socket ends."""

import asyncio
import time
from collections.abc import Iterator

import httpx
import pytest

from tests.integration.product.conftest import PASSWORD
from tests.support import run
from tests.support.device import Device
from tests.support.product import Product

LIFE = 4
GRACE = 25 * 0.2


@pytest.fixture(scope="module")
def hasty() -> Iterator[Product]:
    """A product whose access tokens last four seconds, with the protocol's times at a fifth."""
    with Product(run.new_home(), TITLES="off", ACCESS_TOKEN_SECONDS=str(LIFE), TIME_SCALE="0.2") as running:
        running.manage("user_create", "eve@example.org", "--password", PASSWORD, "--verified")
        yield running


class App:
    """A signed-in app."""

    def __init__(self, product: Product, http: httpx.Client) -> None:
        self.http = http
        body = {"email": "eve@example.org", "password": PASSWORD}
        self.meta = self.http.post("/_allauth/app/v1/auth/login", json=body).json()["meta"]
        self.born = time.monotonic()

    @property
    def token(self) -> str:
        return str(self.meta["access_token"])

    def refresh(self) -> str:
        """The next pair's access token."""
        reply = self.http.post("/_allauth/app/v1/tokens/refresh", json={"refresh_token": self.meta["refresh_token"]})
        assert reply.status_code == 200, reply.text
        self.meta |= reply.json()["data"]
        return self.token


@pytest.fixture
def app(hasty: Product) -> Iterator[App]:
    with httpx.Client(base_url=hasty.url, trust_env=False) as http:
        yield App(hasty, http)


async def test_a_token_that_has_expired_is_4005_on_a_socket_and_401_elsewhere(hasty: Product, app: App) -> None:
    assert app.meta["expires_in"] == LIFE
    headers = {"Authorization": f"Bearer {app.token}"}
    assert app.http.get("/api/v1/me", headers=headers).status_code == 200
    await asyncio.sleep(LIFE + 1.1)
    async with Device(hasty.url, app.token) as device:
        reply = await device.open()
        assert reply["error"]["code"] == "unauthenticated"
        assert await device.closed() == 4005
    refused = app.http.get("/api/v1/me", headers=headers)
    assert (refused.status_code, refused.json()["reason"]) == (401, "expired")
    async with Device(hasty.url, app.refresh()) as device:
        assert "result" in await device.open()


async def test_a_socket_outlives_its_token_by_refreshing_and_by_nothing_else(hasty: Product, app: App) -> None:
    async with Device(hasty.url, app.token) as faithful, Device(hasty.url, app.token) as forgetful:
        opened = (await faithful.open())["result"]
        assert LIFE - 2 <= opened["expires_in"] <= LIFE
        topic = f"user.{opened['user']}"
        await forgetful.open()
        closing = asyncio.create_task(forgetful.closed(60))
        for device in (faithful, forgetful):
            assert "result" in await device.call("subscribe", topic=topic)
        for _ in range(4):
            await asyncio.sleep(LIFE - 1)
            reply = await faithful.call("refresh", token=app.refresh())
            assert 0 < reply["result"]["expires_in"] <= LIFE
        assert await closing == 4005
        assert time.monotonic() - app.born > LIFE + GRACE - 1
        made = app.http.post("/api/v1/conversations", json={}, headers={"Authorization": f"Bearer {app.refresh()}"})
        frame = await asyncio.wait_for(faithful.frames.get(), 5)
        assert (frame["topic"], frame["data"]["id"]) == (topic, made.json()["id"])


async def test_the_token_of_somebody_else_does_not_refresh_a_socket(hasty: Product, app: App) -> None:
    hasty.manage("user_create", "mallory@example.org", "--password", PASSWORD, "--verified")
    foreign = hasty.manage("apikey_create", "mallory@example.org").strip().splitlines()[-1]
    async with Device(hasty.url, app.refresh()) as device:
        await device.open()
        assert (await device.call("refresh", token=foreign))["error"]["code"] == "forbidden"
        assert await device.closed(60) == 4005

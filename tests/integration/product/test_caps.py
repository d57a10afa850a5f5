"""What one person may take of the product is capped, and nobody else notices who tries to take more."""

import asyncio
import contextlib
import re
import time
from pathlib import Path

import pytest
from websockets.exceptions import ConnectionClosed

from tests.integration.product.conftest import Ada
from tests.support.device import Device
from tests.support.product import Product

SOCKETS, MOST = 1000, 32
SUBSCRIBES, SUBSCRIPTIONS = 10_000, 100
MIB = 1024 * 1024


def resident(product: Product, *, high: bool = False) -> int:
    """Bytes of the web process, now or at its highest since it was `forgotten`."""
    status = Path(f"/proc/{product.pid('web-1')}/status").read_text()
    found = re.search(rf"{'VmHWM' if high else 'VmRSS'}:\s+(\d+)", status)
    assert found
    return int(found[1]) * 1024


def forget(product: Product) -> int:
    """Begin to look for the highest anew; returns what it is now."""
    Path(f"/proc/{product.pid('web-1')}/clear_refs").write_text("5")
    return resident(product)


async def answers_soon(ada: Ada) -> None:
    asked = time.monotonic()
    assert (await asyncio.to_thread(ada.http.get, "/api/v1/me")).status_code == 200
    assert time.monotonic() - asked < 2


@pytest.mark.alone
async def test_a_thousand_sockets_of_one_person_are_thirty_two(product: Product, ada: Ada) -> None:
    web, before = product.pid("web-1"), forget(product)
    room = asyncio.Semaphore(40)
    kept: list[Device] = []

    async def come() -> int | None:
        async with room:
            device = await Device(product.url, ada.key).__aenter__()
            with contextlib.suppress(ConnectionClosed):
                assert "result" in await device.open()
                kept.append(device)
                return None
            code = await device.closed()
            await device.__aexit__()
            return code

    codes = await asyncio.gather(*(come() for _ in range(SOCKETS)))
    assert len(kept) == MOST
    assert sorted({code for code in codes if code is not None}) == [4014]
    assert codes.count(4014) == SOCKETS - MOST
    await answers_soon(ada)
    assert "result" in await kept[0].call("subscribe", topic=f"user.{(ada.http.get('/api/v1/me')).json()['id']}")
    for device in kept:
        await device.__aexit__()
    assert resident(product, high=True) - before < 48 * MIB
    assert product.pid("web-1") == web
    await asyncio.sleep(0.5)
    async with Device(product.url, ada.key) as late:
        assert "result" in await late.open(), "who left made room"


@pytest.mark.alone
async def test_ten_thousand_subscribes_are_a_hundred_a_socket_and_errors(product: Product, ada: Ada) -> None:
    web = product.pid("web-1")
    async with asyncio.TaskGroup() as group:
        made = [
            group.create_task(asyncio.to_thread(ada.http.post, "/api/v1/conversations", json={}))
            for _ in range(SUBSCRIPTIONS + 1)
        ]
    topics = [f"conversation.{task.result().json()['id']}" for task in made]
    before = forget(product)
    each = SUBSCRIBES // MOST

    async def take() -> list[str]:
        async with Device(product.url, ada.key) as device:
            await device.open()
            found = []
            for number in range(each):
                reply = await device.call("subscribe", topic=topics[number % len(topics)])
                found.append(reply["error"]["code"] if "error" in reply else "subscribed")
            return found

    for code, expected in zip(await take(), ["subscribed"] * SUBSCRIPTIONS + ["conflict"], strict=False):
        assert code == expected
    for result in await asyncio.gather(*(take() for _ in range(MOST))):
        assert set(result) == {"subscribed", "conflict"}
        assert result.count("conflict") == sum(1 for n in range(each) if n % len(topics) == SUBSCRIPTIONS)
    await answers_soon(ada)
    assert resident(product, high=True) - before < 96 * MIB
    assert product.pid("web-1") == web

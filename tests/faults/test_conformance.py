"""The site of three nodes behind nginx keeps every promise of the protocol that can be seen from outside."""

from rivulet_client.conformance.__main__ import run, table
from rivulet_client.conformance.promise import PROMISES, judged
from rivulet_client.conformance.site import Site
from tests.faults.world import World
from tests.load.site import new_key
from tests.support.wall import Wall

PROMPT = "n=200 rate=40"
UNSEEN = {
    "needs a token that has expired; an API key does not",
    "needs an operator's hand",
    "needs a browser that is signed in; a key is no cookie",
    "this server counts nothing (LIMITS=off)",
}


async def test_three_nodes_behind_nginx_keep_every_promise_of_the_protocol(world: World) -> None:
    stranger = new_key(world.product, "eve@example.com")
    site = Site(world.product.url, world.key, stranger, "mock", PROMPT, limits=False)
    lines = await run(site)
    print(table(lines))
    assert [line for line in lines if line.outcome == "fail"] == []
    assert {line.detail for line in lines if line.outcome == "skip"} <= UNSEEN
    assert sum(line.outcome == "pass" for line in lines) > 70


ALTERED = {
    b'"offset":5,': b'"offset":6,',
    b'"recovered":true,': b'"recovered":null,',
    b'"code":"not_found"': b'"code":"forbidden"',
    b'"code":"key_reused"': b'"code":"conflicted"',
    b"retry: 1000": b"retry: 9000",
}
BROKEN = (
    "an answer's offsets are 1, 2, 3",
    "since within the log",
    "a topic that never was",
    "the same key with another body",
    "SSE: text/event-stream",
)
KEPT = ("connect answers {client, user", "4501 for a frame without a usable id")


async def test_a_server_that_breaks_promises_is_told_which(world: World) -> None:
    async with Wall(world.product.port) as wall:
        wall.altered = ALTERED
        site = Site(wall.url, world.key, None, "mock", limits=False)
        found = {
            one.text: await judged(one, site)
            for one in PROMISES
            if any(one.text.startswith(start) for start in BROKEN + KEPT)
        }
        await site.close()
    assert len(found) == len(BROKEN + KEPT)
    for text, line in found.items():
        assert line.outcome == ("pass" if text.startswith(KEPT) else "fail"), line
    assert "forbidden" in next(line.detail for text, line in found.items() if text.startswith("a topic that"))

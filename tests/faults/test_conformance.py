"""The site of three nodes behind nginx keeps every promise of the protocol that can be seen from outside."""

from rivulet_client.conformance.__main__ import run, table
from rivulet_client.conformance.site import Site
from tests.faults.world import World
from tests.load.site import new_key

UNSEEN = {
    "needs a token that has expired; an API key does not",
    "needs an operator's hand",
    "needs a browser that is signed in; a key is no cookie",
    "this server counts nothing (LIMITS=off)",
}


async def test_three_nodes_behind_nginx_keep_every_promise_of_the_protocol(world: World) -> None:
    stranger = new_key(world.product, "eve@example.com")
    site = Site(world.product.url, world.key, stranger, "mock", limits=False)
    lines = await run(site)
    print(table(lines))
    assert [line for line in lines if line.outcome == "fail"] == []
    assert {line.detail for line in lines if line.outcome == "skip"} <= UNSEEN
    assert sum(line.outcome == "pass" for line in lines) > 70

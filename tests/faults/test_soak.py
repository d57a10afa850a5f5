"""Row 35: for as long as it is told (`MINUTES`), sockets come, go and are dropped; what nodes hold stays flat."""

import asyncio
import os
import time

import pytest

from tests.faults.follower import Follower
from tests.faults.oracle import numbers
from tests.faults.world import World
from tests.load.processes import memory_mib, open_files, rise

MINUTES = float(os.environ.get("MINUTES") or 20)
ANSWERS, READERS, TOKENS, RATE = 12, 5, 300, 15
DROPPED = 0.02
"""The share of sockets that is dropped in a minute."""
MOST_MIB, MOST_FILES = 3.0, 12.0
"""By how much a node may hold more in the last quarter of the time than in the second."""


@pytest.mark.timeout(MINUTES * 60 + 180)
async def test_row_35_a_soak_leaves_memory_and_descriptors_flat(world: World) -> None:
    until = time.monotonic() + MINUTES * 60
    live: set[Follower] = set()
    samples: dict[int, list[tuple[float, float]]] = {node: [] for node in range(1, world.nodes + 1)}
    talks = [asyncio.create_task(_talk(world, live, until)) for _ in range(ANSWERS)]
    owed = 0.0
    while time.monotonic() < until:
        await asyncio.sleep(1)
        owed += len(live) * DROPPED / 60
        for reader in world.chance.sample(sorted(live, key=id), min(len(live), int(owed))):
            reader.drop()
        owed -= int(owed)
        for node, found in samples.items():
            pid = world.product.pid(f"web-{node}")
            found.append((memory_mib(pid), open_files(pid)))
    assert sum(await asyncio.gather(*talks)) > 0
    for node, found in samples.items():
        memory, files = rise([mib for mib, _ in found]), rise([count for _, count in found])
        told = f"node {node}: {memory:+.2f} MiB, {files:+.1f} descriptors"
        print(told)
        assert memory < MOST_MIB, told
        assert files < MOST_FILES, told


async def _talk(world: World, live: set[Follower], until: float) -> int:
    """One answer after the other, each with its readers; how many."""
    count = 0
    while time.monotonic() < until:
        started = await world.send(f"n={TOKENS} rate={RATE}")
        readers = [world.follower(started) for _ in range(READERS)]
        for reader in readers:
            await reader.__aenter__()
        live.update(readers)
        await world.ended(*readers, within=60)
        live.difference_update(readers)
        for reader in readers:
            await reader.__aexit__()
        message = await world.message(started["message"])
        assert numbers(message["text"]) == list(range(TOKENS))
        assert {reader.text for reader in readers} == {message["text"]}
        count += 1
    return count

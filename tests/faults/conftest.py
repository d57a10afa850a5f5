"""One site of three nodes for all rows: what a row breaks is whole again before the next."""

import os
import random
from collections.abc import Iterator

import pytest

from tests.faults.world import World
from tests.support import run

SEED = int(os.environ.get("SEED") or random.SystemRandom().randrange(1, 1 << 31))
SCALE = float(os.environ.get("SCALE") or 0.2)


def pytest_report_header() -> str:
    """A failure can be repeated."""
    return f"faults: SEED={SEED}"


@pytest.fixture(scope="session")
def world() -> Iterator[World]:
    """Three nodes behind nginx; `SCALE` multiplies all intervals."""
    with World(run.new_home(), nodes=3, scale=SCALE, seed=SEED) as running:
        yield running


@pytest.fixture(autouse=True)
def _apart(world: World, request: pytest.FixtureRequest) -> Iterator[None]:
    """Each row draws its own chances, whichever others run; a failure shows what the site printed meanwhile."""
    world.chance.seed(f"{SEED} {request.node.name}")
    before = len(world.product.lines)
    yield
    print("\n".join(line for line in world.product.lines[before:] if "[rivulet.http]" not in line))

"""One site of three nodes for all rows: what a row breaks is whole again before the next."""

import os
import random
from collections.abc import Iterator

import pytest

from tests.faults.world import World
from tests.support import run

SEED = int(os.environ.get("SEED", "0"))
SEED = SEED or random.SystemRandom().randrange(1, 1 << 31)
SCALE = 0.2


def pytest_report_header() -> str:
    """A failure can be repeated."""
    return f"faults: SEED={SEED}"


@pytest.fixture(scope="session")
def world() -> Iterator[World]:
    """Three nodes behind nginx, all intervals at a fifth."""
    with World(run.new_home(), nodes=3, scale=SCALE, seed=SEED) as running:
        yield running


@pytest.fixture(autouse=True)
def _show_what_it_said(world: World) -> Iterator[None]:
    """A failure shows what the site printed meanwhile."""
    before = len(world.product.lines)
    yield
    print("\n".join(line for line in world.product.lines[before:] if "[rivulet.http]" not in line))

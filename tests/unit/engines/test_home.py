"""Homes: one supervisor each, sockets whose paths fit, records that are kept."""

import os
from pathlib import Path

import pytest

from backend.engines import EngineError, HomeLock, recorded_urls
from backend.engines.home import LONGEST_SOCKET_FOLDER, socket_folder
from backend.engines.record import Choice, Record, read, write


def test_two_supervisors_do_not_share_one_home(tmp_path):
    with HomeLock(tmp_path), pytest.raises(EngineError, match=f"process {os.getpid()}"), HomeLock(tmp_path):
        pass


def test_a_home_is_free_again_after_its_supervisor(tmp_path):
    with HomeLock(tmp_path):
        pass
    with HomeLock(tmp_path):
        pass


def test_a_home_that_can_not_be_made_stops_with_a_sentence(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(EngineError, match=r"RIVULET_HOME .* can't be used"), HomeLock(tmp_path / "file" / "home"):
        pass


@pytest.mark.parametrize("name", ["x" * 100, "with blank", "with,comma"])
def test_a_home_whose_path_does_not_fit_a_socket_gets_a_short_private_folder_that_is_kept(tmp_path, name):
    base = tmp_path / name
    base.mkdir()
    record = Record()
    folder = socket_folder(base=base, record=record, user=None)
    try:
        assert len(str(folder)) <= LONGEST_SOCKET_FOLDER
        assert folder.stat().st_mode & 0o777 == 0o700
        record.sockets = str(folder)
        assert socket_folder(base=base, record=record, user=None) == folder
    finally:
        folder.rmdir()


def test_a_kept_socket_folder_that_somebody_swapped_for_a_link_is_not_used(tmp_path):
    base = tmp_path / ("x" * 100)
    base.mkdir()
    link = tmp_path / "link"
    link.symlink_to(base)
    folder = socket_folder(base=base, record=Record(sockets=str(link)), user=None)
    folder.rmdir()
    assert folder != link


def test_the_record_comes_back_as_it_was_written(tmp_path):
    record = Record(
        sockets="/run/s",
        user="postgres",
        base="/var/lib/x",
        engines={"redis": Choice(origin="path", program="/bin/redis-server", version="7.0.15", data="/data")},
    )
    write(tmp_path, record)
    assert read(tmp_path) == record


def test_a_damaged_record_stops_with_a_sentence(tmp_path):
    (tmp_path / "engines.json").write_text("{")
    with pytest.raises(EngineError, match=r"engines\.json, which records the engines of this home, can't be read"):
        read(tmp_path)


def test_a_home_without_engines_has_no_urls(tmp_path):
    assert recorded_urls(tmp_path) is None
    assert recorded_urls(Path("/nonexistent")) is None

"""Settings refuse nonsense with the name of the setting; deadlines fire once, and only when not met."""

import asyncio

import pytest

from realtime.server.deadlines import Deadlines
from realtime.server.problems import Refusal, raw_response, response, rfc9457
from realtime.server.settings import ServerSettings


def test_a_setting_that_cannot_be_is_refused_by_name() -> None:
    with pytest.raises(ValueError, match="max_frame must be positive"):
        ServerSettings(max_frame=0)
    with pytest.raises(ValueError, match="low_water"):
        ServerSettings(low_water=100, high_water=10)


def test_the_longest_prefix_sets_a_paths_body_limit() -> None:
    settings = ServerSettings(max_body=10, max_body_by_path={"/api/": 20, "/api/v1/files": 30})
    assert [settings.body_limit(path) for path in ("/", "/api/v1/me", "/api/v1/files")] == [10, 20, 30]


class Waiting:
    def __init__(self) -> None:
        self.times = 0

    def expired(self) -> None:
        self.times += 1


async def test_a_deadline_fires_once_unless_it_is_met() -> None:
    deadlines = Deadlines(loop=asyncio.get_running_loop(), interval=0.01)
    met, missed, moved = Waiting(), Waiting(), Waiting()
    for waiting in (met, missed, moved):
        deadlines.set(waiting, 0.02)
    deadlines.clear(met)
    deadlines.set(moved, 60)
    await asyncio.sleep(0.1)
    assert (met.times, missed.times, moved.times) == (0, 1, 0)
    assert deadlines.pending(moved)
    deadlines.clear(moved)
    await asyncio.sleep(0.05)
    assert deadlines._timer is None


def test_a_refusal_is_a_problem_with_a_stable_code() -> None:
    headers, body = response(Refusal(status=413, detail="Too much."), rfc9457)
    assert dict(headers)[b"content-length"] == str(len(body)).encode()
    assert b'"code": "too_large"' in body
    raw = raw_response(Refusal(status=431, detail="Too much."), rfc9457)
    assert raw.startswith(b"HTTP/1.1 431 Request Header Fields Too Large\r\n")
    assert b"\r\nconnection: close\r\n" in raw

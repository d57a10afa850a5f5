"""Hints stay in the process: there is no Redis here."""

from collections.abc import Iterator

import pytest

from realtime import hints


@pytest.fixture(autouse=True)
def _hints_stay_here(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(hints, "_announcer", None)
    yield
    assert not hints._local, "a node still listens"

"""The log in memory keeps the logs' contract."""

import pytest

from realtime.log import LogAway
from realtime.log.memory import MemoryLog
from tests.support.log_contract import E, LogContract, T, item


class TestMemoryLog(LogContract):
    @pytest.fixture
    def log(self):
        return MemoryLog()

    async def lose(self, log, end):
        if end is None:
            log.wipe()
        else:
            log.cut(T, E, end)


async def test_a_log_that_is_away_fails_every_call():
    log = MemoryLog()
    log.away = True
    with pytest.raises(LogAway):
        await log.append([item(b"a")])
    with pytest.raises(LogAway):
        await log.counter()

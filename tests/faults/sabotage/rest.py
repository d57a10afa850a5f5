"""Providers, sends and stops without what keeps them right."""

import os
from collections.abc import Callable
from typing import Any

from backend.chat.services import send
from backend.config.live import Live
from backend.outbound.response import StreamResponse
from backend.providers import retry

_Put = Callable[..., object]


def no_watchdog(put: _Put) -> None:
    """Nobody looks at the clock."""
    put(StreamResponse, "_look", lambda self: None)


def no_retries(put: _Put) -> None:
    """One attempt must do."""
    put(retry.RetryPolicy, "wait", lambda self, failures, error, *, chance: None)


def retry_after_tokens(put: _Put) -> None:
    """An answer that broke off begins again."""
    before = retry.RetryPolicy.wait

    def wait(self: Any, failures: int, error: Any, *, chance: float) -> float | None:
        error.started = False
        return before(self, failures, error, chance=chance)

    put(retry.RetryPolicy, "wait", wait)


def no_keys(put: _Put) -> None:
    """A send with a key is a send without one."""
    put(send, "key_of", lambda key, fields: None)


def no_drain(put: _Put) -> None:
    """SIGTERM is the end."""

    async def stop(self: Live) -> None:
        os._exit(0)

    put(Live, "stop", stop)

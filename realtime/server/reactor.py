"""Twisted's asyncio reactor on uvloop. Daphne uses the reactor it finds, so this is imported before Daphne."""

import asyncio
import sys

from twisted.internet import asyncioreactor

try:
    import uvloop
except ImportError:  # no wheel for this platform
    new_event_loop = asyncio.new_event_loop
else:
    new_event_loop = uvloop.new_event_loop


def install() -> asyncio.AbstractEventLoop:
    """Install the reactor, once, and return its loop. Raises RuntimeError when another kind of reactor is there."""
    reactor = sys.modules.get("twisted.internet.reactor")
    if reactor is None:
        loop = new_event_loop()
        asyncio.set_event_loop(loop)
        asyncioreactor.install(loop)
        return loop
    if not isinstance(reactor, asyncioreactor.AsyncioSelectorReactor):
        raise RuntimeError("Another Twisted reactor is installed; import realtime.server.serve first.")  # noqa: TRY004
    existing: asyncio.AbstractEventLoop = reactor._asyncioEventloop
    return existing

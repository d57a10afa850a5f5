"""A real PostgreSQL and a real Redis in user space, for a home directory and nothing else on the machine.

Programs come from the PATH, else from wheels. They listen on private Unix sockets only. What was chosen first is
recorded in `<home>/engines.json` and kept; an engine that does not fit the data stops with a sentence (`EngineError`).

Pure: imports nothing of Django or of the application. Nothing here reads the environment: callers pass values in.
"""

from backend.engines.errors import EngineError
from backend.engines.home import HomeLock
from backend.engines.pair import EnginePair, prepare
from backend.engines.process import Program, is_alive, start, stop
from backend.engines.record import Urls, recorded_urls

__all__ = [
    "EngineError",
    "EnginePair",
    "HomeLock",
    "Program",
    "Urls",
    "is_alive",
    "prepare",
    "recorded_urls",
    "start",
    "stop",
]

"""The broker's transport: kombu's for Redis, with what a closed connection raises mended.

When Redis goes away while a task runs, Celery closes its connection twice and acknowledges the task later, on the
channel of that time. kombu then asks a connection that is gone for its address: an `AttributeError`, which Celery
takes for the end of the worker, and takes on nothing more until the longest job under way is over. As the connection's
error that it is, it is passed over. The broker delivers what was not acknowledged once more, hours later, which does
nothing: a task only pushes along what the rows say.
"""

from typing import Any

from kombu.transport import TRANSPORT_ALIASES, redis
from redis.exceptions import ConnectionError as Gone


class Channel(redis.Channel):
    """A channel that says so when its connection is closed."""

    def _connparams(self, *args: Any, **kwargs: Any) -> Any:
        if getattr(self.connection, "client", None) is None:
            raise Gone("This connection to the broker is closed.")
        return super()._connparams(*args, **kwargs)  # type: ignore[misc]  # kombu's types leave it out


class Transport(redis.Transport):
    """kombu's, with that channel."""

    Channel = Channel


def install() -> None:
    """Have Redis URLs use it, before anything connects."""
    for name in ("redis", "rediss"):
        TRANSPORT_ALIASES[name] = f"{__name__}:Transport"

"""Whether a request of one call is with a provider: what stood in line, or was refused, took nothing."""

from contextvars import ContextVar


class Flight:
    """Of one call. `open`: a request went out, and was neither refused nor broken off since."""

    __slots__ = ("open",)

    def __init__(self) -> None:
        self.open = False


_FLIGHT: ContextVar[Flight | None] = ContextVar("flight", default=None)


def begin(*, open: bool = False) -> Flight:  # noqa: A002
    """The calling task makes a call now. `open`: the provider has its request already."""
    flight = Flight()
    flight.open = open
    _FLIGHT.set(flight)
    return flight


def left() -> None:
    """A request goes out."""
    if (flight := _FLIGHT.get()) is not None:
        flight.open = True


def returned() -> None:
    """It came to nothing before the first word; for whoever tries again."""
    if (flight := _FLIGHT.get()) is not None:
        flight.open = False

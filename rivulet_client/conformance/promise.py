"""What a promise is, how it is kept, broken or not to be seen, and the list of them."""

import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from rivulet_client.conformance.site import Site

Check = Callable[["Site"], Awaitable[None]]
Outcome = Literal["pass", "fail", "skip"]


class Broken(Exception):
    """The server did something else."""


class Unseen(Exception):
    """It can't be seen from here, and why."""


@dataclass(frozen=True, slots=True)
class Promise:
    """One line of the table. `slow` ones mostly wait and run beside the others; `last` ones disturb, and run alone."""

    section: str
    text: str
    check: Check
    slow: bool = False
    last: bool = False


@dataclass(slots=True)
class Line:
    """What came of one."""

    section: str
    promise: str
    outcome: Outcome
    detail: str = ""
    seconds: float = field(default=0.0)


PROMISES: list[Promise] = []


def promise(section: str, text: str, *, slow: bool = False, last: bool = False) -> Callable[[Check], Check]:
    """Put a check into the list."""

    def add(check: Check) -> Check:
        PROMISES.append(Promise(section, text, check, slow, last))
        return check

    return add


def expect(kept: Any, seen: Any = "") -> None:
    """Raise `Broken` with what was seen unless it is so."""
    if not kept:
        raise Broken(short(seen))


def same(found: Any, wanted: Any, what: str = "") -> None:
    """Raise `Broken` unless both are equal."""
    if found != wanted:
        raise Broken(f"{what + ': ' if what else ''}{short(found)} instead of {short(wanted)}")


def short(value: Any) -> str:
    """For a line of a table."""
    text = value if isinstance(value, str) else repr(value)
    return text if len(text) <= 300 else f"{text[:300]}…"


async def judged(one: Promise, site: "Site") -> Line:
    """Run one check."""
    began = time.monotonic()
    line = Line(one.section, one.text, "pass")
    try:
        await one.check(site)
    except Unseen as error:
        line.outcome, line.detail = "skip", str(error)
    except Broken as error:
        line.outcome, line.detail = "fail", str(error)
    except TimeoutError:
        line.outcome, line.detail = "fail", "nothing came in time"
    except Exception as error:  # noqa: BLE001 - whatever a server makes of it is a line of the table
        line.outcome, line.detail = "fail", short(f"{type(error).__name__}: {error}")
    line.seconds = time.monotonic() - began
    return line

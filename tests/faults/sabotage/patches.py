"""All patches of nodes by their names."""

from collections.abc import Callable

from tests.faults.sabotage import delivery, jobs, ownership, rest

Put = Callable[..., object]
"""Replace an attribute until the row is over: target, name, replacement."""

ALL: dict[str, Callable[[Put], None]] = {
    name.replace("_", "-"): found
    for module in (delivery, jobs, ownership, rest)
    for name, found in vars(module).items()
    if callable(found) and getattr(found, "__module__", "") == module.__name__ and not name.startswith("_")
}

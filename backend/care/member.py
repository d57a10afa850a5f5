"""One model of a chain, as the chain needs to know it."""

from dataclasses import dataclass

from backend.providers.base import Continuation, Provider


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """Calls at a time, over all nodes: of the whole `line` (a provider), and of the one model; 0: as many as come.

    A call waits for its turn for `patience` seconds.
    """

    line: str
    most: int
    most_of_model: int
    patience: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Member:
    """`provider` is the bare adapter; `model` the name that it knows, `label` one for people; `key` names the model of
    this provider among all nodes.
    """

    provider: Provider
    model: str
    label: str
    key: str
    continuation: Continuation
    limits: Limits | None = None

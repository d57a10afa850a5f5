"""Which models are in trouble, as all nodes know it.

`known` is this process's picture: it changes with each failure here, and once a second by what the others found. A
model that is not in it is asked without another thought; one that is in it is asked for at the shared state first.
"""

import secrets
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from backend.care.errors import NotAsked
from backend.care.policy import BreakerPolicy
from backend.care.shared import Away, Script, Shared
from backend.care.trouble import Trouble, View
from backend.providers.errors import ProviderError

INDEX: Final = "care:troubles"
SCRIPT: Final = Script("trouble.lua")
KEPT_MS: Final = 600_000
REST_WITHOUT_WORD: Final = 1.0
"""Seconds of peace for a provider that said "too many" and not for how long."""
LONGEST_MESSAGE: Final = 400
SHORTEST_WAIT_MS: Final = 50


@dataclass(frozen=True, slots=True)
class Known:
    """A state, and when it was so by the monotonic clock."""

    view: View
    at: float

    @property
    def rest(self) -> float:
        """Seconds that it asked to be left in peace from now on."""
        return max(0.0, self.at + self.view.rest_ms / 1000 - time.monotonic())

    @property
    def open(self) -> float:
        """Seconds that it is left alone from now on; 0 also where it is half open."""
        return max(0.0, self.at + self.view.open_ms / 1000 - time.monotonic())


class Troubles:
    """One for each event loop."""

    def __init__(self, shared: Shared, policy: BreakerPolicy) -> None:
        self._shared = shared
        self._policy = policy
        self._own: dict[str, Trouble] = {}
        self.known: dict[str, Known] = {}

    def peek(self, key: str) -> Known | None:
        """What is known against it; None: nothing. No round trip."""
        return self.known.get(key)

    async def admit(self, key: str) -> tuple[View, str]:
        """May it be asked now, by all that nodes know? With it the token of the probe that it is, perhaps."""
        token = secrets.token_hex(8)
        view = await self._apply("admit", key, token)
        return view, token if view.verdict == "probe" else ""

    async def failed(self, key: str, token: str, error: ProviderError) -> None:
        """It failed, as `speaks_against` has it."""
        await self._apply("failed", key, token, error)

    async def rested(self, key: str, error: ProviderError) -> None:
        """It said that it gets too many requests."""
        await self._apply("rested", key, "", error)

    async def answered(self, key: str, token: str) -> None:
        """It brought a first word while something was known against it."""
        await self._apply("answered", key, token)

    async def dropped(self, key: str, token: str) -> None:
        """A probe was called off."""
        await self._apply("dropped", key, token)

    async def look(self) -> None:
        """Take over what the other nodes know."""
        try:
            found = await self._shared.run(SCRIPT, [INDEX], ["all", 0])
        except Away:
            return
        self._own.clear()
        now = time.monotonic()
        views = ((_text(key), view_of(rest)) for key, *rest in found)
        self.known = {key: Known(view, now) for key, view in views if not view.clean}

    async def _apply(self, what: str, key: str, token: str, error: ProviderError | None = None) -> View:
        code, message, retry_ms = _told(what, error)
        try:
            given = (what, 0, key, token, code, message, retry_ms, *arguments(self._policy))
            view = view_of(await self._shared.run(SCRIPT, [INDEX, f"{INDEX}:{key}"], given))
        except Away:
            view = self._by_itself(what, key, token, code=code, message=message, retry_ms=retry_ms)
        if view.clean:
            self.known.pop(key, None)
        else:
            self.known[key] = Known(view, time.monotonic())
        return view

    def _by_itself(self, what: str, key: str, token: str, *, code: str, message: str, retry_ms: int) -> View:
        state = self._own.get(key) or self._own.setdefault(key, Trouble(self._policy))
        view = apply(state, what, int(time.time() * 1000), token, code=code, message=message, retry_ms=retry_ms)
        if view.clean:
            del self._own[key]
        return view


def apply(state: Trouble, what: str, now: int, token: str, *, code: str, message: str, retry_ms: int) -> View:
    """The script's words as calls of its twin."""
    match what:
        case "admit":
            return state.admit(now, token)
        case "failed":
            return state.failed(now, token, code=code, message=message, retry_ms=retry_ms)
        case "rested":
            return state.rested(now, retry_ms=retry_ms, code=code, message=message)
        case "answered":
            return state.answered(now, token)
        case _:
            return state.dropped(now, token)


def arguments(policy: BreakerPolicy) -> tuple[int, ...]:
    """The policy as the script takes it."""
    seconds = (policy.window, policy.cool, policy.longest, policy.probe)
    return (policy.threshold, *(int(value * 1000) for value in seconds), KEPT_MS)


def left_alone(name: str, view: View) -> NotAsked:
    """The error for a model that is not asked now."""
    wait = max(view.wait_ms, view.open_ms, view.rest_ms, SHORTEST_WAIT_MS) / 1000
    shown = max(1, round(wait))
    if view.rest_ms:
        said = f"{name} is receiving too many requests and is asked again in {shown} s."
        return NotAsked(said, code="rate_limited", retry_after=wait)
    said = f"{name} has failed {view.failures} times in a row and is left alone for {shown} s."
    return NotAsked(f"{said} {view.message}".strip(), code=view.code or "provider_error", retry_after=wait)


def _told(what: str, error: ProviderError | None) -> tuple[str, str, int]:
    if error is None:
        return "", "", 0
    after = error.retry_after
    if what == "rested" and after is None:
        after = REST_WITHOUT_WORD
    longest = 3600.0
    return error.code, error.message[:LONGEST_MESSAGE], int(min(after or 0.0, longest) * 1000)


def view_of(raw: Sequence[Any]) -> View:
    """What the script returned."""
    verdict, wait, failures, opened, open_ms, rest_ms, probing, code, message = raw
    return View(
        verdict=_text(verdict),  # type: ignore[arg-type]
        wait_ms=int(wait),
        failures=int(failures),
        opened=int(opened),
        open_ms=int(open_ms),
        rest_ms=int(rest_ms),
        probing=bool(int(probing)),
        code=_text(code),
        message=_text(message),
    )


def _text(raw: Any) -> str:
    return raw.decode() if isinstance(raw, bytes) else str(raw)

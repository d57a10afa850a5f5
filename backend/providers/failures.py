"""Turns what providers answer when they don't answer into a `ProviderError` that a person can act on."""

import email.utils
import time
from collections.abc import Mapping
from typing import Any

import msgspec

from backend.outbound import OutboundError
from backend.providers.base import CompletionRequest
from backend.providers.errors import CannotContinue, ProviderError

MAX_DETAIL = 300
"""Characters of the provider's own words that are passed on."""

_BUSY = {408, 409, 425, 500, 502, 503, 504, 520, 521, 522, 523, 524, 529}


def from_outbound(error: OutboundError, *, name: str, started: bool) -> ProviderError:
    """The call itself failed."""

    def told(text: str, sentence: str, **more: Any) -> ProviderError:
        named = _named(sentence, provider=name, reason=str(error))
        return ProviderError(text, started=started, sentence=named, **more)

    if not error.temporary:
        return told(f"{name}: {error}", "provider_unasked", code="model_unavailable", temporary=False)
    if started:
        return told(f"{name} stopped in mid-answer: {error}", "provider_stopped")
    return told(f"{name} could not answer: {error} Please try again.", "provider_unreached")


def from_status(
    status: int, headers: Mapping[str, str], body: bytes, *, name: str, model: str, key: str
) -> ProviderError:
    """The server answered with an HTTP error."""
    detail, kind = detail_of(body, key=key)
    wait = retry_after(headers)
    said = _said(detail)

    def error(
        message: str, sentence: str, *, code: str = "provider_error", temporary: bool = False, **params: Any
    ) -> ProviderError:
        named = _named(sentence, provider=name, detail=detail, **params)
        return ProviderError(
            message + said, code=code, status=status, temporary=temporary, retry_after=wait, sentence=named
        )

    if status in {401, 403}:
        text = f"{name} refused the API key. An administrator can correct it."
        return error(text, "provider_key", code="model_unavailable")
    if status == 402 or "insufficient_quota" in kind or "billing" in kind:
        return error(f"The account at {name} has no credit left.", "provider_credit", code="quota_exceeded")
    if status == 404:
        text = f"{name} has no model {model!r}, or its address is wrong."
        return error(text, "provider_model", code="model_unavailable", model=model)
    if status == 413 or "context_length" in kind:
        return error(f"This is longer than {model} can take.", "model_too_long", code="too_large", model=model)
    if status == 429:
        text = f"{name} is receiving too many requests."
        return error(text, "provider_busy", code="rate_limited", temporary=True)
    if status in _BUSY or status >= 500:
        text = f"{name} has a problem of its own (HTTP {status}). Please try again."
        return error(text, "provider_problem", temporary=True, status=str(status))
    return error(f"{name} refused the request (HTTP {status}).", "provider_refused", status=str(status))


def unless_continued(error: ProviderError, request: CompletionRequest) -> ProviderError:
    """A refusal; where the request was to be continued from its last message, perhaps just of that."""
    exact = request.continuation in {"prefix", "continue_final_message"}
    if request.continue_text and exact and error.status in {400, 422} and error.code == "provider_error":
        return CannotContinue(error.message, status=error.status, sentence=error.sentence)
    return error


def from_event(payload: Any, *, name: str, key: str, started: bool) -> ProviderError:
    """An error that came inside a stream, or as a body under status 200."""
    detail, kind = _read(payload, key=key)
    busy = not any(
        word in kind for word in ("invalid", "authentication", "permission", "not_found", "quota", "length", "large")
    )
    code = "rate_limited" if "rate_limit" in kind else "provider_error"
    what = "stopped in mid-answer" if started else "could not answer"
    said = _said(detail)
    sentence = _named("provider_broke" if started else "provider_silent", provider=name, detail=detail)
    return ProviderError(f"{name} {what}.{said}", code=code, temporary=busy, started=started, sentence=sentence)


def _named(sentence: str, *, detail: str = "", **params: Any) -> dict[str, Any]:
    """How a message is named. `said` in it: what the server said, a sentence of its own, or nothing."""
    said: Any = ""
    if detail:
        said = {"text": _said(detail), "sentence": "provider_said", "params": {"detail": detail}}
    return {"sentence": sentence, "params": {**params, "said": said}}


def _said(detail: str) -> str:
    """The server's own words as a sentence of their own; empty where there are none."""
    return f" It said: {detail}{'' if detail[-1:] in '.!?…' else '.'}" if detail else ""


def broken(name: str, what: str, *, started: bool) -> ProviderError:
    """The server sent something that is not its own format."""
    sentence = _named("provider_garbled", provider=name)
    return ProviderError(f"{name} sent {what}. Please try again.", started=started, sentence=sentence)


def cut(name: str, *, started: bool) -> ProviderError:
    """The stream ended before the answer did."""
    if started:
        text, sentence = f"{name} ended the connection in mid-answer.", "provider_cut"
    else:
        text, sentence = f"{name} ended the connection without an answer. Please try again.", "provider_mute"
    return ProviderError(text, started=started, sentence=_named(sentence, provider=name))


def retry_after(headers: Mapping[str, str]) -> float | None:
    """Seconds that the server asks to wait: `retry-after-ms`, or `Retry-After` as a number or a date."""
    try:
        if "retry-after-ms" in headers:
            return max(0.0, float(headers["retry-after-ms"]) / 1000)
        given = headers.get("Retry-After")
        if given is None:
            return None
        try:
            return max(0.0, float(given))
        except ValueError:
            return max(0.0, email.utils.parsedate_to_datetime(given).timestamp() - time.time())
    except (ValueError, TypeError, OverflowError):
        return None


def detail_of(body: bytes, *, key: str) -> tuple[str, str]:
    """The provider's sentence, and its type and code as one lower-case word list, from an error body."""
    try:
        parsed = msgspec.json.decode(body)
    except msgspec.DecodeError:
        text = body.decode("utf-8", "replace").strip()
        return ("" if text.startswith("<") else _clean(text, key)), ""
    return _read(parsed, key=key)


def _read(payload: Any, *, key: str) -> tuple[str, str]:
    if isinstance(payload, list) and payload:
        payload = payload[0]
    if isinstance(payload, dict):
        inner = payload.get("error")
        if inner is None:
            inner = payload.get("detail") or payload
        if isinstance(inner, dict):
            kind = f"{inner.get('type') or ''} {inner.get('code') or ''}".lower()
            return _clean(str(inner.get("message") or inner.get("detail") or ""), key), kind
        payload = inner
    return _clean(str(payload or ""), key), ""


def _clean(text: str, key: str) -> str:
    if key:
        text = text.replace(key, "…")
    text = " ".join("".join(c if c.isprintable() else " " for c in text[: 4 * MAX_DETAIL]).split())
    return text if len(text) <= MAX_DETAIL else text[:MAX_DETAIL] + "…"

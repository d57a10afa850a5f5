"""Our own export: a conversation with its messages in their order, as `backend.jobs.exports` writes them."""

import math
from datetime import UTC, datetime
from typing import Any, Final
from uuid import UUID

import msgspec
from pydantic import BaseModel, ConfigDict, ValidationError

from backend.catalog.params import Params
from backend.chat import verbatim
from backend.jobs.imports.base import (
    BadExport,
    LeftOut,
    Said,
    Told,
    arrange,
    as_dict,
    as_list,
    as_text,
    as_time,
    clean,
)

KINDS: Final = frozenset({"text", "reasoning", "tool", "search", "image"})
LONGEST_WORD = 40
MOST_TOOLS = 128
_STATUSES = {"done", "incomplete", "error", "cancelled"}
_ROLES = {"system", "user", "assistant"}


def knows(value: dict[str, Any]) -> bool:
    """By its messages, which have parts."""
    messages = value.get("messages")
    return (
        isinstance(value.get("id"), str)
        and isinstance(messages, list)
        and "conversationId" not in value
        and all(isinstance(as_dict(one).get("parts"), list) for one in messages[:3])
    )


def ident(value: dict[str, Any]) -> str:
    """See `Reader`."""
    return as_text(value.get("id"))


def told(value: dict[str, Any]) -> Told:
    """See `Reader`."""
    created = as_time(value.get("created"))
    updated = as_time(value.get("updated")) or created or datetime.now(UTC)
    left_out = LeftOut()
    messages = [_said(as_dict(one), left_out) for one in as_list(value.get("messages"))]
    return Told(
        id=ident(value),
        title=as_text(value.get("title")),
        created=created or updated,
        updated=updated,
        messages=arrange(messages, last=messages[-1].key, at=created or updated) if messages else [],
        model=as_text(value.get("model")),
        system=as_text(value.get("system")),
        folder=as_text(value.get("folder")),
        pinned=value.get("pinned") is True,
        archived=value.get("archived") is True,
        left_out=left_out,
    )


def _said(one: dict[str, Any], left_out: LeftOut) -> Said:
    key, role, status = as_text(one.get("id")), as_text(one.get("role")), as_text(one.get("status"))
    if not key or role not in _ROLES:
        raise BadExport("unknown_shape", "A message in it has no id, or nobody who says it.")
    cost = one.get("cost")
    return Said(
        key=key,
        parent=as_text(one.get("parent")) or None,
        role=role,  # type: ignore[arg-type]
        parts=_parts(as_list(one.get("parts")), left_out),
        model=as_text(one.get("model")),
        created=as_time(one.get("created")),
        status=status if status in _STATUSES else "incomplete",  # type: ignore[arg-type]
        reason=as_text(one.get("reason")),
        params=as_dict(_plain(one.get("params"))),
        usage=_counts(one.get("usage")),
        cost=float(cost) if isinstance(cost, int | float) and math.isfinite(cost) and 0 <= cost < 1e9 else None,
        error=_error(as_dict(one.get("error"))),
        timings=_counts(one.get("timings")),
        system=as_text(one["system"]) if isinstance(one.get("system"), str) else None,
        prompt=_prompt(one.get("prompt")),
        sources=[found for source in as_list(one.get("sources")) if (found := _source(as_dict(source)))] or None,
        instead_of=[found for other in as_list(one.get("instead_of")) if (found := _given_up(as_dict(other)))] or None,
        tools=_tools(one.get("tools")),
        request=_request(as_text(one.get("request")), left_out) if role == "assistant" else "",
    )


def _given_up(value: dict[str, Any]) -> dict[str, Any] | None:
    """A model that was asked before the one that answered."""
    texts = {name: as_text(value.get(name))[:200] for name in ("model", "provider", "code")}
    at = value.get("at")
    return {**texts, "at": at} if texts["model"] and type(at) is int and at >= 0 else None


def _tools(value: Any) -> list[dict[str, Any]] | None:
    """What the answer could call; whole or not at all."""
    found = _plain(as_list(value))
    good = all(isinstance(one, dict) and isinstance(one.get("type"), str) for one in found)
    return found if found and good and len(found) <= MOST_TOOLS else None


def _request(text: str, left_out: LeftOut) -> str:
    """What a model was asked word for word, where it can be asked so again."""
    if not text:
        return ""
    try:
        given = verbatim.decode(text)
        assert given is not None
        Params.model_validate(given.params)
    except (msgspec.MsgspecError, ValidationError):
        left_out.add("request")
        return ""
    tools = _tools(given.tools)
    return verbatim.encode(verbatim.Verbatim(given.messages, given.params, tools))


def _source(value: dict[str, Any]) -> dict[str, Any] | None:
    """A page by whose number the text cites it."""
    number, url = value.get("number"), as_text(value.get("url"))
    if type(number) is not int or not url.startswith(("https://", "http://")):
        return None
    texts = {name: as_text(value.get(name)) for name in ("title", "snippet")}
    return {"number": number, "url": url, **texts}


class _Prompt(BaseModel):
    """What a message keeps of the template that made it."""

    model_config = ConfigDict(extra="forbid")

    template: UUID
    version: UUID
    slug: str
    name: str
    number: int
    label: str | None = None
    variables: dict[str, Any]


def _prompt(value: Any) -> dict[str, Any] | None:
    try:
        return _Prompt.model_validate(_plain(value)).model_dump(mode="json", exclude_unset=True)
    except ValidationError:
        return None


def _counts(value: Any) -> dict[str, Any] | None:
    """Tokens or milliseconds, and words about them."""
    return {clean(name): one for name, one in as_dict(_plain(value)).items() if _short(one)} or None


def _short(value: Any) -> bool:
    if isinstance(value, str):
        return len(value) <= LONGEST_WORD
    return value is None or isinstance(value, bool) or (isinstance(value, int | float) and 0 <= value < 1e15)


def _error(value: dict[str, Any]) -> dict[str, Any] | None:
    if not value:
        return None
    return {"code": as_text(value.get("code")) or "internal", "message": as_text(value.get("message"))[:1000]}


def _parts(given: list[Any], left_out: LeftOut) -> list[dict[str, Any]]:
    parts = []
    for part in map(as_dict, given):
        if part.get("kind") not in KINDS or not _safe(part):
            left_out.add("unknown", as_text(part.get("kind")))
            continue
        parts.append({**as_dict(_plain(part)), "kind": part["kind"], "text": as_text(part.get("text"))})
    return parts


def _safe(part: dict[str, Any]) -> bool:
    """An image is at an https or data address, as where one is sent."""
    return part["kind"] != "image" or as_text(part.get("url")).startswith(("https://", "data:image/"))


def _plain(value: Any) -> Any:
    """JSON whose texts can be stored."""
    if isinstance(value, str):
        return clean(value)
    if isinstance(value, dict):
        return {clean(name): _plain(one) for name, one in value.items()}
    if isinstance(value, list):
        return [_plain(one) for one in value]
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value

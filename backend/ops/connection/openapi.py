"""The doctor's operations, which answer beside Ninja, for the OpenAPI document."""

from typing import Any

from backend.core.openapi import EVENT
from backend.ops.connection.probes import MOST_EVENTS, MOST_POLL, MOST_SECONDS, PATH

Operation = dict[str, Any]


def operations() -> dict[str, dict[str, Operation]]:
    """By path and method."""
    return {
        f"{PATH}request": {
            "get": _operation(
                "doctor_request",
                "What arrives here of a request",
                "Scheme and host as the server sees them, and its clock; for who is signed in also the caller's "
                "address, the version of HTTP and which forwarding headers came. Never 401: `signed_in` says it.",
                {"application/json": {"schema": {"type": "object"}}},
            )
        },
        f"{PATH}stream": {
            "get": _operation(
                "doctor_stream",
                "Events at a given pace",
                f"Ends after {MOST_SECONDS:g} s at the latest. `hint=off` leaves out the header `X-Accel-Buffering`.",
                {"text/event-stream": {"schema": EVENT}},
                _number("events", "How many.", most=MOST_EVENTS),
                _number("gap_ms", "Milliseconds between two.", most=MOST_SECONDS * 1000),
                {"in": "query", "name": "hint", "schema": {"type": "string", "enum": ["on", "off"]}, "required": False},
            )
        },
        f"{PATH}poll": {
            "get": _operation(
                "doctor_poll",
                "An answer that comes late",
                "As a long poll's does.",
                {"application/json": {"schema": {"type": "object"}}},
                _number("wait", "Seconds.", most=MOST_POLL),
            )
        },
        f"{PATH}body": {
            "post": _operation(
                "doctor_body",
                "Count the bytes of a body",
                "They are not kept.",
                {"application/json": {"schema": {"type": "object"}}},
            )
            | {"requestBody": {"content": {"application/octet-stream": {"schema": {"type": "string"}}}}}
        },
    }


def _operation(name: str, summary: str, description: str, content: Operation, *parameters: Operation) -> Operation:
    return {
        "operationId": name,
        "summary": summary,
        "description": description,
        "tags": ["doctor"],
        "parameters": list(parameters),
        "responses": {"200": {"description": "As asked", "content": content}},
        "security": [{"Auth": []}],
    }


def _number(name: str, description: str, *, most: float) -> Operation:
    schema = {"type": "number", "minimum": 0, "maximum": most}
    return {"in": "query", "name": name, "required": False, "schema": schema, "description": description}

"""What the server itself refuses looks like every other error of the address."""

import json
import logging

import pytest

from backend.config.refusals import log_refusal, render_refusal
from backend.core.middleware import RequestLog
from realtime.server.problems import _CODES, Refusal


@pytest.mark.parametrize("status", sorted(_CODES))
def test_a_refusal_has_the_shape_of_its_address(status: int) -> None:
    kind, body = render_refusal(Refusal(status=status, detail="No.", path="/api/v1/me"))
    problem = json.loads(body)
    assert (kind, problem["status"], problem["detail"]) == ("application/problem+json", status, "No.")
    kind, body = render_refusal(Refusal(status=status, detail="No.", path="/v1/chat/completions"))
    error = json.loads(body)["error"]
    assert (kind, error["message"], error["code"]) == ("application/json", "No.", problem["code"])
    assert set(error) == {"message", "type", "param", "code"}


def test_a_refusal_is_logged_with_its_id(caplog: pytest.LogCaptureFixture) -> None:
    refusal = Refusal(status=413, detail="Too much.", method="POST", path="/api/v1/keys", client="192.0.2.1")
    with caplog.at_level(logging.INFO):
        log_refusal(refusal)
    for expected in (refusal.request_id, "413", "/api/v1/keys", "192.0.2.1"):
        assert expected in caplog.text


async def test_the_server_learns_the_id_that_the_application_gave() -> None:
    named: dict[str, str] = {}

    async def app(scope, receive, send) -> None:
        await send({"type": "websocket.close"})

    async def send(message) -> None:
        del message

    scope = {"type": "websocket", "path": "/", "headers": [(b"x-request-id", b"from-the-proxy")]}
    await RequestLog(app)({**scope, "extensions": {"rivulet.named": named}}, send, send)  # type: ignore[arg-type]
    assert named == {"request_id": "from-the-proxy"}

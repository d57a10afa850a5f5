"""What the server itself refuses, before the application sees it: logged and shaped like every other error."""

import structlog

from backend.config.asgi import OPENAI_PATH
from backend.core.errors import AppError, BadRequest, Forbidden, Internal, TooLarge, Unavailable
from backend.openai_api.errors import error_body
from backend.openai_api.http import JSON
from realtime.server.problems import Refusal, rfc9457

_log = structlog.get_logger("rivulet.http")
_KINDS: tuple[type[AppError], ...] = (BadRequest, Forbidden, Internal, TooLarge, Unavailable)


def render_refusal(refusal: Refusal) -> tuple[str, bytes]:
    """Content type and body: OpenAI's shape under `/v1/`, a problem elsewhere."""
    if not refusal.path.startswith(OPENAI_PATH):
        return rfc9457(refusal)
    kinds = {kind.code: kind for kind in _KINDS}
    return JSON, error_body(kinds[refusal.code](refusal.detail))


def log_refusal(refusal: Refusal) -> None:
    """The same line that a request gets which reaches the application."""
    _log.info(
        "refused",
        request_id=refusal.request_id,
        method=refusal.method,
        path=refusal.path,
        status=refusal.status,
        code=refusal.code,
        client=refusal.client,
    )

"""Logs tell what happened and never a secret, in development too."""

import io
import logging
import logging.config

import pytest
import redis
import structlog

from backend.core.logging import logging_config

KEY = "sk-0123456789abcdefghij"  # pragma: allowlist secret


@pytest.fixture(params=[True, False], ids=["json", "console"])
def lines(request):
    out = io.StringIO()
    config = logging_config(json=request.param, level="INFO")
    config["handlers"]["stderr"]["stream"] = out
    logging.config.dictConfig(config)
    yield out
    logging.config.dictConfig(logging_config(json=False, level="INFO"))


def fail(openai_api_key: str, words: str = "") -> None:
    raise RuntimeError(f"refused{words}: {len(openai_api_key)}")


def test_a_traceback_shows_no_local_variables(lines):
    try:
        fail(KEY)
    except RuntimeError:
        structlog.get_logger("x").exception("failed")
    assert "RuntimeError" in lines.getvalue()
    assert KEY not in lines.getvalue()


def test_a_secret_in_the_words_of_an_error_is_hidden(lines):
    try:
        fail(KEY, f" {KEY}")
    except RuntimeError:
        logging.getLogger("x").exception("failed")
    assert "refused [hidden]" in lines.getvalue()
    assert KEY not in lines.getvalue()


@pytest.mark.parametrize("page", ["reset-password", "verify-email"])
def test_the_path_of_a_link_in_a_mail_is_logged_without_its_key(lines, page):
    structlog.get_logger("rivulet.http").info("request", path=f"/{page}/3-d2x8-abcdef")
    assert f"/{page}/[hidden]" in lines.getvalue()


def test_a_lost_line_to_redis_is_one_line_and_another_error_keeps_its_traceback(lines):
    pubsub = logging.getLogger("channels_redis.pubsub")
    for error in (redis.exceptions.ConnectionError("Connection closed by server."), RuntimeError("other")):
        pubsub.error("Unexpected exception in receive task", exc_info=error)
    lost, rest = lines.getvalue().split("\n", 1)
    assert "Unexpected exception in receive task: Connection closed by server." in lost
    assert "warning" in lost
    assert lost.count("Connection closed") == 1
    assert "RuntimeError: other" in rest

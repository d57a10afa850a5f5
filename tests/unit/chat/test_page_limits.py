"""The page refuses what the server would: it carries the same limits."""

import re
from pathlib import Path

from backend.chat.schemas import MAX_CONTENT_CHARS
from realtime.settings import RealtimeSettings

PAGE = Path(__file__).resolve().parents[3] / "frontend" / "src"


def constant(file: str, name: str) -> int:
    """A number that the page's source names."""
    found = re.search(rf"const {name} = ([\d_ *]+);", (PAGE / file).read_text())
    assert found is not None
    product = 1
    for factor in found[1].split("*"):
        product *= int(factor)
    return product


def test_a_message_is_as_long_at_most_in_the_composer_as_on_the_server() -> None:
    assert constant("features/chat/composer/length.ts", "MOST_CHARS") == MAX_CONTENT_CHARS


def test_a_command_goes_by_rest_from_where_the_socket_refuses_it() -> None:
    assert constant("realtime/session.ts", "MAX_COMMAND") == RealtimeSettings().max_command

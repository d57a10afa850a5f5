"""The protocol's page names everything that the code sends and takes, and its examples are valid frames."""

import json
import re
from pathlib import Path

import jsonschema_rs
import pytest

from backend.chat import events as chat
from backend.chat.commands import commands
from backend.core.errors import BadRequest
from backend.jobs import events as jobs
from backend.openai_api.errors import status_of
from realtime import errors
from realtime.close import Close
from realtime.frames import CLIENT_FRAMES
from realtime.settings import RealtimeSettings

EVENTS = [*chat.EVENTS.items(), *jobs.EVENTS.items()]
ROOT = Path(__file__).resolve().parents[3]
PAGE = (ROOT / "docs" / "realtime-protocol.md").read_text()
ERRORS = (ROOT / "docs" / "errors.md").read_text()
SCHEMA = json.loads((ROOT / "docs" / "realtime.schema.json").read_text())
FRAMES = [
    json.loads(line)
    for block in re.findall(r"^```json\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)
    for line in block.splitlines()
    if '"events"' not in line
]


@pytest.mark.parametrize(("kind", "types"), EVENTS)
def test_every_event_is_on_the_page(kind, types) -> None:
    missing = [name for name in types if f"`{name}`" not in PAGE and f"`{name} {{" not in PAGE]
    assert missing == []


def test_every_command_is_on_the_page() -> None:
    names = [*CLIENT_FRAMES, *(command.name for command in commands())]
    assert [name for name in names if f"| `{name}` |" not in PAGE] == []


def test_every_close_code_is_on_the_page() -> None:
    assert [int(code) for code in Close if not re.search(rf"\b{int(code)}\b", PAGE)] == []


def test_every_error_is_in_the_table_with_its_status() -> None:
    kinds = [kind for kind in vars(errors).values() if isinstance(kind, type) and issubclass(kind, errors.AppError)]
    assert len(kinds) > 10
    assert [kind.code for kind in kinds if f"| `{kind.code}` | {kind.status} |" not in ERRORS] == []
    assert status_of(BadRequest()) == 400


def test_the_limits_are_those_of_the_code() -> None:
    limits = RealtimeSettings()
    for said in (
        f"at most {limits.window_events} events or\n{limits.window_bytes >> 10} KiB",
        f"at most {limits.replay_events} events or {limits.replay_bytes >> 10} KiB",
        f"`ping` every {limits.ping:.0f} s",
        f"it waits {limits.pong_timeout:.0f} s",
        f"within {limits.connect_timeout:.0f} s",
        f"| subscriptions of a socket | {limits.subscriptions} |",
        f"| sockets of a user | {limits.sockets} ",
        f"| commands | {limits.commands_per_second:.0f} a second, {limits.commands_burst} at once |",
        f"A comment comes every {limits.sse_comment:.0f} s",
    ):
        assert said in PAGE, said


@pytest.mark.parametrize("frame", FRAMES, ids=lambda frame: str(frame.get("type") or frame.get("cmd") or "reply"))
def test_every_example_is_a_frame_of_the_schema(frame) -> None:
    which = "ClientFrame" if "cmd" in frame else "ServerFrame"
    schema = {"$defs": SCHEMA["$defs"], "$ref": f"#/$defs/{which}"}
    assert [error.message for error in jsonschema_rs.validator_for(schema).iter_errors(frame)] == []

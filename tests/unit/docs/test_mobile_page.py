"""The recipes for Swift and Kotlin send what the server takes and read what it sends; nobody compiles them here."""

import json
import re
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest

from backend.chat.events import EVENTS
from realtime.close import Close

ROOT = Path(__file__).resolve().parents[3]
PAGE = (ROOT / "docs" / "clients-mobile.md").read_text()
SCHEMA: dict[str, Any] = json.loads((ROOT / "docs" / "realtime.schema.json").read_text())
DEFS: dict[str, Any] = SCHEMA["$defs"]
COMMANDS = {
    DEFS[one["$ref"].rsplit("/", 1)[1]]["properties"]["cmd"]["const"]: DEFS[one["$ref"].rsplit("/", 1)[1]]
    for one in DEFS["ClientFrame"]["oneOf"]
}
FIELDS = {name for kind in DEFS.values() for name in kind.get("properties", {})}
TYPES = {name for events in EVENTS.values() for name in events} | {"snapshot", "unsubscribed", "ping", "goaway"}
OTHERS = {"refresh_token", "access_token", "start"}  # of the accounts' API, and of a snapshot's slices
# What a program ends by itself, and what ends one without a close frame.
CODES = {int(code) for code in Close} | {1000, 1006, 1007}
KINDS, STATUS = {"text"}, {"running"}


def code(language: str) -> str:
    """All of one language."""
    return "\n".join(re.findall(rf"^```{language}\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL))


def calls(program: str) -> list[tuple[str, str]]:
    """What is sent: commands with the words of their arguments."""
    found = []
    for match in re.finditer(r'\b(?:call|tell|ask)\(\s*"([a-z_.]+)"', program):
        depth, end = 1, match.end()
        while depth:
            depth += {"(": 1, ")": -1}.get(program[end], 0)
            end += 1
        found.append((match[1], program[match.end() : end]))
    return found


def wrong_calls(program: str) -> list[str]:
    """Commands that are none, fields that they do not have, and fields without which they are refused."""
    found = []
    for name, arguments in calls(program):
        if name not in COMMANDS:
            found.append(name)
            continue
        given = set(re.findall(r'"(\w+)"(?:: | to )', arguments)) | set(re.findall(r'\.put\("(\w+)"', arguments))
        built = "fields" in arguments or "body" in arguments
        known, needed = set(COMMANDS[name]["properties"]), set(COMMANDS[name]["required"]) - {"id", "cmd"}
        found += [f"{name}: {one}?" for one in given - known]
        found += [f"{name}: {one}!" for one in needed - given if not built]
    return found


def wrong_words(program: str) -> list[str]:
    """Fields that are read and types that are told apart, which no frame has."""
    fields = re.findall(r'\w\["(\w+)"\]', program)
    fields += re.findall(r'\.(?:opt\w*|get\w*|has|put)\("(\w+)"', program)
    types = [
        one
        for line in re.findall(r'^\s*case ("[^:]+"):|^\s*("[^\n]+?") ->', program, re.MULTILINE)
        for one in re.findall(r'"([^"]+)"', "".join(line))
    ]
    types += re.findall(r'type(?:"\]|"\)| as \? String)* == "([a-z.]+)"', program)
    return [one for one in fields if one not in FIELDS | OTHERS] + [one for one in types if one not in TYPES]


def wrong_codes(program: str) -> list[int]:
    """Close codes that the protocol does not have."""
    return [
        int(one) for one in re.findall(r"(?<![\d_.])(?:1[0-9]{3}|4[05]\d\d)(?![\d_])", program) if int(one) not in CODES
    ]


@pytest.mark.parametrize("line", re.findall(r"^\{.*\}$", code("json"), re.MULTILINE))
def test_every_frame_is_one_that_the_server_takes(line: str) -> None:
    schema = {"$defs": DEFS, "$ref": "#/$defs/ClientFrame"}
    assert [error.message for error in jsonschema_rs.validator_for(schema).iter_errors(json.loads(line))] == []


@pytest.mark.parametrize("language", ["swift", "kotlin"])
def test_every_command_field_event_and_code_is_the_protocols(language: str) -> None:
    program = code(language)
    assert {"connect", "subscribe", "message.send", "refresh", "ack", "pong"} == {name for name, _ in calls(program)}
    assert wrong_calls(program) == []
    assert wrong_words(program) == []
    assert wrong_codes(program) == []
    assert {4005, 4014, 4500, 4501, 4502, 4507, 4510} <= {int(one) for one in re.findall(r"\b4[05]\d\d\b", program)}
    for event in ("part.added", "part.delta", "reset", "done", "incomplete", "error", "cancelled"):
        assert f'"{event}"' in program


@pytest.mark.parametrize("language", ["swift", "kotlin"])
def test_braces_brackets_and_parentheses_are_closed(language: str) -> None:
    program = re.sub(r'//[^\n]*|"(?:\\\(.*?\)|[^"\n])*"', "", code(language))
    for opening, closing in ("{}", "[]", "()"):
        assert program.count(opening) == program.count(closing), opening


def test_a_wrong_word_would_be_seen() -> None:
    assert wrong_calls('call("conect", ["v": 1])') == ["conect"]
    assert wrong_calls('tell("ack", ["topic": t, "epoch": e])') == ["ack: offset!"]
    assert wrong_calls('tell("ack", "topic" to t, "epoch" to e, "offset" to 1, "pages" to 2)') == ["ack: pages?"]
    assert wrong_words('frame["ofset"] as? Int') == wrong_words('frame.getLong("ofset")') == ["ofset"]
    assert wrong_words('        case "part.delt": break') == wrong_words('   "part.delt" -> x') == ["part.delt"]
    assert wrong_codes("case 4009:") == [4009]

"""A frame is read strictly: what is wrong is answered under its id, or ends the connection."""

import json

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from realtime.errors import BadRequest
from realtime.frames import Ack, Pong, Subscribe
from realtime.parse import BadFrame, Command, Rejected, fields_as, parse_frame
from realtime.positions import Position, parse_position


def read(text: str, *, last_id: int = 0) -> Command | Ack | Pong:
    return parse_frame(text, last_id=last_id, max_command=1000, max_depth=20)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "nonsense",
        "[]",
        '"text"',
        "null",
        "1",
        '[{"id":1,"cmd":"x"}]',
        '{"id":1,"cmd":"x"',
        '{"id":1,"cmd":"x"} {}',
        '{"id":1,"cmd":"x","n":NaN}',
        '{"id":1,"cmd":"x","n":Infinity}',
        '{"id":1,"cmd":"x","n":-Infinity}',
        '{"id":1,"cmd":"x","n":1e999}',
        '{"id":1,"id":2,"cmd":"x"}',
        '{"id":1,"cmd":"x","a":{"b":1,"b":2}}',
        '{"id":1,"cmd":"x","a":"\n"}',
        '{"cmd":"subscribe","topic":"a.b"}',
        '{"id":0,"cmd":"x"}',
        '{"id":-1,"cmd":"x"}',
        '{"id":9007199254740992,"cmd":"x"}',
        '{"id":9223372036854775808,"cmd":"x"}',
        '{"id":"1","cmd":"x"}',
        '{"id":1.0,"cmd":"x"}',
        '{"id":true,"cmd":"x"}',
        '{"id":null,"cmd":"x"}',
        '{"id":' + "9" * 5000 + ',"cmd":"x"}',
        '{"id":1,"cmd":"x","a":' + "[" * 200 + "]" * 200 + "}",
        "[" * 100_000,
        '{"cmd":"ack"}',
        '{"cmd":"ack","topic":"a.b","epoch":"e","offset":"1"}',
        '{"cmd":"ack","topic":"a.b","epoch":"e","offset":1,"extra":1}',
        '{"cmd":"pong","extra":1}',
    ],
)
def test_what_is_no_frame_ends_the_connection(text):
    with pytest.raises(BadFrame):
        read(text)


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ('{"id":3,"cmd":"x"}', "bad_request"),
        ('{"id":2,"cmd":"x"}', "bad_request"),
        ('{"id":4,"cmd":7}', "bad_request"),
        ('{"id":4}', "bad_request"),
        ('{"id":4,"cmd":"x","text":"' + "a" * 1000 + '"}', "too_large"),
        ('{"id":4,"cmd":"x","text":"' + "ä" * 500 + '"}', "too_large"),
        ('{"id":4,"cmd":"x","text":"\\ud83d"}', "bad_request"),
        ('{"id":4,"cmd":"x","text":"\\ude00\\ud83d"}', "bad_request"),
        ('{"id":4,"cmd":"x","\\ud83d":1}', "bad_request"),
        ('{"id":4,"cmd":"\\ud83d"}', "bad_request"),
    ],
)
def test_what_is_wrong_with_a_usable_id_is_answered_under_it(text, code):
    with pytest.raises(Rejected) as caught:
        read(text, last_id=3)
    assert (caught.value.id, caught.value.error.code) == (json.loads(text)["id"], code)


def test_a_command_keeps_its_fields():
    command = read('{"id":9007199254740991,"cmd":"x","a":[1,{"b":null}],"t":"\\ud83d\\ude00"}')
    assert isinstance(command, Command)
    assert (command.id, command.cmd, command.fields) == (2**53 - 1, "x", {"a": [1, {"b": None}], "t": "😀"})


def test_acks_and_pongs_have_no_id():
    ack = read('{"cmd":"ack","topic":"a.b","epoch":"e","offset":3,"page":1}')
    assert ack == Ack(topic="a.b", epoch="e", offset=3, page=1)
    assert read('{"cmd":"pong"}') == Pong()


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({}, "topic"),
        ({"topic": 1}, "topic"),
        ({"topic": None}, "topic"),
        ({"topic": "a.b", "extra": 1}, "extra"),
        ({"topic": "a.b", "since": None}, "since"),
        ({"topic": "a.b", "since": {"epoch": "e"}}, "since.offset"),
        ({"topic": "a.b", "since": {"epoch": "e", "offset": "1"}}, "since.offset"),
        ({"topic": "a.b", "since": {"epoch": "e", "offset": 1.5}}, "since.offset"),
        ({"topic": "a.b", "since": {"epoch": "e", "offset": 1, "more": 1}}, "since.more"),
    ],
)
def test_a_wrong_field_is_named(fields, field):
    with pytest.raises(BadRequest) as caught:
        fields_as(fields, Subscribe)
    assert caught.value.field == field
    assert f"`{field}`" in caught.value.message


@pytest.mark.parametrize("offset", [-1, 10**30, 2**53])
def test_an_impossible_position_is_no_error_but_unusable(offset):
    frame = fields_as({"topic": "a.b", "since": {"epoch": "e", "offset": offset}}, Subscribe)
    assert isinstance(frame.since, Position)
    assert not frame.since.usable


@pytest.mark.parametrize(
    "text", ["", ":", "e:", ":1", "e:-1", "e:1.0", "e:²", "e e:1", "e:99999999999999999", "x" * 33 + ":1"]
)
def test_an_unusable_last_event_id_is_no_position(text):
    assert parse_position(text) is None


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.from_regex(r"[A-Za-z0-9_-]{1,32}", fullmatch=True), st.integers(0, 2**53 - 1))
def test_a_position_reads_back_what_it_wrote(epoch, offset):
    assert parse_position(str(Position(epoch, offset))) == Position(epoch, offset)


values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda v: st.lists(v) | st.dictionaries(st.text(), v),
)


@settings(max_examples=50, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.dictionaries(st.sampled_from(["id", "cmd", "topic", "epoch", "offset", "page", "a"]), values))
def test_any_json_is_a_command_or_a_clear_refusal(value):
    try:
        found = read(json.dumps(value))
    except (BadFrame, Rejected):
        return
    assert isinstance(found, Ack | Pong) or (found.id == value["id"] and found.cmd == value["cmd"])


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.text())
def test_any_text_is_a_command_or_a_clear_refusal(text):
    try:
        read(text)
    except (BadFrame, Rejected):
        return
    assert isinstance(json.loads(text), dict)

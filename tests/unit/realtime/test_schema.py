"""The schema is of the frames that are really sent, closed for what a client sends and open for what it gets."""

import json

import jsonschema_rs
import pytest
from pydantic import BaseModel, ConfigDict

from realtime.positions import Position
from realtime.schema import PRESENCE, Contract, asyncapi, json_schema
from realtime.typescript import typescript
from tests.support.realtime import Writer, running
from tests.support.sockets import Client


class Strict(BaseModel):
    model_config = ConfigDict(extra="forbid")


class PartDelta(Strict):
    """Appends to its part."""

    part: int
    text: str


class Part(Strict):
    kind: str
    text: str


class GenerationSnapshot(Strict):
    status: str
    parts: list[Part]


class Done(Strict):
    finish_reason: str = "stop"


class ErrorBody(Strict):
    """The application's own, by a name that the library has too."""

    code: str
    why: str | None = None


class Failed(Strict):
    error: ErrorBody


class Say(Strict):
    topic: str
    replayed: bool = False


class Said(Strict):
    topic: str


CONTRACT = Contract(
    events={
        "generation": {
            "part.delta": PartDelta.model_json_schema(),
            "done": Done.model_json_schema(),
            "error": Failed.model_json_schema(),
            "snapshot": GenerationSnapshot.model_json_schema(),
        },
        "conversation": {"presence": PRESENCE},
    },
    commands={"say": (Say.model_json_schema(), Said.model_json_schema())},
)


@pytest.fixture(scope="module")
def document():
    return json_schema(CONTRACT)


def validator(document, name: str):
    return jsonschema_rs.validator_for({**document, "anyOf": [{"$ref": f"#/$defs/{name}"}]})


def references(value):
    if isinstance(value, dict):
        for name, inner in value.items():
            yield from [inner] if name == "$ref" else references(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from references(inner)


def test_the_document_is_a_valid_schema_whose_references_all_lead_somewhere(document):
    jsonschema_rs.meta.validate(document)
    for reference in references(document):
        assert reference.removeprefix("#/$defs/") in document["$defs"], reference


@pytest.mark.parametrize(
    ("frame", "valid"),
    [
        ({"id": 1, "cmd": "connect", "v": 1}, True),
        ({"id": 1, "cmd": "connect", "v": 1, "token": "t"}, True),
        ({"id": 1, "cmd": "connect", "v": 1, "extra": 1}, False),
        ({"id": 0, "cmd": "connect", "v": 1}, False),
        ({"id": 1, "cmd": "subscribe", "topic": "a.b", "since": {"epoch": "e", "offset": 1}}, True),
        ({"id": 1, "cmd": "subscribe"}, False),
        ({"cmd": "ack", "topic": "a.b", "epoch": "e", "offset": 1}, True),
        ({"id": 1, "cmd": "ack", "topic": "a.b", "epoch": "e", "offset": 1}, False),
        ({"cmd": "pong"}, True),
        ({"id": 1, "cmd": "say", "topic": "a.b"}, True),
        ({"id": 1, "cmd": "say", "topic": "a.b", "more": 1}, False),
        ({"id": 1, "cmd": "other"}, False),
    ],
)
def test_a_client_frame_is_valid_exactly_when_the_server_takes_it(document, frame, valid):
    assert validator(document, "ClientFrame").is_valid(frame) == valid


async def test_every_frame_that_a_server_sends_is_valid(document):
    server = validator(document, "ServerFrame")
    async with running() as app, Client(app) as client:
        frames = [await client.connect()]
        app.answers.epochs["generation.1"] = "e1"
        writer = Writer(app.node, "generation.1")
        writer.say("a")
        await writer.drain()
        frames.append(await client.call("subscribe", topic="generation.1"))
        writer.say(*["x" * 9000] * 20)
        writer.put(b'{"type":"done","data":{"finish_reason":"stop","later":"a new field"}}')
        frames += await client.until("done")
        frames.append(await client.call("subscribe", topic="generation.1", since={"epoch": "no", "offset": 0}))
        frames += await client.events(2)
        frames.append(await client.call("unsubscribe", topic="generation.1"))
        frames.append(await client.call("say", topic="generation.2"))
        frames.append(await client.call("nonsense"))
        app.rooms.add("conversation.1", "x")
        await client.call("subscribe", topic="conversation.1")
        frames.append(await client.next())
        await app.node.drain(0.01)
        await app.node.stop()
        frames += await client.until("goaway")
        for frame in frames:
            errors = [error.message for error in server.iter_errors(frame)]
            assert not errors, (str(frame)[:200], errors)
        assert {frame.get("type") for frame in frames} >= {"part.delta", "done", "snapshot", "presence", "goaway"}
        assert not server.is_valid({"topic": "generation.1", "epoch": "e", "offset": 0, "type": "done", "data": {}})


def test_the_applications_schemas_do_not_take_the_librarys_names(document):
    assert document["$defs"]["ErrorBody"]["required"] == ["code", "message", "temporary"]
    assert "why" in document["$defs"]["AppErrorBody"]["properties"]


def test_two_schemas_of_one_name_are_refused():
    other = {"$defs": {"Part": {"type": "string"}}, "type": "object", "properties": {"a": {"$ref": "#/$defs/Part"}}}
    another = {"$defs": {"Part": {"type": "null"}}, "type": "object", "properties": {"a": {"$ref": "#/$defs/Part"}}}
    third = {"$defs": {"Part": {"type": "array"}}, "type": "object", "properties": {"a": {"$ref": "#/$defs/Part"}}}
    with pytest.raises(ValueError, match="AppPart"):
        json_schema(Contract(events={"a": {"x": other, "y": another, "z": third}}))


def test_the_asyncapi_document_refers_only_to_what_is_in_it():
    document = asyncapi(CONTRACT, version="1.0.0")
    assert document["asyncapi"].startswith("3.")
    for reference in references(document):
        at = document
        for step in reference.removeprefix("#/").split("/"):
            at = at[step]
    assert set(document["operations"]) == {"receiveFromClient", "sendToClient", "streamEvents"}
    streamed = [one["$ref"].rpartition("/")[2] for one in document["operations"]["streamEvents"]["messages"]]
    assert "GenerationPartDeltaFrame" in streamed
    assert "Ping" not in streamed


def test_typescript_has_every_definition_and_the_events_by_kind(document):
    text = typescript(CONTRACT, made_by="make schemas")
    for name in document["$defs"]:
        assert f"export interface {name} " in text or f"export type {name} = " in text, name
    assert '    "part.delta": PartDelta;\n' in text
    assert (
        'export interface SayCommand {\n  id: number;\n  cmd: "say";\n  topic: string;\n  replayed?: boolean;\n}'
        in text
    )
    assert "status: string;\n  parts: Part[];" in text
    assert "why?: string | null;" in text


def test_what_is_generated_is_the_same_each_time():
    assert json.dumps(json_schema(CONTRACT)) == json.dumps(json_schema(CONTRACT))
    assert typescript(CONTRACT, made_by="x") == typescript(CONTRACT, made_by="x")


def test_positions_are_closed(document):
    assert document["$defs"]["Position"]["additionalProperties"] is False
    assert Position("e", 1).usable

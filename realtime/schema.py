"""The protocol as JSON Schema and AsyncAPI: the library's frames, with the application's events and commands put in.

The application hands over JSON Schemas (draft 2020-12, each with its own `$defs`). What a client sends stays closed,
unknown fields are refused; what it gets is open, for it ignores what it does not know.
"""

import copy
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import msgspec

from realtime.errors import AppError
from realtime.frames import CLIENT_FRAMES, MAX_ID, RESULTS, SERVER_FRAMES, ErrorBody, Failure
from realtime.positions import EPOCH, TOPIC

Schema = dict[str, Any]
DEFS = "#/$defs/"
SNAPSHOT = "snapshot"
PRESENCE: Schema = {
    "title": "Presence",
    "description": "Who follows the topic now.",
    "type": "object",
    "properties": {"users": {"type": "array", "items": {"type": "string"}}},
    "required": ["users"],
}
"""The data of `presence`, for kinds that have it."""


@dataclass(frozen=True, slots=True)
class Contract:
    """What the application adds. `events`: topic kind → event type → schema of its data, `snapshot` among the types.

    `volatile` are event types without an offset. `commands`: name → schema of its fields, schema of its result.
    """

    events: Mapping[str, Mapping[str, Schema]]
    commands: Mapping[str, tuple[Schema, Schema]] = field(default_factory=dict)
    volatile: frozenset[str] = frozenset({"typing", "presence"})
    title: str = "Realtime protocol, version 1"


def json_schema(contract: Contract) -> Schema:
    """One document whose `$defs` hold every frame; `ClientFrame` and `ServerFrame` are the two directions."""
    return _Document(contract).build()


def asyncapi(contract: Contract, *, version: str) -> Schema:
    """The same as an AsyncAPI 3 document."""
    document = json_schema(contract)
    schemas = _replaced(document["$defs"])
    client, server = (_members(document["$defs"][name]) for name in ("ClientFrame", "ServerFrame"))
    messages = {
        name: {"name": name, "title": name, "payload": {"$ref": f"#/components/schemas/{name}"}}
        for name in client + server
    }
    events = [name for name in server if "offset" in schemas[name].get("properties", {})]
    socket = "#/channels/socket"
    return {
        "asyncapi": "3.0.0",
        "info": {"title": contract.title, "version": version},
        "defaultContentType": "application/json",
        "channels": {
            "socket": {
                "address": "/ws/v1/",
                "title": "WebSocket, subprotocol rivulet.v1",
                "messages": {name: {"$ref": f"#/components/messages/{name}"} for name in client + server},
            },
            "events": {
                "address": "/api/v1/topics/{topic}/events",
                "title": "Server-sent events and long poll",
                "parameters": {"topic": {"description": "`<kind>.<id>`"}},
                "messages": {name: {"$ref": f"#/components/messages/{name}"} for name in events},
            },
        },
        "operations": {
            "receiveFromClient": _operation("receive", socket, client),
            "sendToClient": _operation("send", socket, server),
            "streamEvents": _operation("send", "#/channels/events", events),
        },
        "components": {"messages": messages, "schemas": schemas},
    }


class _Document:
    def __init__(self, contract: Contract) -> None:
        self.contract = contract
        self.defs: dict[str, Schema] = {}
        self.server: list[str] = []
        self.client: list[str] = []

    def build(self) -> Schema:
        library = [*SERVER_FRAMES, *RESULTS.values(), ErrorBody]
        _, found = msgspec.json.schema_components(library, ref_template=DEFS + "{name}")
        self.defs |= {name: found[name] for name in sorted(found)}
        self.defs["ErrorBody"]["properties"]["code"] = {"type": "string", "enum": _codes()}
        self._commands()
        self._results()
        self._events()
        self.defs["ClientFrame"] = {"oneOf": [{"$ref": DEFS + name} for name in self.client]}
        self.defs["ServerFrame"] = {"anyOf": [{"$ref": DEFS + name} for name in self.server]}
        return {
            "$schema": "https://json-schema.org/draft/2020-12/schema",
            "title": self.contract.title,
            "anyOf": [{"$ref": DEFS + "ClientFrame"}, {"$ref": DEFS + "ServerFrame"}],
            "$defs": dict(sorted(self.defs.items())),
        }

    def _commands(self) -> None:
        for name, kind in CLIENT_FRAMES.items():
            _, found = msgspec.json.schema_components([kind], ref_template=DEFS + "{name}")
            fields = found.pop(kind.__name__)
            self.defs |= {key: value for key, value in found.items() if key not in self.defs}
            self._command(name, fields, has_id=name not in {"ack", "pong"})
        for name, (schema, _) in sorted(self.contract.commands.items()):
            self._command(name, self._adopt(schema, closed=True), has_id=True)

    def _command(self, name: str, fields: Schema, *, has_id: bool) -> None:
        head: Schema = {"cmd": {"const": name}}
        if has_id:
            head = {"id": {"type": "integer", "minimum": 1, "maximum": MAX_ID}} | head
        title = _pascal(name) + ("Command" if has_id else "Frame")
        self.defs[title] = {
            "title": title,
            "description": fields.get("description", ""),
            "type": "object",
            "properties": head | fields.get("properties", {}),
            "required": [*head, *fields.get("required", [])],
            "additionalProperties": False,
        }
        self.client.append(title)

    def _results(self) -> None:
        """A reply for each command, and the failure that all share."""
        results: dict[str, Schema] = {name: {"$ref": DEFS + kind.__name__} for name, kind in RESULTS.items()}
        results["unsubscribe"] = {"type": "object"}
        for name, (_, schema) in sorted(self.contract.commands.items()):
            results[name] = self._named(_pascal(name) + "Result", self._adopt(schema, closed=False))
        for name, result in results.items():
            title = _pascal(name) + "Reply"
            self.defs[title] = _object(title, {"id": {"type": "integer"}, "result": result})
            self.server.append(title)
        self.defs.pop("Reply", None)
        self.server.append(Failure.__name__)

    def _events(self) -> None:
        for kind, types in sorted(self.contract.events.items()):
            for name, schema in types.items():
                data = self._named(_pascal(name), self._adopt(schema, closed=False))
                title = _pascal(kind) + _pascal(name) + "Frame"
                self.defs[title] = self._event(title, kind, name, data)
                self.server.append(title)
        for generic in ("Event", "SnapshotFrame", "Whisper"):
            self.defs.pop(generic, None)
        self.server += ["Unsubscribed", "Ping", "Goaway", "Delayed"]

    def _event(self, title: str, kind: str, name: str, data: Schema) -> Schema:
        topic = {"type": "string", "pattern": f"^{kind}\\.{TOPIC.pattern.partition('.')[2]}$"}
        head: Schema = {"topic": topic}
        if name not in self.contract.volatile:
            head["epoch"] = {"type": "string", "pattern": f"^{EPOCH.pattern}$"}
            head["offset"] = {"type": "integer", "minimum": 0 if name == SNAPSHOT else 1, "maximum": MAX_ID}
        if name == SNAPSHOT:
            # a page holds a piece of the data
            more = {"page": {"type": "integer", "minimum": 0}, "more": {"type": "boolean"}}
            whole = _object(title, head | {"type": {"const": name}, "data": {"anyOf": [data, {"type": "object"}]}})
            whole["properties"] |= more
            return whole
        return _object(title, head | {"type": {"const": name}, "data": data})

    def _adopt(self, schema: Schema, *, closed: bool) -> Schema:
        """Take over a schema's definitions, under other names where ours differ; returns the schema itself."""
        schema = copy.deepcopy(schema)
        inner: dict[str, Schema] = schema.pop("$defs", {})
        if not closed:
            schema, inner = _opened(schema), {name: _opened(value) for name, value in inner.items()}
        taken = [name for name in inner if _bare(self.defs.get(name, inner[name])) != _bare(inner[name])]
        changed: dict[str, str] = {}
        while taken:
            changed |= {DEFS + name: f"{DEFS}App{name}" for name in taken}
            taken = [name for name in inner if DEFS + name not in changed and self._taken(name, inner, changed)]
        for name, value in inner.items():
            new = changed.get(DEFS + name, name).removeprefix(DEFS)
            definition = _renamed(value, changed)
            if _shape(self.defs.setdefault(new, definition)) != _shape(definition):
                raise ValueError(f"Two different schemas are named {new}.")
        result: Schema = _renamed(schema, changed)
        return result

    def _taken(self, name: str, inner: Mapping[str, Schema], changed: Mapping[str, str]) -> bool:
        """Whether another schema has this name already."""
        return name in self.defs and _shape(self.defs[name]) != _shape(_renamed(inner[name], changed))

    def _named(self, name: str, schema: Schema) -> Schema:
        """Keep an inline schema under its own title, so that generated types have a name."""
        title = schema.get("title", name)
        if "$ref" in schema or self.defs.get(title, schema) != schema:
            return schema
        self.defs[title] = schema
        return {"$ref": DEFS + title}


def _operation(action: str, channel: str, names: list[str]) -> Schema:
    messages = [{"$ref": f"{channel}/messages/{name}"} for name in names]
    return {"action": action, "channel": {"$ref": channel}, "messages": messages}


def _object(title: str, properties: Schema) -> Schema:
    return {"title": title, "type": "object", "properties": properties, "required": list(properties)}


def _shape(schema: Schema) -> Schema:
    """What makes two definitions the same one."""
    return {name: value for name, value in schema.items() if name not in {"description", "additionalProperties"}}


def _bare(schema: Schema) -> Any:
    """A definition's own shape, whatever it refers to."""
    names = dict.fromkeys(_references(schema), "")
    return _renamed(_shape(schema), names)


def _references(value: Any) -> list[str]:
    if isinstance(value, dict):
        return [found for name, inner in value.items() for found in ([inner] if name == "$ref" else _references(inner))]
    return [found for inner in value for found in _references(inner)] if isinstance(value, list) else []


def _codes() -> list[str]:
    return sorted(kind.code for kind in AppError.__subclasses__() if kind.__module__ == AppError.__module__)


def _pascal(name: str) -> str:
    return "".join(word[:1].upper() + word[1:] for word in re.split(r"[._\- ]", name))


def _members(schema: Schema) -> list[str]:
    return [one["$ref"].removeprefix(DEFS) for one in schema.get("oneOf") or schema["anyOf"]]


def _opened(value: Any) -> Any:
    """Without `additionalProperties: false`."""
    if isinstance(value, dict):
        return {
            name: _opened(inner)
            for name, inner in value.items()
            if not (name == "additionalProperties" and inner is False)
        }
    return [_opened(inner) for inner in value] if isinstance(value, list) else value


def _renamed(value: Any, names: Mapping[str, str]) -> Any:
    if isinstance(value, dict):
        return {
            name: names.get(inner, inner) if name == "$ref" else _renamed(inner, names) for name, inner in value.items()
        }
    return [_renamed(inner, names) for inner in value] if isinstance(value, list) else value


def _replaced(value: Any) -> Any:
    """References as AsyncAPI's components have them."""
    if isinstance(value, dict):
        return {
            name: inner.replace(DEFS, "#/components/schemas/") if name == "$ref" else _replaced(inner)
            for name, inner in value.items()
        }
    return [_replaced(inner) for inner in value] if isinstance(value, list) else value

"""TypeScript types from the protocol's JSON Schema: one exported type per definition, and the events by topic kind."""

import json
import re
from typing import Any

from realtime.schema import DEFS, Contract, json_schema

Schema = dict[str, Any]
_PLAIN = {"string": "string", "integer": "number", "number": "number", "boolean": "boolean", "null": "null"}
_NAME = re.compile(r"[A-Za-z_$][A-Za-z0-9_$]*")


def typescript(contract: Contract, *, made_by: str) -> str:
    """A module's text. `made_by` is the command that writes it."""
    document = json_schema(contract)
    lines = [f"/** The realtime protocol's frames. Written by `{made_by}`; do not edit. */", ""]
    for name, schema in document["$defs"].items():
        lines += [*_comment(schema), f"export {_definition(name, schema)}", ""]
    lines += _events(contract, document["$defs"])
    return "\n".join(lines) + "\n"


def _definition(name: str, schema: Schema) -> str:
    if schema.get("type") == "object" and schema.get("properties") and not schema.get("additionalProperties"):
        return f"interface {name} {_object(schema, '')}"
    return f"type {name} = {_type(schema, '')};"


def _type(schema: Schema, indent: str) -> str:
    if "$ref" in schema:
        return str(schema["$ref"]).removeprefix(DEFS)
    if "const" in schema:
        return json.dumps(schema["const"], ensure_ascii=False)
    if "enum" in schema:
        return " | ".join(json.dumps(value, ensure_ascii=False) for value in schema["enum"])
    for union in ("anyOf", "oneOf"):
        if union in schema:
            return " | ".join(dict.fromkeys(_grouped(_type(one, indent)) for one in schema[union]))
    if "allOf" in schema:
        return " & ".join(_grouped(_type(one, indent)) for one in schema["allOf"])
    kind = schema.get("type")
    if isinstance(kind, list):
        return " | ".join(_type(schema | {"type": one}, indent) for one in kind)
    if kind == "array":
        return _array(schema, indent)
    if kind == "object":
        return _object(schema, indent)
    return _PLAIN.get(str(kind), "unknown")


def _array(schema: Schema, indent: str) -> str:
    if "prefixItems" in schema:
        return "[" + ", ".join(_type(one, indent) for one in schema["prefixItems"]) + "]"
    return f"{_grouped(_type(schema.get('items') or {}, indent))}[]"


def _object(schema: Schema, indent: str) -> str:
    properties, required = schema.get("properties") or {}, set(schema.get("required", ()))
    more = schema.get("additionalProperties")
    if not properties:
        return f"Record<string, {_type(more, indent) if isinstance(more, dict) else 'unknown'}>"
    inner = indent + "  "
    lines = []
    for name, value in properties.items():
        key = name if _NAME.fullmatch(name) else json.dumps(name)
        lines.append(f"{inner}{key}{'' if name in required else '?'}: {_type(value, inner)};")
    return "\n".join(["{", *lines, indent + "}"])


def _grouped(text: str) -> str:
    return f"({text})" if " | " in text or " & " in text else text


def _comment(schema: Schema) -> list[str]:
    text = " ".join(str(schema.get("description", "")).split()).replace("*/", "* /")
    return [f"/** {text} */"] if text else []


def _events(contract: Contract, defs: dict[str, Schema]) -> list[str]:
    """`TopicEvents["generation"]["part.delta"]` is the data of that event."""
    lines = ["/** The data of each event, by topic kind and type. */", "export interface TopicEvents {"]
    for kind, types in sorted(contract.events.items()):
        lines.append(f"  {kind}: {{")
        for name in types:
            frame = "".join(word[:1].upper() + word[1:] for word in re.split(r"[._]", f"{kind}.{name}")) + "Frame"
            data = defs[frame]["properties"]["data"]
            whole = data["anyOf"][0] if name == "snapshot" else data
            lines.append(f"    {json.dumps(name)}: {_type(whole, '    ')};")
        lines.append("  };")
    return [*lines, "}"]

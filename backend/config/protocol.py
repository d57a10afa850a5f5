"""The realtime protocol's generated descriptions: `python -m backend.config.protocol schema|asyncapi|typescript`."""

import json
import os
import sys
from typing import Any

import django
from pydantic import BaseModel

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "backend.config.settings")  # noqa: TID251

VERSION = "1.0.0"
MADE_BY = "make schemas"
PRESENT = frozenset({"conversation"})
"""Kinds whose subscribers are told who else is here."""


def contract() -> Any:
    """Chat's commands, and the events of chat and jobs, as the realtime library takes them."""
    from backend.chat.events import EVENTS as CHAT
    from backend.chat.schemas import CancelResult, GenerationCancel, GenerationRetry, MessageSend, Started, Typing
    from backend.jobs.events import EVENTS as JOBS
    from realtime.schema import PRESENCE, Contract

    events = {kind: {**CHAT.get(kind, {}), **JOBS.get(kind, {})} for kind in {**CHAT, **JOBS}}

    def keyed(model: type[BaseModel]) -> dict[str, Any]:
        schema = model.model_json_schema()
        schema["properties"] = {"client_msg_id": {"type": "string", "minLength": 1}} | schema["properties"]
        schema["required"] = ["client_msg_id", *schema.get("required", [])]
        return schema

    started = Started.model_json_schema(mode="serialization")
    return Contract(
        title="Rivulet realtime protocol, version 1",
        events={
            kind: {name: model.model_json_schema(mode="serialization") for name, model in types.items()}
            | ({"presence": PRESENCE} if kind in PRESENT else {})
            for kind, types in events.items()
        },
        commands={
            "message.send": (keyed(MessageSend), started),
            "generation.retry": (keyed(GenerationRetry), started),
            "generation.cancel": (
                GenerationCancel.model_json_schema(),
                CancelResult.model_json_schema(mode="serialization"),
            ),
            "typing": (Typing.model_json_schema(), {"type": "object"}),
        },
    )


def main(form: str) -> None:
    """Print one of the three forms."""
    django.setup()
    from realtime.schema import asyncapi, json_schema
    from realtime.typescript import typescript

    if form == "typescript":
        text = typescript(contract(), made_by=MADE_BY)
    elif form in {"schema", "asyncapi"}:
        document = json_schema(contract()) if form == "schema" else asyncapi(contract(), version=VERSION)
        text = json.dumps(document, indent=1, ensure_ascii=False) + "\n"
    else:
        sys.exit(f"There is no form {form}: schema, asyncapi or typescript.")
    sys.stdout.write(text)


if __name__ == "__main__":
    main(sys.argv[1] if len(sys.argv) == 2 else "")

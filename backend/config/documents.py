"""The generated pages of docs/: `python -m backend.config.documents configuration|errors|openapi`."""

import json
import os
import sys
from collections.abc import Iterator
from pathlib import Path

import django

from backend.config.environment import ROOT, Environment
from backend.core import errors
from backend.core.errors import AppError

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "backend.config.settings")  # noqa: TID251

CONFIGURATION = """\
# Settings

Written by `make schemas` from the class that reads them; `.env.example` is the same list as a file to copy.

## How do I change a setting?

A setting is an environment variable, or a line in `.env` beside the README; the environment wins. Restart afterwards.
A value that can't be right stops the start with a sentence that names it.

## Which settings are there?

| name | default | meaning |
|---|---|---|
"""

ERRORS = """\
# Errors

Written by `make schemas` from the error tree itself.

## Which errors are there, and does trying again help?

Every error has a `code` that is the same on all transports, a sentence that a person can act on, and `temporary`:
whether the same again can succeed. Where `retry_after_ms` (in HTTP also `Retry-After`) is given, wait that long first.

| code | HTTP status | trying again helps | meaning |
|---|---|---|---|
"""

SHAPES = """
Under `/v1` a `bad_request` is 400, and a model that is not there is 404, as OpenAI's SDKs expect. A single error may say
otherwise about trying again than its row here: believe the answer's own `temporary`.

## What does an error look like?

REST, SSE and long poll answer with `application/problem+json` (RFC 9457); `errors` names the fields that are wrong:

```json
{"type": "urn:rivulet:error:bad_request", "title": "Bad request", "status": 422, "detail": "titel: Extra inputs are not permitted", "code": "bad_request", "temporary": false, "request_id": "01a206ab-d7fc-77fe-a8cb-9385c56302e9", "errors": [{"field": "titel", "message": "Extra inputs are not permitted"}]}
```

Where a sentence has a stable name, `sentence` is that name and `params` are what stands in it, beside `detail`, beside a
field's `message`, and in frames and events that tell an error: a client that knows the name can say it in another language,
any other shows the English text. A value of `params` is a text, a number, or such a sentence again, with its `text`.

The WebSocket answers under the command's id:

```json
{"id": 12, "error": {"code": "not_found", "message": "There is nothing here that you can see.", "temporary": false}}
```

`/v1` answers in OpenAI's shape:

```json
{"error": {"message": "There is no model 'gpt-9' here. Pick another one.", "type": "invalid_request_error", "param": "model", "code": "model_unavailable"}}
```

## Why do I get not_found for something that exists?

What a caller may not see is `not_found`, the same as what does not exist. A 401 says in `reason` whether the credential
is `missing`, `expired`, `malformed`, `revoked`, or its account `closed`.

## How do I report an error?

Every HTTP answer carries `X-Request-ID`, and problems repeat it as `request_id`. The same id stands on each line that the
server logged about the request.
"""  # noqa: E501


def configuration() -> str:
    """A row for each setting."""
    rows = []
    for name, setting in Environment.model_fields.items():
        value = setting.default
        if isinstance(value, Path):
            value = value.relative_to(ROOT) if value.is_relative_to(ROOT) else value
        default = "" if value in ("", None) else f"`{value}`"
        rows.append(f"| `{name.upper()}` | {default} | {(setting.description or '').replace('|', chr(92) + '|')} |\n")
    return CONFIGURATION + "".join(rows)


def table() -> str:
    """A row for each class of the error tree."""
    rows = []
    for kind in _kinds():
        again = "yes" if kind.temporary else "no"
        meaning = (kind.__doc__ or "").strip().splitlines()[0]
        rows.append(f"| `{kind.code}` | {kind.status} | {again} | {meaning.replace('`', '')} “{kind.default}” |\n")
    return ERRORS + "".join(rows) + SHAPES


def openapi() -> str:
    """The REST API's document, as `/api/v1/openapi.json` serves it."""
    django.setup()
    from backend.config.api import api

    return json.dumps(api.get_openapi_schema(), indent=1, ensure_ascii=False) + "\n"


def _kinds() -> Iterator[type[AppError]]:
    """The errors that callers meet, by status."""
    known: set[type[AppError]] = {getattr(errors, name) for name in errors.__all__}
    yield from sorted(known - {AppError}, key=lambda kind: (kind.status, kind.code))


def main(which: str) -> None:
    """Print one of the pages."""
    pages = {"configuration": configuration, "errors": table, "openapi": openapi}
    if which not in pages:
        sys.exit(f"There is no page {which}: configuration, errors or openapi.")
    sys.stdout.write(pages[which]())


if __name__ == "__main__":
    main(sys.argv[1] if len(sys.argv) == 2 else "")

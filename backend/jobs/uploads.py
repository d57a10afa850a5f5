"""`POST /api/v1/files`: the body goes to disk piece by piece, as `multipart/form-data` or as it is.

Beside Django, whose requests are read whole before a view sees them. Nothing is kept of an upload that fails.
"""

import asyncio
import os
import re
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import IO, Any
from urllib.parse import parse_qs
from uuid import UUID

import structlog
from python_multipart.exceptions import FormParserError
from python_multipart.multipart import MultipartParser, parse_options_header

from backend.accounts.auth import authenticate_scope
from backend.accounts.permissions import Owned, require
from backend.accounts.principal import Principal
from backend.core import limits
from backend.core.asgi import Receive, Scope, Send, header, request_id, respond, state
from backend.core.db import in_thread
from backend.core.errors import AppError, BadRequest, TooLarge
from backend.core.ids import new_id
from backend.core.problems import problem
from backend.jobs.files import file_created
from backend.jobs.imports.opening import is_zip
from backend.jobs.imports.reading import may_be_export
from backend.jobs.models import files_folder

PATH = "/api/v1/files"
_EXPORT = re.compile(
    rb"(?:\xef\xbb\xbf)?\s*[\[{]|PK\x03\x04(?!.{26}(?:\[Content_Types\]|_rels/|docProps/|xl/))", re.DOTALL
)
"""The beginning of JSON, or of a zip that is no workbook."""

MIB = 1024 * 1024

log = structlog.get_logger("rivulet.http")


def room(max_bytes: int) -> int:
    """What a request's body may have: a file, and the form round it."""
    return max_bytes + 64 * 1024


class Left(Exception):
    """The client went away."""


class Uploads:
    """An ASGI application for that one request. `max_bytes` of a file; `max_export` of one that is to be imported."""

    def __init__(self, *, max_bytes: int, max_export: int) -> None:
        self._max_bytes = max_bytes
        self._max_export = max_export

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer with the stored file, or with a problem."""
        try:
            principal = await _caller(scope)
            body = (await self._stored(principal, scope, receive)).encode()
        except Left:
            return
        except AppError as error:
            status, told, headers = problem(error, request_id=request_id(scope))
            extra = [(name.lower().encode(), value.encode()) for name, value in headers]
            await respond(send, status=status, body=told, content_type="application/problem+json", headers=extra)
            return
        await respond(send, status=201, body=body, content_type="application/json")

    async def _stored(self, principal: Principal, scope: Scope, receive: Receive) -> str:
        folder = files_folder()
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        ident = new_id()
        path = folder / f"{ident}.part"
        try:
            with path.open("xb") as file:
                name = await self._receive(scope, receive, file, path)
                file.flush()
                await asyncio.to_thread(os.fsync, file.fileno())
                size = file.tell()
            if not size:
                raise BadRequest("The file is empty.", field="file")
            return await in_thread(_keep, principal, ident=ident, name=name, size=size, path=path)
        finally:
            path.unlink(missing_ok=True)

    async def _receive(self, scope: Scope, receive: Receive, file: IO[bytes], path: Path) -> str:
        """Write the file; its name."""
        kind, options = parse_options_header(header(scope, b"content-type") or "")
        given = header(scope, b"content-length") or b""
        length = int(given) if given.isdigit() else 0
        size, most = 0, self._max_export

        def write(piece: bytes) -> None:
            nonlocal size, most
            if not size and not _EXPORT.match(piece):
                most = self._max_bytes
                if length > room(most):
                    raise _too_large(most)
            before, size = size, size + len(piece)
            if size > most:
                raise _too_large(most)
            if before <= self._max_bytes < size:
                file.flush()
                if not _is_export(path):
                    raise _too_large(self._max_bytes)
            file.write(piece)

        if kind == b"multipart/form-data":
            return await _from_form(receive, options.get(b"boundary", b""), write)
        if kind == b"application/x-www-form-urlencoded":
            raise BadRequest("Send the file as multipart/form-data, or as the body itself.", field="file")
        async for piece in _pieces(receive):
            write(piece)
        named = parse_qs(scope["query_string"].decode("latin-1"))
        return str(named.get("name", [""])[0])


def _too_large(most: int) -> TooLarge:
    return TooLarge(f"A file may have at most {most // MIB} MiB.")


def _is_export(path: Path) -> bool:
    """Of what has come so far: a zip shows what is in it at its end only."""
    return is_zip(path) or may_be_export(path)


async def _from_form(receive: Receive, boundary: bytes, write: Callable[[bytes], None]) -> str:
    form = _Form(write)
    try:
        parser = MultipartParser(boundary, form.callbacks)
        async for piece in _pieces(receive):
            parser.write(piece)
        parser.finalize()
    except FormParserError as error:
        raise BadRequest(f"The form can't be read: {error}", field="file") from error
    if form.name is None:
        raise BadRequest("The form has no field `file` with a file in it.", field="file")
    return form.name


class _Form:
    """Takes the field `file` out of a form; other fields are passed over."""

    def __init__(self, write: Callable[[bytes], None]) -> None:
        self.name: str | None = None
        self._write = write
        self._inside = False
        self._field = self._value = b""
        self._headers: dict[bytes, bytes] = {}
        self.callbacks: Any = {
            "on_part_begin": self._begin,
            "on_header_field": self._on_field,
            "on_header_value": self._on_value,
            "on_header_end": self._on_header,
            "on_headers_finished": self._opened,
            "on_part_data": self._data,
        }

    def _begin(self) -> None:
        self._inside, self._headers = False, {}

    def _on_field(self, data: bytes, start: int, end: int) -> None:
        self._field += data[start:end]

    def _on_value(self, data: bytes, start: int, end: int) -> None:
        self._value += data[start:end]

    def _on_header(self) -> None:
        self._headers[self._field.lower()] = self._value
        self._field = self._value = b""

    def _opened(self) -> None:
        _, options = parse_options_header(self._headers.get(b"content-disposition", b""))
        if options.get(b"name") == b"file" and b"filename" in options:
            if self.name is not None:
                raise BadRequest("Upload one file at a time.", field="file")
            self._inside = True
            self.name = options[b"filename"].decode("utf-8", "replace")

    def _data(self, data: bytes, start: int, end: int) -> None:
        if self._inside:
            self._write(data[start:end])


async def _caller(scope: Scope) -> Principal:
    principal = await authenticate_scope(scope)
    state(scope)["user"] = principal.user
    await limits.require(limits.REST, principal.user)
    require(principal, "write", Owned("file", principal.user_id))
    return principal


async def _pieces(receive: Receive) -> AsyncIterator[bytes]:
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise Left
        yield message.get("body", b"")
        await asyncio.sleep(0)  # the body is here already: others on this loop come first
        if not message.get("more_body"):
            return


def _keep(principal: Principal, *, ident: UUID, name: str, size: int, path: Path) -> str:
    final = path.with_suffix("")
    made = file_created(principal=principal, ident=ident, name=name, size=size, path=path, final=final)
    return made.model_dump_json()

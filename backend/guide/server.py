"""A small HTTP/1.1 server on asyncio streams, with the two paths of OpenAI's API that a chat needs."""

import asyncio
import json
import re
import time
from collections.abc import Awaitable, Callable
from typing import Any

from backend.guide.answers import NAME, Reply, compose, plain
from backend.guide.library import Library

MAX_HEAD = 16 << 10
MAX_BODY = 8 << 20
PATIENCE = 30.0
"""Seconds for a request to arrive, and that an idle connection is kept."""

_TOKEN = re.compile(r"\s*\S+(?:\s+\Z)?|\s+\Z")
_REASONS = {200: "OK", 400: "Bad Request", 404: "Not Found", 405: "Method Not Allowed", 413: "Content Too Large"}


class HttpError(Exception):
    """An answer other than 200."""

    def __init__(self, status: int, message: str) -> None:
        self.status = status
        self.message = message
        super().__init__(message)


class GuideServer:
    """Answers from `library` at `rate` tokens a second; 0 is as fast as the socket takes them."""

    def __init__(self, library: Library, *, rate: float = 80.0, delay: float = 0.15) -> None:
        self._library = library
        self._rate = rate
        self._delay = delay if rate else 0.0

    async def handle(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Serve one connection until it ends."""
        try:
            while await self._serve(reader, writer):
                pass
        except (ConnectionError, TimeoutError, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
            pass
        finally:
            writer.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        async with asyncio.timeout(PATIENCE):
            head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
            headers = {k.strip().lower(): v.strip() for k, _, v in (line.partition(":") for line in head[1:]) if v}
            keep = headers.get("connection", "").lower() != "close"
            try:
                respond = self._route(head[0], await _body(reader, writer, headers))
            except HttpError as error:
                told = {"error": {"message": error.message, "type": "invalid_request_error", "code": None}}
                await _send(writer, told, status=error.status)
                return keep and error.status != 413
        await respond(writer)
        return keep

    def _route(self, request: str, body: bytes) -> Callable[[asyncio.StreamWriter], Awaitable[None]]:
        method, _, rest = request.partition(" ")
        path = rest.partition(" ")[0].partition("?")[0].rstrip("/")
        if path in {"/v1/models", f"/v1/models/{NAME}"}:
            entry = {
                "id": NAME,
                "object": "model",
                "created": 1767225600,
                "owned_by": "rivulet",
                "name": "Rivulet guide",
            }
            listed = entry if path.endswith(NAME) else {"object": "list", "data": [entry]}
            return lambda writer: _send(writer, listed)
        if path != "/v1/chat/completions":
            raise HttpError(404, "There are /v1/models and /v1/chat/completions here.")
        if method != "POST":
            raise HttpError(405, "Completions are asked for with POST.")
        wanted = _parse(body)
        answer = Answer(wanted, compose(wanted["messages"], self._library))
        if wanted.get("stream"):
            return lambda writer: self._stream(writer, answer)
        return lambda writer: _send(writer, answer.whole())

    async def _stream(self, writer: asyncio.StreamWriter, answer: "Answer") -> None:
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n")
        loop = asyncio.get_running_loop()
        due = loop.time() + self._delay
        for chunk in answer.chunks():
            if self._rate and answer.is_token(chunk):
                await asyncio.sleep(due - loop.time())
                due += 1 / self._rate
            data = b"data: " + json.dumps(chunk, ensure_ascii=False, separators=(",", ":")).encode() + b"\n\n"
            writer.write(b"%x\r\n%s\r\n" % (len(data), data))
            await writer.drain()
        writer.write(b"e\r\ndata: [DONE]\n\n\r\n0\r\n\r\n")
        await writer.drain()


class Answer:
    """A reply as OpenAI's objects: what of it is new, in tokens, with its usage."""

    def __init__(self, wanted: dict[str, Any], reply: Reply) -> None:
        text, thoughts = _rest(wanted, reply)
        for stop in _stops(wanted.get("stop")):
            text = text.partition(stop)[0]
        self._thoughts = _TOKEN.findall(thoughts)
        tokens = _TOKEN.findall(text)
        limit = wanted.get("max_completion_tokens") or wanted.get("max_tokens")
        room = max(0, limit - len(self._thoughts)) if isinstance(limit, int) and limit > 0 else len(tokens)
        self._tokens = tokens[:room]
        self._finish = "length" if room < len(tokens) else "stop"
        self._prompt = sum(len(_TOKEN.findall(plain(message.get("content")))) for message in wanted["messages"])
        options = wanted.get("stream_options")
        self._wants_usage = isinstance(options, dict) and bool(options.get("include_usage"))
        self._about = {"id": f"chatcmpl-{time.time_ns():x}", "created": int(time.time()), "model": NAME}

    def chunks(self) -> list[dict[str, Any]]:
        """The answer as a stream's objects."""
        deltas: list[dict[str, Any]] = [{"role": "assistant", "content": ""}]
        deltas += [{"reasoning_content": token} for token in self._thoughts]
        deltas += [{"content": token} for token in self._tokens]
        chunks = [self._chunk([{"index": 0, "delta": delta, "finish_reason": None}]) for delta in deltas]
        chunks.append(self._chunk([{"index": 0, "delta": {}, "finish_reason": self._finish}]))
        if self._wants_usage:
            chunks.append({**self._chunk([]), "usage": self._usage()})
        return chunks

    @staticmethod
    def is_token(chunk: dict[str, Any]) -> bool:
        """Whether a chunk carries text, so that it is paced."""
        return bool(chunk["choices"]) and any(
            chunk["choices"][0]["delta"].get(k) for k in ("content", "reasoning_content")
        )

    def whole(self) -> dict[str, Any]:
        """The answer as one object."""
        message = {"role": "assistant", "content": "".join(self._tokens)}
        if self._thoughts:
            message["reasoning_content"] = "".join(self._thoughts)
        choice = {"index": 0, "message": message, "finish_reason": self._finish}
        return {**self._about, "object": "chat.completion", "choices": [choice], "usage": self._usage()}

    def _chunk(self, choices: list[dict[str, Any]]) -> dict[str, Any]:
        return {**self._about, "object": "chat.completion.chunk", "choices": choices}

    def _usage(self) -> dict[str, Any]:
        thought, said = len(self._thoughts), len(self._tokens)
        return {
            "prompt_tokens": self._prompt,
            "completion_tokens": thought + said,
            "total_tokens": self._prompt + thought + said,
            "completion_tokens_details": {"reasoning_tokens": thought},
        }


def _rest(wanted: dict[str, Any], reply: Reply) -> tuple[str, str]:
    """Text and reasoning that are still to be sent: after a last assistant message, only what follows it."""
    last = wanted["messages"][-1]
    partial = plain(last.get("content")) if last.get("role") == "assistant" else ""
    if not partial:
        return reply.text, reply.reasoning
    if reply.text.startswith(partial):
        return reply.text[len(partial) :], ""
    return "\n\n" + reply.text, ""


def _stops(given: Any) -> list[str]:
    return [stop for stop in (given if isinstance(given, list) else [given]) if isinstance(stop, str) and stop]


def _parse(body: bytes) -> dict[str, Any]:
    try:
        wanted = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise HttpError(400, "The body is not JSON.") from error
    messages = wanted.get("messages") if isinstance(wanted, dict) else None
    if not isinstance(messages, list) or not messages or not all(isinstance(message, dict) for message in messages):
        raise HttpError(400, "messages must be a list of messages, not empty.")
    return dict(wanted)


async def _body(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, headers: dict[str, str]) -> bytes:
    if headers.get("expect", "").lower() == "100-continue":
        writer.write(b"HTTP/1.1 100 Continue\r\n\r\n")
    if "chunked" in headers.get("transfer-encoding", "").lower():
        parts = bytearray()
        while size := _size(await reader.readline(), 16):
            if len(parts) + size > MAX_BODY:
                raise HttpError(413, "The body is too large.")
            parts += await reader.readexactly(size)
            await reader.readline()
        await reader.readline()
        return bytes(parts)
    size = _size(headers.get("content-length", "0").encode(), 10)
    if size > MAX_BODY:
        raise HttpError(413, "The body is too large.")
    return await reader.readexactly(size)


def _size(text: bytes, base: int) -> int:
    try:
        size = int(text.split(b";")[0], base)
    except ValueError as error:
        raise HttpError(413, "The body has no valid length.") from error
    if size < 0:
        raise HttpError(413, "The body has no valid length.")
    return size


async def _send(writer: asyncio.StreamWriter, body: dict[str, Any], *, status: int = 200) -> None:
    data = json.dumps(body, ensure_ascii=False).encode()
    head = (
        f"HTTP/1.1 {status} {_REASONS[status]}\r\nContent-Type: application/json\r\nContent-Length: {len(data)}\r\n\r\n"
    )
    writer.write(head.encode() + data)
    await writer.drain()

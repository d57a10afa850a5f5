#!/usr/bin/env python3
"""The scripted provider of benchmarks and browser tests: an OpenAI-compatible server in one process.

    python tests/load/upstream.py --port 9101 [--host 127.0.0.1] [--workers 1] [--n 100] [--rate 50]

`GET /v1/models`, `POST /v1/chat/completions` (streaming or not), `GET /stats`, `GET /health`; any key will do.

The last user message says what to do: `n=200 rate=50 ttft=0.1 batch=1` (tokens, tokens a second, seconds before the
first, tokens per write; rate 0 is as fast as the socket takes it). The body may say it as `"mock": {…}`, the model by
its name (`mock-n200-r50`). `id=abc` counts the calls of that name in /stats, with the first token of each, and allows
faults for its first `times=1` calls: `status=429` (with Retry-After: 1), `cut=30` (connection aborted after 30 tokens),
`stall=30` (silent from there), `junk=30` (a broken line, then on), `half=30` (half a line, then the end), `errorat=30`
(an error event). `text=markdown|reasoning|plain` recites a text (again and again up to n, where n is given), as do the
models of these names; `text=echo` is the request as JSON,
`text=tool` a call of a tool, `text=search` two searches, one after the other, and then an answer that cites them,
`text=research` the step of a research that it is asked for (see `researcher.py`); the model `error` fails midway.

A token is `<13 digits of monotonic microseconds>.<5 digits of its number from 0> `. A last assistant message is
continued after its last whole token and counted as a continuation; n stays the size of the whole answer.
"""

import argparse
import asyncio
import json
import os
import random
import re
import socket
import sys
import time
from pathlib import Path
from typing import Any

if __package__ in {None, ""}:
    sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from tests.load.scripts import Call, understand

MODELS = ("mock", "markdown", "reasoning", "error")
NEVER = 1 << 60
SSE_HEAD = (
    b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream; charset=utf-8\r\ncache-control: no-cache\r\n"
    b"transfer-encoding: chunked\r\n\r\n"
)
STATS = {"requests": 0, "tokens": 0, "active": 0, "completed": 0, "aborted": 0, "continuations": 0}
CALLS: dict[str, dict[str, Any]] = {}


def plain(status: int, body: Any, *headers: str) -> bytes:
    """A whole JSON response."""
    data = json.dumps(body).encode()
    head = [f"HTTP/1.1 {status} Scripted", "content-type: application/json", f"content-length: {len(data)}", *headers]
    return "\r\n".join(head).encode() + b"\r\n\r\n" + data


def chunk(data: bytes) -> bytes:
    """One piece of a chunked body."""
    return b"%x\r\n%s\r\n" % (len(data), data)


class Answer:
    """One streamed answer: a timer per write, or back-to-back writes under back pressure."""

    def __init__(self, http: "Http", request: dict[str, Any], call: Call, *, spread: bool) -> None:
        self.http = http
        self.call = call
        self.loop = http.loop
        self.next_token = call.start
        self.period = call.batch / call.rate if call.rate > 0 else 0.0
        self.paused = False
        self.over = False
        self.about = {
            "id": f"chatcmpl-{random.getrandbits(48):012x}",
            "object": "chat.completion.chunk",
            "created": int(time.time()),
            "model": str(request.get("model", "mock")),
        }
        self.before, self.after = self.event({"content": "@@@@"}).split(b"@@@@")
        self.before = b"%x\r\n%s" % (len(self.before) + 20 + len(self.after), self.before)
        self.after += b"\r\n"
        self.tail = chunk(self.event({}, call.finish))
        if (request.get("stream_options") or {}).get("include_usage"):
            written = call.n - call.start
            usage = {"prompt_tokens": 10, "completion_tokens": written, "total_tokens": written + 10}
            self.tail += chunk(self.data({**self.about, "choices": [], "usage": usage}))
        self.tail += chunk(b"data: [DONE]\n\n") + b"0\r\n\r\n"
        http.transport.write(SSE_HEAD + chunk(self.event({"role": "assistant", "content": ""})))
        STATS["active"] += 1
        phase = random.random() * self.period if spread and not call.ttft else 0.0
        self.due = self.loop.time() + call.ttft + phase
        self.timer: asyncio.Handle | None = self.loop.call_at(self.due, self.tick)

    @staticmethod
    def data(body: dict[str, Any]) -> bytes:
        return b"data: " + json.dumps(body, separators=(",", ":"), ensure_ascii=False).encode() + b"\n\n"

    def event(self, delta: dict[str, Any], finish: str | None = None) -> bytes:
        choice = {"index": 0, "delta": delta, "logprobs": None, "finish_reason": finish}
        return self.data({**self.about, "choices": [choice]})

    def tick(self) -> None:
        if self.over or (self.call.faults and self.fault()):
            return
        first = self.next_token
        last = min(self.call.n, first + self.call.batch)
        self.http.transport.write(self.tokens(first, last))
        self.next_token = last
        STATS["tokens"] += last - first
        if last >= self.call.n:
            self.http.transport.write(self.tail)
            self.end("completed")
        elif self.period:
            self.due += self.period
            self.timer = self.loop.call_at(self.due, self.tick)
        else:
            self.timer = None if self.paused else self.loop.call_soon(self.tick)

    def tokens(self, first: int, last: int) -> bytes:
        if self.call.words is not None:
            return b"".join(chunk(self.event({kind: word})) for kind, word in self.call.words[first:last])
        now = time.monotonic_ns() // 1000
        before, after = self.before, self.after
        return b"".join([b"%s%013d.%05d %s" % (before, now, number, after) for number in range(first, last)])

    def fault(self) -> bool:
        """Do what the script says at this token; whether the stream is over or silent now."""
        faults, sent = self.call.faults, self.next_token
        if sent >= faults.get("cut", NEVER):
            self.http.transport.abort()
            return True
        if sent >= faults.get("stall", NEVER):
            self.timer = None
            return True
        if sent >= faults.get("errorat", NEVER):
            error = {"error": {"message": "The scripted model has failed.", "type": "server_error", "code": None}}
            self.http.transport.write(chunk(self.data(error)) + b"0\r\n\r\n")
            self.end("aborted")
            return True
        if sent >= faults.get("half", NEVER):
            self.http.transport.write(chunk(self.event({"content": "half"})[:40]) + b"0\r\n\r\n")
            self.end("aborted")
            return True
        if sent >= faults.get("junk", NEVER):
            self.call.faults = {}
            self.http.transport.write(chunk(b'data: {"choices": [{"delta": {"conte\n\n'))
        return False

    def pause(self) -> None:
        self.paused = True

    def resume(self) -> None:
        self.paused = False
        if self.timer is None and not self.over and not self.period and not self.call.faults:
            self.timer = self.loop.call_soon(self.tick)

    def end(self, how: str) -> None:
        if self.over:
            return
        self.over = True
        if self.timer is not None:
            self.timer.cancel()
        STATS["active"] -= 1
        STATS[how] += 1
        self.http.answer_over()


class Http(asyncio.Protocol):
    """Just enough HTTP/1.1: keep-alive, content-length and chunked bodies, one request at a time."""

    def __init__(self, options: argparse.Namespace) -> None:
        self.options = options
        self.loop = asyncio.get_running_loop()
        self.pending = b""
        self.answer: Answer | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport: Any = transport
        transport.get_extra_info("socket").setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def connection_lost(self, error: Exception | None) -> None:
        if self.answer is not None:
            self.answer.end("aborted")

    def pause_writing(self) -> None:
        if self.answer is not None:
            self.answer.pause()

    def resume_writing(self) -> None:
        if self.answer is not None:
            self.answer.resume()

    def answer_over(self) -> None:
        self.answer = None
        if self.pending:
            self.loop.call_soon(self.data_received, b"")

    def data_received(self, data: bytes) -> None:
        self.pending += data
        while self.answer is None and (request := self.next_request()) is not None:
            self.respond(*request)

    def next_request(self) -> tuple[str, str, bytes] | None:
        head, found, rest = self.pending.partition(b"\r\n\r\n")
        if not found:
            return None
        lower = head.lower()
        body = b""
        if size := re.search(rb"\r\ncontent-length:\s*(\d+)", lower):
            length = int(size[1])
            if len(rest) < length:
                if b"100-continue" in lower:
                    self.transport.write(b"HTTP/1.1 100 Continue\r\n\r\n")
                return None
            body, rest = rest[:length], rest[length:]
        elif b"transfer-encoding: chunked" in lower:
            end = rest.find(b"0\r\n\r\n")
            if end < 0:
                return None
            raw, rest = rest[:end], rest[end + 5 :]
            while raw:
                length_line, _, raw = raw.partition(b"\r\n")
                body += raw[: int(length_line, 16)]
                raw = raw[int(length_line, 16) + 2 :]
        self.pending = rest
        method, path = head.decode("latin-1").split(" ", 2)[:2]
        return method, path.partition("?")[0], body

    def respond(self, method: str, path: str, body: bytes) -> None:
        STATS["requests"] += 1
        if path.endswith("/chat/completions") and method == "POST":
            self.complete(body)
        elif path.endswith("/models"):
            listed = [{"id": name, "object": "model", "created": 1700000000, "owned_by": "scripted"} for name in MODELS]
            self.transport.write(plain(200, {"object": "list", "data": listed}))
        elif path == "/stats":
            spent = os.times()
            about = {"calls": CALLS, "pid": os.getpid(), "cpu_s": spent.user + spent.system}
            self.transport.write(plain(200, {**STATS, **about}))
        elif path in {"/", "/health"}:
            self.transport.write(plain(200, {"ok": True}))
        else:
            self.transport.write(plain(404, {"error": {"message": "There is nothing here.", "type": "not_found"}}))

    def complete(self, body: bytes) -> None:
        try:
            request = json.loads(body)
            call = understand(request, n=self.options.n, rate=self.options.rate)
        except (ValueError, TypeError, AttributeError) as error:
            told = {"error": {"message": f"Not understood: {error}", "type": "invalid_request_error"}}
            self.transport.write(plain(400, told))
            return
        STATS["continuations"] += bool(call.start)
        if call.ident is not None:
            counted = CALLS.setdefault(call.ident, {"calls": 0, "continuations": 0, "starts": []})
            counted["calls"] += 1
            counted["continuations"] += bool(call.start)
            counted["starts"].append(call.start)
            if counted["calls"] > call.faults.pop("times"):
                call.faults.clear()
        if status := call.faults.get("status"):
            told = {"error": {"message": "scripted", "type": "scripted"}}
            self.transport.write(plain(status, told, "retry-after: 1"))
        elif request.get("stream"):
            spread = not self.options.no_phase
            self.answer = Answer(self, request, call, spread=spread)
        else:
            self.loop.call_later(call.ttft, self.transport.write, whole(request, call))


def whole(request: dict[str, Any], call: Call) -> bytes:
    """The answer without streaming."""
    now = time.monotonic_ns() // 1000
    if call.words is None:
        text = "".join(f"{now:013d}.{number:05d} " for number in range(call.start, call.n))
    else:
        text = "".join(word for kind, word in call.words[call.start :] if kind == "content")
    message: dict[str, Any] = {"role": "assistant", "content": text}
    if call.finish == "tool_calls":
        first, *rest = (piece["function"] for _, [piece] in call.words or [])
        whole_call = {**first, "arguments": "".join(piece["arguments"] for piece in rest)}
        message |= {"content": None, "tool_calls": [{"id": "call_1", "type": "function", "function": whole_call}]}
    written = call.n - call.start
    return plain(
        200,
        {
            "id": f"chatcmpl-{random.getrandbits(48):012x}",
            "object": "chat.completion",
            "created": int(time.time()),
            "model": str(request.get("model", "mock")),
            "choices": [{"index": 0, "message": message, "logprobs": None, "finish_reason": call.finish}],
            "usage": {"prompt_tokens": 10, "completion_tokens": written, "total_tokens": written + 10},
        },
    )


async def serve(options: argparse.Namespace) -> None:
    """Listen until the process ends."""
    listener = socket.socket()
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    if options.workers > 1:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
    listener.bind((options.host, options.port))
    server = await asyncio.get_running_loop().create_server(lambda: Http(options), sock=listener, backlog=4096)
    print(f"scripted upstream http://{options.host}:{listener.getsockname()[1]}/v1 pid {os.getpid()}", flush=True)
    await server.serve_forever()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=9101, help="0: any free one, printed")
    parser.add_argument("--n", type=int, default=100, help="tokens, unless the request says")
    parser.add_argument("--rate", type=float, default=50, help="tokens a second, unless the request says")
    parser.add_argument("--workers", type=int, default=1)
    parser.add_argument(
        "--no-phase", action="store_true", help="start all streams at once instead of spread over a period"
    )
    options = parser.parse_args()
    for _ in range(options.workers - 1):
        if os.fork() == 0:
            break
    try:
        import uvloop

        uvloop.run(serve(options))
    except ImportError:
        asyncio.run(serve(options))
    except KeyboardInterrupt:
        pass


if __name__ == "__main__":
    main()

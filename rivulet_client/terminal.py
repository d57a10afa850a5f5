"""A chat in a terminal, or in a pipe: answers to standard output as they come, everything else to standard error.

The first Ctrl-C stops the answer, the second one leaves; at the prompt the first one does.
"""

import asyncio
import contextlib
import os
import signal
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from typing import Any, TextIO

from rivulet_client.answer import Answer, Replaced
from rivulet_client.client import Client
from rivulet_client.connection import Status
from rivulet_client.errors import RivuletError
from rivulet_client.tokens import TokenSource
from rivulet_client.wire import encode

DONE, FAILED, REFUSED, INTERRUPTED = 0, 1, 2, 130
"""Exit statuses: all well; an answer failed or is incomplete; not let in; left by Ctrl-C."""

HELP = """\
Ask anything. Ctrl-C stops an answer; at the prompt it leaves, as Ctrl-D does.
  /new          begin a new conversation
  /model NAME   ask another model from now on
  /retry        have the last question answered again
  /help         this
  /quit         leave
"""
_WAYS = {"sse": "server-sent events", "poll": "long poll", "websocket": "WebSocket"}
_DIM, _PLAIN = "\x1b[2m", "\x1b[0m"


class Leave(Exception):
    """The person wants to go."""


@dataclass(kw_only=True)
class Terminal:
    """`lines` is where an interactive person types: a terminal's descriptor, read a line at a time."""

    url: str
    token: TokenSource
    out: TextIO
    err: TextIO
    model: str | None = None
    conversation: str | None = None
    as_json: bool = False
    lines: int | None = None
    _answer: Answer | None = None
    _asking: bool = False
    _lost: bool = False
    _interrupts: int = 0
    _leaving: asyncio.Event | None = None

    async def run(self, prompt: str | None) -> int:
        """One question, or with None as many as the person likes. Returns the exit status."""
        self._leaving = asyncio.Event()
        loop = asyncio.get_running_loop()
        loop.add_signal_handler(signal.SIGINT, self._interrupted)
        try:
            async with Client(self.url, token=self.token, on_status=self._status) as client:
                if prompt is not None:
                    return await self._unless_left(self._ask(lambda: self._send(client, prompt)))
                return await self._unless_left(self._talk(client))
        except Leave:
            return INTERRUPTED
        except RivuletError as error:
            self._note(error.message)
            return REFUSED if error.code in {"unauthenticated", "forbidden"} else FAILED
        finally:
            loop.remove_signal_handler(signal.SIGINT)

    async def _unless_left(self, work: Coroutine[Any, Any, int]) -> int:
        assert self._leaving is not None
        task = asyncio.ensure_future(work)
        left = asyncio.ensure_future(self._leaving.wait())
        try:
            await asyncio.wait([task, left], return_when=asyncio.FIRST_COMPLETED)
            if not task.done():
                raise Leave
            return task.result()
        finally:
            for one in (task, left):
                one.cancel()
            await asyncio.gather(task, left, return_exceptions=True)

    # Asking

    def _send(self, client: Client, text: str) -> Answer:
        return client.send(text, model=self.model, conversation=self.conversation)

    async def _ask(self, begin: Callable[[], Answer]) -> int:
        self._asking, self._interrupts = True, 0
        try:
            async with begin() as answer:
                self._answer, self.conversation = answer, answer.conversation
                async for piece in answer:
                    self._show(piece)
                return self._end(answer)
        finally:
            self._asking = False

    def _show(self, piece: str) -> None:
        if self.as_json:
            return
        if isinstance(piece, Replaced):
            self._note("the model began anew:", before="\n")
        self.out.write(piece)
        self.out.flush()

    def _end(self, answer: Answer) -> int:
        state = answer.state
        if self.as_json:
            names = ("conversation", "message", "generation", "status", "text")
            found = {name: getattr(answer, name) for name in names}
            more = {"model": state.model, "usage": state.usage, "reason": state.reason, "error": state.error}
            self.out.write(encode({**found, **more}).decode() + "\n")
        elif not answer.text.endswith("\n"):
            self.out.write("\n")
        self.out.flush()
        if answer.status == "error":
            self._note(str((state.error or {}).get("message") or "The answer failed."))
        elif answer.status != "done":
            self._note(f"{answer.status}{': ' + state.reason if state.reason else ''}")
        return {"done": DONE, "cancelled": INTERRUPTED}.get(answer.status, FAILED)

    async def _talk(self, client: Client) -> int:
        status = await client.connected()
        self._note(f"Connected over {_WAYS[status.transport or 'websocket']}. /help says more.")
        while True:
            self.err.write("\n> ")
            self.err.flush()
            line = await self._line()
            if line is None or line in {"/quit", "/exit"}:
                return DONE
            try:
                await self._do(client, line)
            except RivuletError as error:
                self._note(error.message)

    async def _do(self, client: Client, line: str) -> None:
        word, _, rest = line.partition(" ")
        if not line:
            return
        if word == "/new":
            self.conversation = self._answer = None
        elif word == "/model":
            self.model = rest.strip() or None
        elif word == "/retry" and self._answer is not None:
            message = self._answer.message
            await self._ask(lambda: client.retry(message, model=self.model))
        elif word.startswith("/") and word[1:].isalpha():
            self.err.write(HELP)
        else:
            await self._ask(lambda: self._send(client, line))

    async def _line(self) -> str | None:
        """The next line that is typed, None at its end. The connection lives on meanwhile."""
        assert self.lines is not None
        loop, descriptor = asyncio.get_running_loop(), self.lines
        ready = asyncio.Event()
        loop.add_reader(descriptor, ready.set)
        typed = b""
        try:
            while not typed.endswith(b"\n"):
                await ready.wait()
                ready.clear()
                more = os.read(descriptor, 65536)
                if not more:
                    return typed.decode(errors="replace").strip() or None
                typed += more
        finally:
            loop.remove_reader(descriptor)
        return typed.decode(errors="replace").strip()

    # Around it

    def _interrupted(self) -> None:
        assert self._leaving is not None
        self._interrupts += 1
        if self._asking and self._interrupts == 1 and self._answer is not None and not self._answer.ended:
            self._note("stopping; once more leaves", before="\n")
            self._stop = asyncio.ensure_future(self._cancel(self._answer))
        else:
            self._leaving.set()

    async def _cancel(self, answer: Answer) -> None:
        with contextlib.suppress(RivuletError):
            await answer.cancel()

    def _status(self, status: Status) -> None:
        if not self._asking:
            return
        if status.state == "waiting" and not self._lost:
            self._lost = True
            self._note("the connection was lost; coming back …", before="\n")
        elif status.state == "open" and (self._lost or status.transport != "websocket"):
            self._lost = False
            self._note(f"connected over {_WAYS[status.transport or 'websocket']}")

    def _note(self, text: str, *, before: str = "") -> None:
        shown = f"{_DIM}{text}{_PLAIN}" if self.err.isatty() else text
        self.err.write(f"{before}{shown}\n")
        self.err.flush()

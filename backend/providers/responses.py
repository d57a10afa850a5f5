"""OpenAI's background responses: the provider writes on whether anybody reads or not, and tells it again.

A broken connection is taken up behind its last event, and the answer of a process that died from its beginning,
without what is there already. Source: OpenAI's guide on background mode (`starting_after`, `cancel`).
"""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack, aclosing
from urllib.parse import quote

from backend.outbound import OutboundClient, OutboundError, StreamResponse, Timeouts
from backend.providers import failures
from backend.providers.base import CompletionRequest, Delta, Remote
from backend.providers.errors import CannotContinue, ProviderError
from backend.providers.held import Skipper
from backend.providers.reading import MAX_ERROR, MAX_WHOLE, StreamingProvider
from backend.providers.responses_request import Quirks, make_body
from backend.providers.responses_wire import ResponsesReader

RECONNECTS = 5
"""How often in a row a broken stream is taken up again without a new event."""
FIRST_PAUSE = 0.25
LONGEST_PAUSE = 4.0  # seconds


class _Broken(Exception):
    """The connection failed, not the answer."""

    def __init__(self, error: ProviderError) -> None:
        super().__init__(error.message)
        self.error = error


class BackgroundResponses(StreamingProvider):
    """`base_url` is what an OpenAI SDK would be given."""

    def __init__(
        self, *, name: str, base_url: str, api_key: str, client: OutboundClient, trusted: bool, timeouts: Timeouts
    ) -> None:
        super().__init__(
            name=name, base_url=base_url, api_key=api_key, client=client, trusted=trusted, timeouts=timeouts
        )
        self._quirks = Quirks()

    def _authorization(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.key}"} if self.key else {}

    def _list_url(self) -> str:
        return f"{self.base}/models"

    def _reader(self, request: CompletionRequest) -> ResponsesReader:
        return ResponsesReader(name=self.name, key=self.key, response=request.held.id if request.held else "")

    async def stream(self, request: CompletionRequest) -> AsyncGenerator[list[Delta], None]:
        """See `Provider.stream`."""
        reader = self._reader(request)
        skipper = Skipper(request.held) if request.held is not None else None
        failed, seen, told = 0, reader.sequence, False
        while True:
            try:
                async with aclosing(self._connection(request, reader)) as reads:
                    async for deltas in reads:
                        found = deltas if skipper is None else skipper.rest(deltas)
                        if found:
                            told = told or any(type(delta) is not Remote for delta in found)
                            yield found
            except _Broken as broken:
                failed, seen = (failed + 1 if reader.sequence == seen else 1), reader.sequence
                if not reader.response or failed > RECONNECTS:
                    broken.error.started = told
                    raise broken.error from broken.__cause__
            except ProviderError as error:
                if request.held is not None and not told:
                    raise CannotContinue(error.message, status=error.status) from error
                raise
            else:
                return
            await asyncio.sleep(min(LONGEST_PAUSE, FIRST_PAUSE * 2 ** (failed - 1)))
            reader.again()

    async def cancel(self, remote: str) -> None:
        """See `Provider.cancel`. One that has ended already is no error."""
        try:
            answer = await self._client.request(
                "POST", f"{self._place(remote)}/cancel", headers=self.headers, json={}, timeouts=self._timeouts,
                trusted=self._trusted, limit=MAX_WHOLE,
            )  # fmt: skip
        except OutboundError as error:
            raise failures.from_outbound(error, name=self.name, started=False) from error
        if answer.status >= 500 or answer.status in {401, 403, 429}:
            raise self._refused(answer.status, answer.headers, answer.body, model=remote)

    async def _connection(
        self, request: CompletionRequest, reader: ResponsesReader
    ) -> AsyncGenerator[list[Delta], None]:
        """What one connection brings. Raises `_Broken`, or `ProviderError` where the answer itself has failed."""
        async with AsyncExitStack() as stack:
            try:
                response = await self._open(stack, request) if not reader.response else await self._up(stack, reader)
                if "json" in response.headers.get("Content-Type", "") and not reader.started:
                    yield reader.whole(await response.body(limit=MAX_WHOLE))
                    return
                while not reader.done and (data := await response.read()):
                    if deltas := reader.feed(data):
                        yield deltas
                    if reader.failure is not None:
                        raise reader.failure
            except OutboundError as error:
                raise _Broken(failures.from_outbound(error, name=self.name, started=reader.started)) from error
            if reader.finish is None:
                raise _Broken(failures.cut(self.name, started=reader.started))
            yield reader.end()

    async def _open(self, stack: AsyncExitStack, request: CompletionRequest) -> StreamResponse:
        while True:
            body = make_body(request, self._quirks)
            async with AsyncExitStack() as attempt:
                response = await attempt.enter_async_context(self._post(f"{self.base}/responses", body))
                if response.status == 200:
                    stack.push_async_exit(attempt.pop_all())
                    return response
                said = await response.head(limit=MAX_ERROR)
            if response.status == 400 and self._quirks.learn(body=body, detail=said.decode("utf-8", "replace")):
                continue
            raise self._refused(response.status, response.headers, said, model=request.model)

    async def _up(self, stack: AsyncExitStack, reader: ResponsesReader) -> StreamResponse:
        """The events behind the last one that came."""
        after = "" if reader.sequence is None else f"&starting_after={reader.sequence}"
        response = await stack.enter_async_context(
            self._client.stream(
                "GET", f"{self._place(reader.response)}?stream=true{after}", timeouts=self._timeouts,
                headers={**self.headers, "Accept": "text/event-stream"}, trusted=self._trusted,
            )
        )  # fmt: skip
        if response.status == 200:
            return response
        said = await response.head(limit=MAX_ERROR)
        error = self._refused(response.status, response.headers, said, model=reader.response)
        error.started = reader.started
        if error.temporary:
            raise _Broken(error)
        raise error

    def _place(self, response: str) -> str:
        return f"{self.base}/responses/{quote(response, safe='')}"

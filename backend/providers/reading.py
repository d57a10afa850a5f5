"""The loop that both wire formats share: network reads in, one list of deltas for each of them out."""

from abc import ABC, abstractmethod
from collections.abc import AsyncGenerator, Mapping
from contextlib import AbstractAsyncContextManager, AsyncExitStack
from typing import Any

from backend.outbound import OutboundClient, OutboundError, StreamResponse, Timeouts
from backend.providers import failures
from backend.providers.base import CompletionRequest, Delta, UpstreamModel, Usage, sending
from backend.providers.errors import ProviderError
from backend.providers.listing import read_models
from backend.providers.sse import SseOverflow, SseSplitter

MAX_WHOLE = 8 << 20
"""Bytes of an answer that comes as one JSON body."""

MAX_ERROR = 64 << 10
"""Bytes of an error's body that are looked at."""

MAX_LIST = 8 << 20
"""Bytes of a list of models."""

MAX_DRAIN = 64 << 10
"""Bytes after the answer's end that are read so that the connection can be used again."""


class Reader(ABC):
    """Reads one stream of one wire format.

    `done`: the server has said that nothing follows. `finish`: why the answer ended, once it is known. `started`:
    deltas were made. `usage`: what the server counted last. `failure`: what went wrong after deltas of the same read.
    """

    __slots__ = ("_splitter", "done", "failure", "finish", "key", "name", "started", "usage")

    def __init__(self, *, name: str, key: str) -> None:
        self.name = name
        self.key = key
        self._splitter = SseSplitter()
        self.done = False
        self.failure: ProviderError | None = None
        self.finish: str | None = None
        self.started = False
        self.usage: Usage | None = None

    def feed(self, data: bytes) -> list[Delta]:
        """The deltas in what one read gave. Raises `ProviderError` when there are none before the failure."""
        out: list[Delta] = []
        try:
            for payload in self._splitter.feed(data):
                self.take(payload, out)
        except (ProviderError, SseOverflow) as error:
            self._failed(error, out)
        return out

    def flush(self) -> list[Delta]:
        """The deltas of a last event that lacks only its blank line."""
        out: list[Delta] = []
        for payload in self._splitter.flush():
            self.take(payload, out)
        return out

    def _failed(self, error: ProviderError | SseOverflow, out: list[Delta]) -> None:
        if isinstance(error, SseOverflow):
            error = failures.broken(self.name, "an event without an end", started=self.started)
        if not out:
            raise error
        self.failure = error

    @abstractmethod
    def take(self, payload: bytes, out: list[Delta]) -> None:
        """Append what one payload says to `out`. Raises `ProviderError`."""

    @abstractmethod
    def whole(self, body: bytes) -> list[Delta]:
        """The deltas of an answer that came as one JSON body. Raises `ProviderError`."""

    @abstractmethod
    def end(self) -> list[Delta]:
        """What was held back, usage and the finish. Raises `ProviderError` when the answer was cut before it."""


class StreamingProvider(ABC):
    """An adapter whose answers are read by a `Reader`: one account at one server."""

    def __init__(
        self,
        *,
        name: str,
        base_url: str,
        api_key: str,
        client: OutboundClient,
        trusted: bool,
        timeouts: Timeouts,
    ) -> None:
        self.name = name
        self.base = base_url.rstrip("/")
        self.key = api_key
        self.headers = self._authorization()
        self._client = client
        self._trusted = trusted
        self._timeouts = timeouts

    async def models(self) -> list[UpstreamModel]:
        """See `Provider.models`."""
        try:
            answer = await self._client.request(
                "GET",
                self._list_url(),
                headers=self.headers,
                timeouts=Timeouts(connect=self._timeouts.connect, first_byte=20, silence=20),
                trusted=self._trusted,
                limit=MAX_LIST,
            )
        except OutboundError as error:
            raise failures.from_outbound(error, name=self.name, started=False) from error
        if answer.status != 200:
            raise self._refused(answer.status, answer.headers, answer.body, model="list")
        return [self._listed(model) for model in read_models(answer.body, name=self.name)]

    async def stream(self, request: CompletionRequest) -> AsyncGenerator[list[Delta], None]:
        """See `Provider.stream`."""
        reader = self._reader(request)
        async with AsyncExitStack() as stack:
            try:
                response = await self._open(stack, request)
                if "json" in response.headers.get("Content-Type", ""):
                    yield reader.whole(await response.body(limit=MAX_WHOLE))
                    return
                while not reader.done and (data := await response.read()):
                    if deltas := reader.feed(data):
                        yield deltas
                    if reader.failure is not None:
                        raise reader.failure
                if deltas := reader.flush():
                    yield deltas
            except OutboundError as error:
                if reader.finish is None:
                    if reader.usage is not None and reader.started:
                        yield [reader.usage]
                    raise failures.from_outbound(error, name=self.name, started=reader.started) from error
                yield reader.end()
                return
            yield reader.end()
            await response.drain(limit=MAX_DRAIN, seconds=1.0)

    async def cancel(self, remote: str) -> None:  # noqa: ARG002
        """See `Provider.cancel`: what is not read is not written."""
        return

    async def close(self) -> None:
        """See `Provider.close`: nothing is held, the client belongs to others."""
        return

    def _post(self, url: str, body: Any) -> AbstractAsyncContextManager[StreamResponse]:
        sending()
        headers = {**self.headers, "Accept": "text/event-stream"}
        return self._client.stream(
            "POST", url, headers=headers, json=body, timeouts=self._timeouts, trusted=self._trusted
        )

    def _refused(self, status: int, headers: Mapping[str, str], body: bytes, *, model: str) -> ProviderError:
        return failures.from_status(status, headers, body, name=self.name, model=model, key=self.key)

    def _listed(self, model: UpstreamModel) -> UpstreamModel:
        """What this adapter knows about a listed model beyond the list."""
        return model

    @abstractmethod
    def _authorization(self) -> dict[str, str]:
        """Headers that carry the key."""

    @abstractmethod
    def _list_url(self) -> str:
        """Where the server lists its models."""

    @abstractmethod
    def _reader(self, request: CompletionRequest) -> Reader:
        """A reader for one answer."""

    @abstractmethod
    async def _open(self, stack: AsyncExitStack, request: CompletionRequest) -> StreamResponse:
        """The response with status 200, to be closed by `stack`. Raises `OutboundError` or `ProviderError`."""

"""Anthropic's Messages API."""

from contextlib import AsyncExitStack

import msgspec

from backend.outbound import OutboundClient, StreamResponse, Timeouts
from backend.providers import failures
from backend.providers.anthropic_request import make_body, trailing_space
from backend.providers.anthropic_wire import EventReader
from backend.providers.base import CompletionRequest, UpstreamModel
from backend.providers.reading import MAX_ERROR, StreamingProvider

API_VERSION = "2023-06-01"


class AnthropicProvider(StreamingProvider):
    """`base_url` is without `/v1`, as Anthropic's own SDK takes it (with it works too)."""

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
        super().__init__(
            name=name,
            base_url=base_url.rstrip("/").removesuffix("/v1"),
            api_key=api_key,
            client=client,
            trusted=trusted,
            timeouts=timeouts,
        )

    def _authorization(self) -> dict[str, str]:
        return {"x-api-key": self.key, "anthropic-version": API_VERSION}

    def _list_url(self) -> str:
        return f"{self.base}/v1/models?limit=1000"

    def _listed(self, model: UpstreamModel) -> UpstreamModel:
        return msgspec.structs.replace(model, capabilities=("images", "tools"))

    def _reader(self, request: CompletionRequest) -> EventReader:
        return EventReader(name=self.name, key=self.key, overlap=trailing_space(request))

    async def _open(self, stack: AsyncExitStack, request: CompletionRequest) -> StreamResponse:
        response = await stack.enter_async_context(self._post(f"{self.base}/v1/messages", make_body(request)))
        if response.status == 200:
            return response
        said = await response.head(limit=MAX_ERROR)
        error = self._refused(response.status, response.headers, said, model=request.model)
        raise failures.unless_continued(error, request)

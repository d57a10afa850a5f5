"""Any server that speaks OpenAI's chat completions: OpenAI, DeepSeek, Ollama, vLLM, LM Studio, the built-in guide."""

from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack
from typing import Literal

from backend.outbound import OutboundClient, StreamResponse, Timeouts
from backend.providers import failures
from backend.providers.base import CompletionRequest, Delta
from backend.providers.openai_request import Quirks, make_body
from backend.providers.openai_wire import ChunkReader
from backend.providers.reading import MAX_ERROR, StreamingProvider
from backend.providers.responses import BackgroundResponses
from backend.providers.responses_request import has_counterpart

Dialect = Literal["openai", "deepseek", "ollama", "guide"]


class OpenAIProvider(StreamingProvider):
    """`base_url` is what an OpenAI SDK would be given."""

    def __init__(
        self,
        *,
        name: str,
        base_url: str,
        api_key: str,
        client: OutboundClient,
        trusted: bool,
        timeouts: Timeouts,
        dialect: Dialect = "openai",
    ) -> None:
        super().__init__(
            name=name,
            base_url=base_url.rstrip("/").removesuffix("/chat/completions"),
            api_key=api_key,
            client=client,
            trusted=trusted,
            timeouts=timeouts,
        )
        self._dialect = dialect
        self._quirks = Quirks()
        self._background = BackgroundResponses(
            name=name, base_url=self.base, api_key=api_key, client=client, trusted=trusted, timeouts=timeouts
        )

    def stream(self, request: CompletionRequest) -> AsyncGenerator[list[Delta], None]:
        """See `Provider.stream`. What is to be written in the background goes to the Responses API."""
        if request.continuation == "background" and (request.held is not None or has_counterpart(request)):
            return self._background.stream(request)
        return super().stream(request)

    async def cancel(self, remote: str) -> None:
        """See `Provider.cancel`."""
        await self._background.cancel(remote)

    def _authorization(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.key}"} if self.key else {}

    def _list_url(self) -> str:
        return f"{self.base}/models"

    def _reader(self, request: CompletionRequest) -> ChunkReader:  # noqa: ARG002
        return ChunkReader(name=self.name, key=self.key)

    async def _open(self, stack: AsyncExitStack, request: CompletionRequest) -> StreamResponse:
        """A server that refuses an optional field is asked again without it."""
        while True:
            body = make_body(request, self._quirks, prefix_flag=self._dialect == "deepseek")
            async with AsyncExitStack() as attempt:
                response = await attempt.enter_async_context(self._post(self._url(request), body))
                if response.status == 200:
                    stack.push_async_exit(attempt.pop_all())
                    return response
                said = await response.head(limit=MAX_ERROR)
            text = said.decode("utf-8", "replace")
            if response.status in {400, 422} and self._quirks.learn(model=request.model, body=body, detail=text):
                continue
            error = self._refused(response.status, response.headers, said, model=request.model)
            raise failures.unless_continued(error, request)

    def _url(self, request: CompletionRequest) -> str:
        """DeepSeek continues a prefix at its beta address only."""
        if self._dialect == "deepseek" and request.continue_text and request.continuation == "prefix":
            return f"{self.base.removesuffix('/v1').removesuffix('/beta')}/beta/chat/completions"
        return f"{self.base}/chat/completions"

"""One answer, from the send to its end: iterate over its text, or over its events."""

from collections.abc import AsyncIterator, Awaitable, Callable, Generator
from typing import TYPE_CHECKING, Any, Self

from rivulet_client.state import AnswerState, Part
from rivulet_client.subscription import Subscription
from rivulet_client.wire import Event, Position

if TYPE_CHECKING:
    from rivulet_client.client import Client

_NAMES = ("topic", "generation", "message", "conversation", "user_message")


class Replaced(str):
    """A piece of text that stands for all that was yielded before: the server took some of it back."""

    __slots__ = ()


class Answer:
    """Made by `Client.send`, `retry` and `restore`. `async with` starts it and leaves its topic at the end; the
    answer itself goes on at the server unless it is cancelled. One reader at a time.
    """

    def __init__(self, client: "Client", start: "Callable[[], Awaitable[tuple[dict[str, Any], Subscription]]]") -> None:
        self.topic = self.generation = self.message = self.conversation = ""
        self.user_message: str | None = None
        self.state = AnswerState()
        self._client = client
        self._start = start
        self._subscription: Subscription | None = None
        self._shown: list[str] = []

    # How it stands, as far as it was read

    @property
    def text(self) -> str:
        """Its text so far."""
        return self.state.text

    @property
    def parts(self) -> list[Part]:
        """Text, reasoning, tools and searches, in their order."""
        return self.state.parts

    @property
    def status(self) -> str:
        """queued, running, then done, incomplete, error or cancelled."""
        return self.state.status

    @property
    def ended(self) -> bool:
        """Whether nothing follows."""
        return self.state.ended

    @property
    def position(self) -> Position | None:
        """Behind the last event that is in `state`."""
        return self._subscription.position if self._subscription is not None else None

    def save(self) -> dict[str, Any]:
        """JSON for `Client.restore`, on this machine or another one, over any transport."""
        position = self.position
        return {
            **{name: getattr(self, name) for name in _NAMES},
            "position": position.as_dict() if position else None,
            "state": self.state.as_dict(),
        }

    # Reading it

    def __aiter__(self) -> AsyncIterator[str]:
        return self.texts()

    async def texts(self) -> AsyncIterator[str]:
        """New text as it comes; a `Replaced` holds the whole anew. What came before a `restore` is not repeated."""
        if piece := self._more():
            yield piece
        async for event in self.events():
            if event.type == "part.delta" and self._plain(event):
                piece = str(event.data.get("text", ""))
                self._shown.append(piece)
            else:
                piece = self._more()
            if piece:
                yield piece

    async def events(self) -> AsyncIterator[Event]:
        """Every event, once it is in `state`. Raises `RivuletError` when access ends."""
        subscription = await self._started()
        while not self.state.ended:
            try:
                event = await anext(subscription)
            except StopAsyncIteration:
                return
            self.state.apply(event)
            yield event

    async def wait(self) -> Self:
        """Read to the end."""
        async for _ in self.events():
            pass
        return self

    async def cancel(self) -> str:
        """Stop it; what was written is kept. Returns `cancelling`, or how it had ended before."""
        await self._started()
        return await self._client.cancel(self.generation)

    def _plain(self, event: Event) -> bool:
        """Whether a delta adds to the end of the text: that of the last part, which is text."""
        last = len(self.state.parts) - 1
        return event.data.get("part") == last >= 0 and self.state.parts[last].kind == "text"

    def _more(self) -> str:
        text, shown = self.state.text, "".join(self._shown)
        self._shown = [text]
        return text[len(shown) :] if text.startswith(shown) else Replaced(text)

    # Its life

    async def _started(self) -> Subscription:
        if self._subscription is None:
            fields, self._subscription = await self._start()
            self._name(fields)
        return self._subscription

    def _name(self, fields: dict[str, Any]) -> None:
        for name in _NAMES:
            setattr(self, name, fields.get(name) or (None if name == "user_message" else ""))

    def _restore(self, saved: dict[str, Any]) -> Self:
        self._name(saved)
        self.state = AnswerState.from_dict(saved.get("state") or {})
        self._shown = [self.state.text]
        return self

    def __await__(self) -> Generator[Any, None, Self]:
        return self.__aenter__().__await__()

    async def __aenter__(self) -> Self:
        await self._started()
        return self

    async def __aexit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Leave its topic."""
        if self._subscription is not None:
            self._subscription.close()

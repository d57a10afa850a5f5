"""A client of Rivulet whose streams never break: asyncio, typed, with websockets, httpx and msgspec as its only needs.

    from rivulet_client import Client

    async with Client("http://localhost:8000", token="rvk_…") as client:
        async with client.send("How do I resume a stream?") as answer:
            async for text in answer:
                print(text, end="", flush=True)
        print(answer.status)                          # done

The connection breaks, a node stops, the network changes, a proxy blocks WebSockets: the text goes on, complete, each
token once. The client reconnects with jitter, says where it stands, and gets the rest: over a WebSocket, else over
server-sent events, else by long poll, with the same positions. A send happens once, whatever is lost on the way.

- `Client.send`, `retry`, `cancel`: answers. `Answer` has `text`, `status`, `parts`, `position`, `cancel()`, `save()`.
- `Client.follow`: every event of any topic with its position.
- `Answer.save`, `Client.restore`: go on in another process, from the very event.
- `AppTokens`: an app's token pair, refreshed one at a time. `Observer`: what really came over the line.
- `python -m rivulet_client.conformance --url … --key …`: does a server keep the protocol's promises?

It imports nothing of the server, and speaks only what docs/realtime-protocol.md says. docs/clients.md has more.
"""

from rivulet_client.answer import Answer, Replaced
from rivulet_client.client import Client
from rivulet_client.connection import Status
from rivulet_client.errors import Offline, RivuletError, Stopped, Undecided
from rivulet_client.observer import Link, Observer
from rivulet_client.state import AnswerState, Part
from rivulet_client.subscription import Subscription
from rivulet_client.timing import Timing
from rivulet_client.tokens import AppTokens, TokenProvider
from rivulet_client.wire import Event, Position

__all__ = [
    "Answer",
    "AnswerState",
    "AppTokens",
    "Client",
    "Event",
    "Link",
    "Observer",
    "Offline",
    "Part",
    "Position",
    "Replaced",
    "RivuletError",
    "Status",
    "Stopped",
    "Subscription",
    "Timing",
    "TokenProvider",
    "Undecided",
]
__version__ = "0.1.0"

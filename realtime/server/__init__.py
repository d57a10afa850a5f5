"""The HTTP and WebSocket server: Daphne, with what it lacks put right.

Daphne brings the server, HTTP/1.1 and the ASGI shape; here it learns to wait for slow readers, to stop reading from
fast writers, to bound every buffer and every wait, to speak ASGI lifespan, to stop gracefully and to write frames
without ceremony. The application stays portable ASGI: it finds the lean writes in
`scope["extensions"]["rivulet.transport"]` (see `extension.Transport`) and falls back to `send()` where they are absent.

Invariants: bytes leave a connection in the order they were written; nothing is buffered beyond `ServerSettings`;
every state that waits for a client has a deadline. Imports nothing of `backend` or of `realtime`'s topics.

`serve` lives in `realtime.server.serve`: importing it installs Twisted's reactor, so this module does not.
"""

from realtime.server.extension import EXTENSION, Transport
from realtime.server.frames import text_frame
from realtime.server.settings import Access, ServerSettings

__all__ = ["EXTENSION", "Access", "ServerSettings", "Transport", "text_frame"]

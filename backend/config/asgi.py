"""The ASGI application: the edge, and behind it sockets, streams of events, the API and static files.

Portable: it starts and stops by lifespan, or as `config.plain` says, and uses `rivulet.transport` where the server
offers it.
"""

import os

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "backend.config.settings")  # noqa: TID251
django.setup()

from django.conf import settings  # noqa: E402

from backend.config import celery  # noqa: E402, F401 - who tells the broker needs the configured application
from backend.config.http import edge, http_app  # noqa: E402
from backend.config.live import Live, lifespan  # noqa: E402
from backend.config.plain import PlainDaphne  # noqa: E402
from backend.core.asgi import Receive, Scope, Send, request_id, respond  # noqa: E402
from backend.core.errors import Unavailable  # noqa: E402
from backend.core.problems import CONTENT_TYPE, problem  # noqa: E402
from backend.jobs import uploads  # noqa: E402
from backend.ops.connection import probes  # noqa: E402

SOCKET_PATH = "/ws/v1/"
TOPICS_PATH = "/api/v1/topics/"
OPENAI_PATH = "/v1/"


class Site:
    """Sends each connection to who answers it. `live` is there between start and stop."""

    def __init__(self) -> None:
        self.live: Live | None = None
        self._plain: PlainDaphne | None = PlainDaphne(self._started)
        self._http = http_app()
        self._uploads = uploads.Uploads(max_bytes=settings.MAX_UPLOAD_BYTES, max_export=settings.MAX_IMPORT_BYTES)
        self._edge = edge(self._route)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One connection, or the process's lifespan."""
        if scope["type"] == "lifespan":
            self._plain = None
            await lifespan(receive, send, started=self._started)
            return
        if self._plain is not None:
            await self._plain.ensure()
        await self._edge(scope, receive, send)

    def _started(self, live: Live | None) -> None:
        self.live = live

    async def _route(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "websocket":
            await self._socket(scope, receive, send)
        elif scope["path"].startswith(TOPICS_PATH):
            await (self.live.node.events if self.live else _unavailable)(scope, receive, send)
        elif scope["path"].startswith(probes.PATH):
            await (self.live.probes if self.live else _unavailable)(scope, receive, send)
        elif scope["path"].startswith(OPENAI_PATH):
            await (self.live.openai if self.live else _unavailable)(scope, receive, send)
        elif scope["path"] == uploads.PATH and scope["method"] == "POST":
            await self._uploads(scope, receive, send)
        else:
            await self._http(scope, receive, send)

    async def _socket(self, scope: Scope, receive: Receive, send: Send) -> None:
        if self.live is not None and scope["path"] == probes.SOCKET_PATH:
            await self.live.probes(scope, receive, send)
            return
        if self.live is None or scope["path"] != SOCKET_PATH:
            await receive()
            await send({"type": "websocket.close"})  # before accept: the handshake is refused
            return
        await self.live.node.websocket(scope, receive, send)


async def _unavailable(scope: Scope, _receive: Receive, send: Send) -> None:
    status, body, headers = problem(Unavailable(), request_id=request_id(scope))
    encoded = [(name.encode(), value.encode()) for name, value in headers]
    await respond(send, status=status, body=body, content_type=CONTENT_TYPE, headers=encoded)


application = Site()

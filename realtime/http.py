"""The ASGI application beside Django's handler that serves topics over HTTP: SSE and long poll."""

import logging
from typing import TYPE_CHECKING, Any

from realtime.errors import AppError, Internal, Unavailable, WrongMethod
from realtime.log.base import LogAway
from realtime.longpoll import serve_longpoll
from realtime.request import Receive, Send, answer_error, read_request, wants_json
from realtime.sse import serve_sse

if TYPE_CHECKING:
    from realtime.node import Node

logger = logging.getLogger(__name__)


class TopicEvents:
    """`GET …/topics/{topic}/events`."""

    def __init__(self, node: "Node") -> None:
        self._node = node

    async def __call__(self, scope: dict[str, Any], receive: Receive, send: Send) -> None:
        """One request."""
        started = False

        async def watched_send(message: dict[str, Any]) -> None:
            nonlocal started
            started = True
            await send(message)

        try:
            _check_method(scope)
            request = await read_request(self._node, scope, receive, watched_send)
            await (serve_longpoll if wants_json(scope) else serve_sse)(request)
        except AppError as error:
            await self._refuse(scope, watched_send, error)
        except LogAway:
            await self._refuse(scope, watched_send, Unavailable())
        except Exception:
            logger.exception("A request for events failed")
            if started:
                raise
            await self._refuse(scope, watched_send, Internal())

    async def _refuse(self, scope: dict[str, Any], send: Send, error: AppError) -> None:
        await answer_error(send, self._node.problem(scope, error))


def _check_method(scope: dict[str, Any]) -> None:
    if scope["method"] != "GET":
        raise WrongMethod("GET")

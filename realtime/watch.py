"""Who may still read what: the authorisation versions each second, everything each half minute, both batched."""

import logging
from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any, Protocol

from realtime.close import close_for
from realtime.errors import AppError, NotFound, Unauthenticated
from realtime.hooks import Principal

if TYPE_CHECKING:
    from realtime.node import Node
    from realtime.session import Session

logger = logging.getLogger(__name__)
_BATCH = 500


class Watched(Protocol):
    """A connection of any transport that delivers topics to a principal."""

    principal: Principal | None

    @property
    def session(self) -> "Session":
        """Its subscriptions."""

    def close(self, code: int, reason: str) -> None:
        """End it."""

    def unsubscribed(self, topic: str, error: AppError) -> None:
        """Take a topic away."""


class Watch:
    """Compares versions with those seen before; what changed or is new is authorised again."""

    def __init__(self, node: "Node") -> None:
        self._node = node
        self._seen: dict[str, int] = {}

    async def poll(self) -> None:
        """One query for all users and topics of the node."""
        users = self._node.users()
        if not users:
            self._seen.clear()
            return
        topics = set(self._node.hub.feeds)
        asked = {f"user.{user}" for user in users} | topics
        versions = dict(await self._node.access.versions(users=sorted(users), topics=sorted(topics)))
        changed = {key for key in asked if key not in self._seen or self._seen[key] != versions.get(key, -1)}
        self._seen = {key: versions.get(key, -1) for key in asked}
        if changed:
            watched = [one for one in self._node.watched if one.principal is not None]
            people = [one for one in watched if one.principal and f"user.{one.principal.user}" in changed]
            await self._people(people)
            whole = set(map(id, people))
            await self._topics(
                (one, topic) for one in watched for topic in one.session.cursors if topic in changed or id(one) in whole
            )

    async def recheck(self) -> None:
        """Everything again, changed or not."""
        watched = [one for one in self._node.watched if one.principal is not None]
        await self._people(watched)
        await self._topics((one, topic) for one in watched for topic in one.session.cursors)

    async def _people(self, watched: Sequence[Watched]) -> None:
        for start in range(0, len(watched), _BATCH):
            some = watched[start : start + _BATCH]
            answers = await self._node.access.recheck([one.principal for one in some if one.principal is not None])
            for one, error in zip(some, answers, strict=True):
                if isinstance(error, Unauthenticated):
                    one.close(close_for(error), error.message)

    async def _topics(self, pairs: Iterable[tuple[Watched, str]]) -> None:
        kinds: dict[str, list[tuple[Watched, str]]] = defaultdict(list)
        for one, topic in list(pairs):
            kinds[topic.partition(".")[0]].append((one, topic))
        for name, some in kinds.items():
            for start in range(0, len(some), _BATCH):
                await self._kind(name, some[start : start + _BATCH])

    async def _kind(self, name: str, some: list[tuple[Watched, str]]) -> None:
        asked: list[tuple[Any, str]] = [(one.principal, topic) for one, topic in some]
        answers = await self._node.kinds[name].authorized(asked)
        for (one, topic), may in zip(some, answers, strict=True):
            if not may and topic in one.session.cursors:
                one.unsubscribed(topic, NotFound())

"""Who else is here: the users that follow a topic, on this node and on the others. Never logged; may be late."""

import time
from collections import Counter
from collections.abc import Callable
from typing import Any

from realtime.cursor import Cursor
from realtime.frames import Whisper
from realtime.hub import Hub
from realtime.wire import message


class Presence:
    """Users per topic. Each node tells the others its own now and then; what it stops telling is forgotten."""

    def __init__(self, hub: Hub, *, node: str, post: Callable[[dict[str, Any]], None], kept: float) -> None:
        self._hub = hub
        self._node = node
        self._post = post
        self._kept = kept
        self._here: dict[str, Counter[str]] = {}
        self._there: dict[str, dict[str, tuple[float, frozenset[str]]]] = {}
        hub.on_attach = self._attached
        hub.on_detach = self._detached

    def users(self, topic: str) -> list[str]:
        """Everybody who follows the topic now."""
        now = time.monotonic()
        users = set(self._here.get(topic, ()))
        for until, names in self._there.get(topic, {}).values():
            if until > now:
                users |= names
        return sorted(users)

    def heard(self, fields: dict[str, Any]) -> None:
        """Another node's message."""
        topic, node = fields["topic"], fields["node"]
        if node == self._node:
            return
        if fields.get("ask") and topic in self._here:
            self._tell(topic)
        before = self.users(topic)
        names = frozenset(fields["users"])
        if names:
            self._there.setdefault(topic, {})[node] = (time.monotonic() + self._kept, names)
        else:
            self._there.get(topic, {}).pop(node, None)
        if self.users(topic) != before:
            self._show(topic)

    async def refresh(self) -> None:
        """Tell the others again, and forget those that fell silent."""
        now = time.monotonic()
        for topic, nodes in list(self._there.items()):
            silent = [node for node, (until, _) in nodes.items() if until <= now]
            for node in silent:
                del nodes[node]
            if not nodes:
                del self._there[topic]
            if silent:
                self._show(topic)
        for topic in self._here:
            self._tell(topic)

    def _attached(self, cursor: Cursor) -> None:
        user, topic = cursor.session.user, cursor.topic
        if user is None or not cursor.feed.kind.presence:
            return
        first = topic not in self._here
        here = self._here.setdefault(topic, Counter())
        here[user] += 1
        if here[user] == 1:
            self._tell(topic, ask=first)
            self._show(topic)
        else:
            cursor.session.whisper(self._frame(topic))

    def _detached(self, cursor: Cursor) -> None:
        user, topic = cursor.session.user, cursor.topic
        here = self._here.get(topic)
        if user is None or here is None or user not in here:
            return
        here[user] -= 1
        if not here[user]:
            del here[user]
            if not here:
                del self._here[topic]
            self._tell(topic)
            self._show(topic)

    def _tell(self, topic: str, *, ask: bool = False) -> None:
        users = sorted(self._here.get(topic, ()))
        self._post({"kind": "presence", "topic": topic, "node": self._node, "users": users, "ask": ask})

    def _show(self, topic: str) -> None:
        self._hub.whisper(topic, self._frame(topic))

    def _frame(self, topic: str) -> bytes:
        return message(Whisper(topic=topic, type="presence", data={"users": self.users(topic)}))

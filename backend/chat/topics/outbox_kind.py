"""What conversation and user topics share: a counter on a row, and events in the outbox."""

from collections.abc import Mapping, Sequence
from typing import ClassVar
from uuid import UUID

from backend.chat.rows import as_id
from backend.core import db
from backend.core.errors import NotFound
from realtime import Position, Slice, TopicKind, TopicState


class OutboxKind(TopicKind):
    """`TABLE` has `id`, `epoch` and `position`; `VISIBLE` is a condition on its row."""

    TABLE: ClassVar[str]
    VISIBLE: ClassVar[str] = "true"

    def topic_id(self, topic: str) -> UUID:
        """The id in the topic's name. Raises `NotFound`."""
        found = as_id(topic.partition(".")[2])
        if found is None:
            raise NotFound
        return found

    async def state(self, *, topic: str) -> TopicState:
        """The row's epoch and counter."""
        row = await db.row(
            f"SELECT epoch, position FROM {self.TABLE} WHERE id = %(id)s AND {self.VISIBLE}",  # noqa: S608
            {"id": self.topic_id(topic)},
        )
        if row is None:
            raise NotFound
        return TopicState(epoch=row["epoch"], end=row["position"])

    async def read(self, *, topic: str, epoch: str, after: int, max_events: int, max_bytes: int) -> Slice:
        """Events behind `after`, from the outbox; not kept where they were trimmed or the epoch is another."""
        found = await db.rows(
            f"""SELECT r.position, e."offset", e.body FROM {self.TABLE} r LEFT JOIN core_outboxevent e
              ON e.topic = %(topic)s AND e.epoch = r.epoch AND e."offset" > %(after)s
            WHERE r.id = %(id)s AND r.epoch = %(epoch)s AND {self.VISIBLE}
            ORDER BY e."offset" LIMIT %(limit)s""",  # noqa: S608
            {"id": self.topic_id(topic), "topic": topic, "epoch": epoch, "after": after, "limit": max(1, max_events)},
        )
        if not found:
            return Slice(after=after, events=[], end=0, kept=False)
        end = found[0]["position"]
        events: list[bytes] = []
        size = 0
        for row in found:
            if row["offset"] is None:
                break
            if row["offset"] != after + len(events) + 1:
                return Slice(after=after, events=[], end=end, kept=False)
            body = row["body"].encode()
            size += len(body)
            if events and size > max_bytes:
                break
            events.append(body)
        return Slice(after=after, events=events, end=end, kept=bool(events) or after == end)

    async def ends(self, topics: Sequence[str]) -> Mapping[str, Position]:
        """Where each topic ends, in one query."""
        ids = {found: topic for topic in topics if (found := as_id(topic.partition(".")[2]))}
        known = await db.rows(
            f"SELECT id, epoch, position FROM {self.TABLE} WHERE id = ANY(%(ids)s) AND {self.VISIBLE}",  # noqa: S608
            {"ids": list(ids)},
        )
        return {ids[row["id"]]: Position(row["epoch"], row["position"]) for row in known}

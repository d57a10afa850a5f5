"""A node without sockets."""

from collections.abc import Mapping, Sequence

from realtime import Handshake, Node, Principal


class NoAccess:
    """Nobody comes in: tests call the services."""

    async def authenticate(self, handshake: Handshake) -> Principal | None:
        return None

    async def authenticate_token(self, token: str) -> Principal:
        raise NotImplementedError

    async def recheck(self, principals: Sequence[Principal]) -> list[Exception | None]:
        return [None for _ in principals]

    async def versions(self, *, users: Sequence[str], topics: Sequence[str]) -> Mapping[str, int]:
        return {}


def make_node(redis_url: str) -> Node:
    """A node on this Redis."""
    return Node.on_redis(redis_url, access=NoAccess())

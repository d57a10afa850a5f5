"""Who may open a socket or a stream: accounts' side of the realtime library's hook, with conversations' versions."""

from collections.abc import Mapping, Sequence

from backend.accounts.access import AccountAccess
from backend.chat.topics import topic_versions


class SiteAccess(AccountAccess):
    """`realtime.Access` for this site."""

    async def versions(self, *, users: Sequence[str], topics: Sequence[str]) -> Mapping[str, int]:
        """The authorisation versions of people and conversations, in one query."""
        return await topic_versions(users=users, topics=topics)

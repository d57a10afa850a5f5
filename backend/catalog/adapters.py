"""The adapters of one event loop: one for each account, over one client."""

from uuid import UUID

from django.conf import settings

from backend.catalog.entries import Account
from backend.outbound import Guard, OutboundClient, Timeouts
from backend.providers.base import Provider
from backend.providers.factory import ProviderOptions, make_provider


class Adapters:
    """Makes adapters when they are first needed and keeps them while their account stays the same."""

    def __init__(self) -> None:
        env = settings.RIVULET
        allow = [part for part in env.outbound_allow.split(",") if part.strip()]
        self.client = OutboundClient(guard=Guard(allow), proxy=env.outbound_proxy or None)
        self._timeouts = Timeouts(
            connect=env.provider_connect_timeout,
            first_byte=env.provider_first_timeout,
            silence=env.provider_silence_timeout,
        )
        self._made: dict[UUID, tuple[Account, Provider]] = {}

    def adapter(self, account: Account) -> Provider:
        """The adapter of an account. One that was made for former settings serves its running answers to their end."""
        made = self._made.get(account.id)
        if made is None or made[0] != account:
            provider = make_provider(
                kind=account.kind,
                name=account.name,
                base_url=account.base_url,
                api_key=account.key,
                client=self.client,
                options=ProviderOptions(trusted=account.trusted, timeouts=self._timeouts, retry=None),
            )
            made = self._made[account.id] = (account, provider)
        return made[1]

    async def close(self) -> None:
        """Close all connections."""
        await self.client.close()

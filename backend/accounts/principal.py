"""Who is calling: what one path of authentication hands to every transport."""

from dataclasses import dataclass, field
from typing import Literal
from uuid import UUID

Method = Literal["session", "jwt", "key"]
RoleName = Literal["member", "manager", "admin"]


@dataclass(frozen=True, slots=True)
class Principal:
    """A verified caller. `scopes` None means all that the person may do; `expires_at` is in epoch seconds.

    `session_id` is the session's key for `session` and the token family's id for `jwt`; it is a secret in the first
    case, hence out of `repr`. A ticket yields the principal of the credential that asked for it. `team_ids` are in the
    order of joining: what the person spends is the first one's.
    """

    user_id: UUID
    email: str = field(repr=False)
    name: str = field(repr=False)
    role: RoleName
    method: Method
    scopes: frozenset[str] | None = None
    auth_version: int = 1
    expires_at: float | None = None
    session_id: str | None = field(default=None, repr=False)
    key_id: UUID | None = None
    store_default: bool = False
    team_ids: tuple[UUID, ...] = ()

    @property
    def user(self) -> str:
        """The id as `realtime` and the topic `user.<id>` spell it."""
        return str(self.user_id)

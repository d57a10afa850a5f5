"""Rows of the accounts: people, teams, and the credentials that stand for a person."""

from backend.accounts.models.credentials import ApiKey, RefreshToken, Ticket, TokenFamily
from backend.accounts.models.team import Membership, Team
from backend.accounts.models.user import Role, User, UserManager

__all__ = [
    "ApiKey",
    "Membership",
    "RefreshToken",
    "Role",
    "Team",
    "Ticket",
    "TokenFamily",
    "User",
    "UserManager",
]

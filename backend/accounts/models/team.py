"""Teams, and who is in them."""

from typing import ClassVar

from django.conf import settings
from django.db import models

from backend.accounts.models.user import Role
from backend.core.models import BaseModel


class Team(BaseModel):
    """A group of people who share conversations, templates and budgets."""

    name = models.CharField(max_length=120, unique=True)
    members = models.ManyToManyField(
        settings.AUTH_USER_MODEL, through="accounts.Membership", related_name="teams", blank=True
    )

    def __str__(self) -> str:
        return self.name


class Membership(BaseModel):
    """A person in a team, with what they may do in it."""

    team = models.ForeignKey(Team, on_delete=models.CASCADE, related_name="memberships")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="memberships")
    role = models.CharField(max_length=16, choices=Role.choices[:2], default=Role.MEMBER)

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["team", "user"], name="accounts_membership_once"),
        ]

    def __str__(self) -> str:
        return f"{self.user_id} in {self.team_id}"

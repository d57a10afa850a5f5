"""People, teams and membership."""

from typing import Any, ClassVar

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.contrib.auth.models import PermissionsMixin
from django.db import models

from backend.core.models import BaseModel, TopicRow


class Role(models.TextChoices):
    """What a person may do on the whole site."""

    MEMBER = "member", "Member"
    MANAGER = "manager", "Manager"
    ADMIN = "admin", "Administrator"


class UserManager(BaseUserManager["User"]):
    """Makes users; an e-mail address is the name that people sign in with."""

    def create_user(self, email: str, password: str | None = None, **fields: Any) -> "User":
        """Create a person. Raises `ValueError` without an address."""
        if not email:
            raise ValueError("An e-mail address is needed.")
        user = self.model(email=self.normalize_email(email).lower(), **fields)
        user.set_password(password)
        user.save(using=self._db)
        return user

    def create_superuser(self, email: str, password: str | None = None, **fields: Any) -> "User":
        """Create an administrator."""
        return self.create_user(email, password, role=Role.ADMIN, is_staff=True, is_superuser=True, **fields)


class User(AbstractBaseUser, PermissionsMixin, BaseModel, TopicRow):
    """A person. `auth_version` rises whenever what they may do changes, and open sockets ask again."""

    email = models.EmailField(unique=True)
    name = models.CharField(max_length=120, blank=True)
    role = models.CharField(max_length=16, choices=Role.choices, default=Role.MEMBER)
    is_active = models.BooleanField(default=True)
    is_staff = models.BooleanField(default=False)
    auth_version = models.BigIntegerField(default=1)

    objects: ClassVar[UserManager] = UserManager()

    USERNAME_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = []

    def __str__(self) -> str:
        return self.email

"""Templates, their versions and labels, and whom they are shared with."""

from typing import Any, ClassVar

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.contrib.postgres.search import SearchVectorField
from django.db import models
from django.db.models.functions import Lower, Now

from backend.core.models import BaseModel


class Template(BaseModel):
    """A template. `newest` is the number of its last version; `search` holds the words of its name, description, tags
    and newest texts. `deleted_at` hides it at once and frees its slug; versions stay, since messages name them.
    """

    created = models.DateTimeField(db_default=Now())
    updated = models.DateTimeField(db_default=Now())
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    slug = models.CharField(max_length=80)
    name = models.CharField(max_length=120)
    description = models.TextField(blank=True)
    folder = models.CharField(max_length=120, blank=True)
    tags = ArrayField(models.CharField(max_length=40), default=list, blank=True)
    newest = models.IntegerField(default=0)
    search = SearchVectorField(null=True, editable=False)
    deleted_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["slug"], condition=models.Q(deleted_at__isnull=True), name="prompts_template_slug"
            ),
        ]
        indexes: ClassVar = [
            models.Index(
                Lower("name"), "id", condition=models.Q(deleted_at__isnull=True), name="prompts_template_list"
            ),
            GinIndex(fields=["search"], name="prompts_template_search"),
        ]

    def __str__(self) -> str:
        return self.name


class TemplateVersion(BaseModel):
    """What a template said at one time. It never changes: an answer names the version that it was asked with.

    `variables` and `params` are as `schemas.Variable` and `catalog.params.Params` have them.
    """

    created = models.DateTimeField(db_default=Now())
    template = models.ForeignKey(Template, on_delete=models.CASCADE, related_name="versions", db_index=False)
    number = models.IntegerField()
    system = models.TextField(blank=True)
    user = models.TextField(blank=True)
    variables = models.JSONField(default=list)
    model = models.CharField(max_length=200, blank=True)
    params = models.JSONField(default=dict)
    note = models.CharField(max_length=500, blank=True)
    author = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+")

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["template", "number"], name="prompts_version_number"),
        ]

    def __str__(self) -> str:
        return f"{self.template_id} v{self.number}"

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Store a new one. Raises `TypeError` for one that is stored already."""
        if not self._state.adding:
            raise TypeError("A version never changes; make another one.")
        super().save(*args, **kwargs)


class Label(models.Model):
    """A name that points at a version of a template."""

    template = models.ForeignKey(Template, on_delete=models.CASCADE, related_name="labels", db_index=False)
    name = models.CharField(max_length=40)
    version = models.ForeignKey(TemplateVersion, on_delete=models.CASCADE, related_name="labels")

    class Meta:
        constraints: ClassVar = [models.UniqueConstraint(fields=["template", "name"], name="prompts_label_once")]

    def __str__(self) -> str:
        return self.name


class Access(models.TextChoices):
    """What those that a template is shared with may do."""

    VIEW = "view", "View"
    EDIT = "edit", "Edit"


class Share(BaseModel):
    """A template shared with a person, a team or (neither) everybody."""

    template = models.ForeignKey(Template, on_delete=models.CASCADE, related_name="shares", db_index=False)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, null=True, related_name="+")
    team = models.ForeignKey("accounts.Team", on_delete=models.CASCADE, null=True, related_name="+")
    access = models.CharField(max_length=4, choices=Access.choices, default=Access.VIEW)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["template", "user", "team"], nulls_distinct=False, name="prompts_share_once"
            ),
            models.CheckConstraint(
                condition=models.Q(user__isnull=True) | models.Q(team__isnull=True), name="prompts_share_one_side"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.template_id} ({self.access})"

"""People, teams and keys in the admin. What changes rights goes through the services, so that sockets follow."""

from typing import Any, ClassVar

from allauth.account.models import EmailAddress
from django.contrib import admin
from django.contrib.auth.admin import UserAdmin as DjangoUserAdmin
from django.contrib.auth.models import Group
from django.http import HttpRequest
from unfold.admin import ModelAdmin, TabularInline
from unfold.forms import AdminPasswordChangeForm, UserChangeForm, UserCreationForm

from backend.accounts.models import ApiKey, Membership, Team, TokenFamily, User
from backend.accounts.services import people, sessions
from backend.accounts.services.keys import key_revoke

admin.site.unregister(Group)
admin.site.unregister(EmailAddress)


class PersonCreation(UserCreationForm):
    """A new person by address and password."""

    class Meta:
        model = User
        fields = ("email",)


class PersonChange(UserChangeForm):
    """A person's fields."""

    class Meta:
        model = User
        fields = "__all__"


class EmailAddressInline(TabularInline):
    """A person's addresses, and whether they are verified."""

    model = EmailAddress
    extra = 0


class MembershipInline(TabularInline):
    """Who is in a team."""

    model = Membership
    extra = 0
    autocomplete_fields = ("user",)


@admin.register(User)
class UserAdmin(DjangoUserAdmin, ModelAdmin):  # type: ignore[misc, type-arg]
    """People by address."""

    form, add_form, change_password_form = PersonChange, PersonCreation, AdminPasswordChangeForm
    ordering = ("-created",)
    list_display = ("email", "name", "role", "is_active", "last_login", "created")
    list_filter = ("role", "is_active")
    search_fields = ("email", "name")
    readonly_fields = ("id", "last_login", "created", "updated")
    filter_horizontal = ()
    inlines: ClassVar[list[Any]] = [EmailAddressInline]
    fieldsets: ClassVar[Any] = (
        (None, {"fields": ("email", "password", "name", "role", "is_active")}),
        ("Record", {"fields": ("id", "last_login", "created", "updated")}),
    )
    add_fieldsets: Any = ((None, {"classes": ("wide",), "fields": ("email", "password1", "password2")}),)

    def get_inlines(self, request: HttpRequest, obj: Any) -> list[Any]:  # noqa: ARG002
        """A new person's address is their name; it gets its row with the first mail or sign-in."""
        return self.inlines if obj is not None else []

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        """Store, and end or re-authorise what the change touches."""
        super().save_model(request, obj, form, change)
        changed = set(form.changed_data)
        if change and "is_active" in changed and not obj.is_active:
            people.user_disable(user=obj)
        elif change and changed & {"is_active", "role"}:
            people.auth_version_bump(user_id=obj.pk)

    def user_change_password(self, request: HttpRequest, id: str, form_url: str = "") -> Any:  # noqa: A002
        """Set another's password; their sign-ins end."""
        answer = super().user_change_password(request, id, form_url)
        if request.method == "POST" and answer.status_code == 302 and str(request.user.pk) != id:
            sessions.end_all(user_id=User.objects.get(pk=id).pk, reason="password")
            people.auth_version_bump(user_id=User.objects.get(pk=id).pk)
        return answer


@admin.register(Team)
class TeamAdmin(ModelAdmin):
    """Teams with their people."""

    list_display = ("name", "created")
    search_fields = ("name",)
    inlines: ClassVar[list[Any]] = [MembershipInline]


class ReadOnly(ModelAdmin):
    """Rows that only services make and change."""

    def has_add_permission(self, request: HttpRequest) -> bool:  # noqa: ARG002
        """Nobody adds one here."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:  # noqa: ARG002
        """Nobody changes one here."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:  # noqa: ARG002
        """Nobody removes one here."""
        return False


@admin.register(ApiKey)
class ApiKeyAdmin(ReadOnly):
    """Keys, to see and to revoke. Their values are nowhere to be seen."""

    list_display = ("prefix", "name", "user", "scopes", "expires", "last_used", "revoked")
    list_select_related = ("user",)
    search_fields = ("prefix", "name", "user__email")
    exclude = ("hash",)
    actions = ("revoke",)

    @admin.action(description="Revoke the selected keys")
    def revoke(self, request: HttpRequest, queryset: Any) -> None:  # noqa: ARG002
        """Revoke keys; what uses them is cut off within two seconds."""
        for key in queryset.filter(revoked__isnull=True):
            key_revoke(user_id=key.user_id, key_id=key.pk)


@admin.register(TokenFamily)
class TokenFamilyAdmin(ReadOnly):
    """Sign-ins of apps."""

    list_display = ("id", "user", "created", "expires", "revoked", "reason")
    list_select_related = ("user",)
    list_filter = ("reason",)
    exclude = ("session_key",)

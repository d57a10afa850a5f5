"""Providers and models in the admin. A key can be set and replaced, and is never shown."""

from typing import Any, ClassVar

from django import forms
from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from unfold.admin import ModelAdmin, TabularInline
from unfold.forms import PaginationInlineFormSet
from unfold.widgets import UnfoldAdminPasswordWidget

from backend.care import report
from backend.catalog.models import Fallback, Kind, Model, Price, Provider, Source
from backend.catalog.services import fallbacks_check
from backend.outbound import UrlRefused
from backend.outbound.guard import parse_url
from backend.providers.factory import BASE_URLS

_FROM_ENVIRONMENT = ("kind", "base_url", "continuation")


class ProviderForm(forms.ModelForm):  # type: ignore[type-arg]
    """A provider with a write-only key."""

    new_key = forms.CharField(
        label="API key",
        required=False,
        strip=True,
        max_length=2000,
        widget=UnfoldAdminPasswordWidget(attrs={"autocomplete": "new-password"}, render_value=False),
        help_text="Stored encrypted and never shown. Leave empty to keep the present one.",
    )

    class Meta:
        model = Provider
        fields = (
            "kind", "name", "base_url", "continuation", "enabled", "position", "max_concurrent", "queue_seconds"
        )  # fmt: skip

    def clean(self) -> dict[str, Any]:
        """Refuse an address that can't be called."""
        found = super().clean() or {}
        kind, url = found.get("kind", self.instance.kind), found.get("base_url", self.instance.base_url)
        if url:
            try:
                parse_url(url)
            except UrlRefused as error:
                self.add_error("base_url", str(error))
        elif kind not in BASE_URLS:
            self.add_error("base_url", "This kind of provider needs an address.")
        if kind == Kind.GUIDE and self.instance.source != Source.ENV:
            self.add_error("kind", "The built-in guide is connected by itself.")
        return found

    def save(self, commit: bool = True) -> Provider:
        """Set the key when one was typed; a new address or key has the list read again."""
        row: Provider = self.instance
        if self.cleaned_data.get("new_key") and row.source == Source.ADMIN:
            row.key = self.cleaned_data["new_key"]
        if {"new_key", "base_url", "kind"} & set(self.changed_data):
            row.synced_at = None
        saved: Provider = super().save(commit)
        return saved


@admin.register(Provider)
class ProviderAdmin(ModelAdmin):
    """Accounts at providers."""

    form = ProviderForm
    list_display = ("name", "kind", "source", "enabled", "present", "position", "synced_at", "failure")
    list_editable = ("enabled", "position")
    list_filter = ("kind", "source", "enabled")
    search_fields = ("name", "base_url")

    def get_fields(self, request: HttpRequest, obj: Provider | None = None) -> tuple[str, ...]:  # noqa: ARG002
        """A row from the environment has its key there."""
        shown = (
            "kind", "name", "base_url", "new_key", "continuation", "enabled", "position", "max_concurrent",
            "queue_seconds",
        )  # fmt: skip
        if obj is None:
            return shown
        kept = shown if obj.source == Source.ADMIN else tuple(name for name in shown if name != "new_key")
        return (*kept, "source", "present", "has_key", "synced_at", "failure")

    def get_readonly_fields(self, request: HttpRequest, obj: Provider | None = None) -> tuple[str, ...]:  # noqa: ARG002
        """What the environment says is changed there."""
        always = ("source", "present", "has_key", "synced_at", "failure")
        return (*always, *_FROM_ENVIRONMENT) if obj is not None and obj.source == Source.ENV else always

    @admin.display(boolean=True, description="Key is set")
    def has_key(self, obj: Provider) -> bool:
        """Whether a key is stored here, without opening it."""
        return bool(obj.__dict__.get("key"))

    def has_delete_permission(self, request: HttpRequest, obj: Provider | None = None) -> bool:
        """A row from the environment would come back at the next start."""
        if obj is not None and obj.source == Source.ENV:
            return False
        return bool(super().has_delete_permission(request, obj))


class FallbackFormSet(PaginationInlineFormSet):
    """The models that stand in for one; no circle."""

    def clean(self) -> None:
        """Refuse what would come back to the model itself."""
        super().clean()
        rows = [form.cleaned_data for form in self.forms if getattr(form, "cleaned_data", None)]
        chosen = [row["stand_in"].pk for row in rows if row.get("stand_in") and not row.get("DELETE")]
        try:
            fallbacks_check(model=self.instance.pk, stand_ins=chosen)
        except ValueError as error:
            raise forms.ValidationError(str(error)) from None


class FallbackInline(TabularInline):
    """Who stands in, in order."""

    model = Fallback
    formset = FallbackFormSet
    fk_name = "model"
    fields = ("position", "stand_in")
    autocomplete_fields = ("stand_in",)
    extra = 0
    verbose_name = "model that stands in"
    verbose_name_plural = "models that stand in where this one can't answer, in order"


class PriceInline(TabularInline):
    """What the model cost, and from when on; written by itself when a price changes."""

    model = Price
    extra = 0
    can_delete = False
    fields = readonly_fields = ("since", "input_price", "output_price", "cached_price")

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:  # noqa: ARG002
        """Nobody writes history by hand."""
        return False


@admin.register(Model)
class ModelAdminPage(ModelAdmin):
    """Models: names, prices, order, visibility, limits, stand-ins. They come from the providers' lists."""

    list_display = (
        "name", "label", "provider", "input_price", "output_price", "position", "hidden", "available", "state"
    )  # fmt: skip
    inlines: ClassVar = [FallbackInline, PriceInline]
    actions = ("ask_again",)
    list_editable = ("label", "input_price", "output_price", "position", "hidden")
    list_filter = ("provider", "hidden", "available")
    list_select_related = ("provider",)
    list_per_page = 50
    search_fields = ("name", "label")
    fields = (
        "provider", "name", "label", "input_price", "output_price", "cached_price", "context", "position", "hidden",
        "continuation", "capabilities", "max_concurrent", "available", "state",
    )  # fmt: skip
    readonly_fields: ClassVar = ["available", "state"]

    def get_readonly_fields(self, request: HttpRequest, obj: Model | None = None) -> tuple[str, ...]:  # noqa: ARG002
        """A model's name is its identity at the provider; a new one may be written in for servers without a list."""
        return ("available", "state") if obj is None else ("available", "state", "provider", "name")

    @admin.display(description="State")
    def state(self, obj: Model) -> str:
        """What all nodes know against it just now."""
        return report.sentence(report.states().get(str(obj.pk)))

    @admin.action(description="Have the selected models asked again at once")
    def ask_again(self, request: HttpRequest, queryset: QuerySet[Model]) -> None:
        """Forget what is known against them."""
        done = report.forget([str(pk) for pk in queryset.values_list("pk", flat=True)])
        told = "They are asked again from now on." if done else "Redis is away just now: try it again in a moment."
        self.message_user(request, told, messages.SUCCESS if done else messages.ERROR)

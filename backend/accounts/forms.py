"""What people tell of themselves at sign-up beside address and password."""

from django import forms
from django.http import HttpRequest

from backend.accounts.models import User


class SignupForm(forms.Form):
    """An optional name."""

    name = forms.CharField(max_length=120, required=False)

    def signup(self, request: HttpRequest, user: User) -> None:  # noqa: ARG002
        """Keep the name. Called by allauth with the stored person."""
        if name := self.cleaned_data.get("name"):
            user.name = name
            user.save(update_fields=["name", "updated"])

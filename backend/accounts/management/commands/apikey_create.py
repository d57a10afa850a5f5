"""`./manage.py apikey_create EMAIL`: make an API key; the key stands alone on the last line."""

import json
from argparse import ArgumentParser
from datetime import timedelta
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from backend.accounts.models import User
from backend.accounts.permissions import SCOPES
from backend.accounts.services.keys import key_create
from backend.core.errors import AppError


class Command(BaseCommand):
    help = (
        "Make an API key for a person. It is shown now and never again: the last line is the key alone.\n\n"
        "Example: KEY=$(./manage.py apikey_create ada@example.org --scopes completions models:read | tail -1)\n"
        f"Scopes: {', '.join(sorted(SCOPES))}. Without --scopes the key may do all that its owner may."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("email", help="address of the key's owner")
        parser.add_argument("--scopes", nargs="+", metavar="SCOPE", help="what the key is limited to")
        parser.add_argument("--name", default="", help="name to tell keys apart by")
        parser.add_argument("--days", type=int, help="days until the key expires; default: never")
        parser.add_argument("--store-default", action="store_true", help="keep answers of /v1 that don't say `store`")
        parser.add_argument("--json", action="store_true", help="print one line of JSON")

    def handle(self, *_: Any, **options: Any) -> None:
        user = User.objects.filter(email=options["email"].strip().lower()).first()
        if user is None:
            raise CommandError(f"There is no person with the address {options['email']}.")
        scopes = options["scopes"]
        if scopes is not None:
            scopes = [scope for part in scopes for scope in part.split(",") if scope]
        expires = timezone.now() + timedelta(days=options["days"]) if options["days"] is not None else None
        try:
            row, value = key_create(
                user_id=user.pk,
                name=options["name"],
                scopes=scopes,
                expires=expires,
                store_default=options["store_default"],
            )
        except AppError as error:
            raise CommandError(error.message) from error
        if options["json"]:
            shown = {"id": str(row.pk), "email": user.email, "prefix": row.prefix, "scopes": row.scopes, "key": value}
            self.stdout.write(json.dumps(shown))
            return
        allowed = ", ".join(row.scopes) if row.scopes is not None else "everything that its owner may"
        self.stdout.write(f"Made a key for {user.email}: {allowed}. It is shown only now:")
        self.stdout.write(value)

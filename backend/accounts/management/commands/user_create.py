"""`./manage.py user_create EMAIL --password P`: make a person."""

import json
import sys
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from backend.accounts.models import Role
from backend.accounts.services.people import user_create
from backend.core.errors import AppError


class Command(BaseCommand):
    help = (
        "Make a person who can sign in.\n\n"
        "Example: ./manage.py user_create ada@example.org --password 'correct horse' --role admin --verified\n"
        "With --password - the password is read from standard input, so that it is in no process list."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("email", help="address that the person signs in with")
        parser.add_argument("--password", required=True, help="their password, or - to read it from standard input")
        parser.add_argument("--role", choices=Role.values, default=Role.MEMBER.value, help="default: member")
        parser.add_argument("--name", default="", help="name to show")
        parser.add_argument("--verified", action="store_true", help="count the address as verified")
        parser.add_argument("--json", action="store_true", help="print one line of JSON")

    def handle(self, *_: Any, **options: Any) -> None:
        password = sys.stdin.readline().rstrip("\n") if options["password"] == "-" else options["password"]  # noqa: S105
        try:
            user = user_create(
                email=options["email"],
                password=password,
                name=options["name"],
                role=options["role"],
                verified=options["verified"],
            )
        except AppError as error:
            raise CommandError(error.message) from error
        if options["json"]:
            self.stdout.write(json.dumps({"id": str(user.pk), "email": user.email, "role": user.role}))
        else:
            self.stdout.write(f"Made {user.email} ({user.role}).")

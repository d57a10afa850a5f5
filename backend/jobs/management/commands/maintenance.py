"""`./manage.py maintenance`: what the site does for itself once a day, now and here; `--dry-run` only says what."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from backend.core.errors import BadRequest
from backend.jobs.upkeep import STEPS, step_of


class Command(BaseCommand):
    help = "Forget what is old, remove what nothing names any more, and roll up. A worker does the same once a day."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("steps", nargs="*", metavar="step", help=f"Only these: {', '.join(STEPS)}.")
        parser.add_argument("--dry-run", action="store_true", help="Change nothing; say what would be done.")

    def handle(self, *_: Any, **options: Any) -> None:
        try:
            steps = [step_of(name) for name in options["steps"]] or list(STEPS.values())
        except BadRequest as error:
            raise CommandError(error.message) from error
        for step in steps:
            self.stdout.write(f"{step.name}: {step.run(dry=options['dry_run']).text}")

"""`./manage.py usage_reconcile`: look over the ledger, the budgets and the roll-ups; exit status 1 for a problem."""

import json
from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from backend.usage import books, rollup


class Command(BaseCommand):
    help = "Compare budgets, roll-ups and answers with the ledger of calls. Ends with 1 when something does not add up."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--json", action="store_true", help="Print the result as JSON.")

    def handle(self, *_: Any, **options: Any) -> None:
        rollup.days_roll()
        found = books.reconcile()
        told = {"calls": found.calls, "open": found.open_calls, "lost": found.lost, "problems": found.problems}
        if options["json"]:
            self.stdout.write(json.dumps(told))
        else:
            self.stdout.write(f"{found.calls} calls, {found.open_calls} under way, {found.lost} given up as lost now.")
            for problem in found.problems:
                self.stdout.write(f"- {problem}")
            self.stdout.write("Something did not add up." if found.problems else "All of it adds up.")
        if found.problems:
            raise SystemExit(1)

"""`./manage.py doctor`: look at settings, database, Redis, migrations, page and providers, and say what to do."""

import asyncio
import json
import sys
from argparse import ArgumentParser
from dataclasses import asdict
from typing import Any

from django.core.management.base import BaseCommand

from backend.core.checkup import Finding
from backend.core.db import close_pool
from backend.core.redis import close_client
from backend.ops.doctor import examine

_MARKS = {"ok": "ok     ", "warning": "warning", "failed": "FAILED "}


class Command(BaseCommand):
    help = (
        "Look at the settings, PostgreSQL, Redis, migrations, the page and the providers, and say what to do about "
        "what is not right. Ends with status 1 when something failed."
    )
    requires_system_checks = ()

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--json", action="store_true", help="print one line of JSON")

    def handle(self, *_: Any, **options: Any) -> None:
        found = asyncio.run(_examine())
        failed = any(finding.outcome == "failed" for finding in found)
        if options["json"]:
            self.stdout.write(json.dumps({"ok": not failed, "findings": [asdict(finding) for finding in found]}))
        else:
            for finding in found:
                self.stdout.write(f"{_MARKS[finding.outcome]} {finding.name}: {finding.detail}")
                if finding.advice:
                    self.stdout.write(f"        {finding.advice}")
        if failed:
            sys.exit(1)


async def _examine() -> list[Finding]:
    try:
        return await examine()
    finally:
        await close_pool()
        await close_client()

"""`./manage.py doctor`: look at the installation, with `--url` at the way to a site, and say what to do."""

import asyncio
import json
import sys
from argparse import ArgumentParser
from dataclasses import asdict
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from backend.core.checkup import Finding
from backend.core.db import close_pool
from backend.core.redis import close_client
from backend.ops.connection import report
from backend.ops.connection.engine import examine as examine_connection
from backend.ops.connection.rules import PROXIES
from backend.ops.doctor import examine

_MARKS = {"ok": "ok     ", "warning": "warning", "failed": "FAILED "}
_MOST_IDLE = 120.0


class Command(BaseCommand):
    help = (
        "Look at the settings, PostgreSQL, Redis, migrations, the page and the providers, and say what to do about "
        "what is not right. With --url, test the way to a site as well, through whatever proxies are between: "
        "WebSocket, buffering, time-outs, forwarded headers, sizes; and name the line that the proxy lacks. "
        "Ends with status 1 when something failed."
    )
    requires_system_checks = ()

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--json", action="store_true", help="print one line of JSON")
        parser.add_argument(
            "--url", help="test the connection to the site at this address, such as https://chat.example.org"
        )
        parser.add_argument("--key", help="an API key, for the tests that need one; - reads it from standard input")
        parser.add_argument(
            "--idle", type=float, metavar="SECONDS", help="also stay silent for so long, without pings, up to 120"
        )
        parser.add_argument(
            "--proxy", choices=[name for name in PROXIES if name != "rivulet"], help="advice for this one"
        )
        parser.add_argument(
            "--no-local", action="store_true", help="leave the installation out, test only the connection"
        )
        parser.add_argument(
            "--insecure", action="store_true", help="send the key even where the certificate does not hold"
        )

    def handle(self, *_: Any, **options: Any) -> None:
        if options["no_local"] and not options["url"]:
            raise CommandError("--no-local leaves nothing to look at without --url.")
        if options["idle"] is not None and not 1 <= options["idle"] <= _MOST_IDLE:
            raise CommandError(f"--idle is a number of seconds from 1 to {_MOST_IDLE:g}.")
        found, results = asyncio.run(self._examine(options))
        failed = any(finding.outcome == "failed" for finding in found)
        failed = failed or any(result.outcome == "failed" for result in results)
        if options["json"]:
            said: dict[str, Any] = {"ok": not failed, "findings": [asdict(finding) for finding in found]}
            if options["url"]:
                said["connection"] = [report.as_json(result) for result in results]
            self.stdout.write(json.dumps(said))
        if failed:
            sys.exit(1)

    async def _examine(self, options: dict[str, Any]) -> tuple[list[Finding], list[report.Result]]:
        found = [] if options["no_local"] else await _local()
        quiet = options["json"]
        if not quiet:
            for finding in found:
                self.stdout.write(f"{_MARKS[finding.outcome]} {finding.name}: {finding.detail}")
                if finding.advice:
                    self.stdout.write(f"        {finding.advice}")
        results: list[report.Result] = []
        if options["url"]:
            key = sys.stdin.readline().strip() if options["key"] == "-" else options["key"]
            tests = examine_connection(
                options["url"], key=key or None, insecure=options["insecure"], idle=options["idle"]
            )
            try:
                async for result in tests:
                    results.append(result)
                    if not quiet:
                        for line in report.as_text(result, proxy=options["proxy"]):
                            self.stdout.write(line)
                        self.stdout.flush()
            except ValueError as error:
                raise CommandError(str(error)) from error
        return found, results


async def _local() -> list[Finding]:
    try:
        return await examine()
    finally:
        await close_pool()
        await close_client()

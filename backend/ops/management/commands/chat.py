"""`./manage.py chat`: a chat in the terminal, with any Rivulet, by an API key."""

import asyncio
import getpass
import logging
import os
import sys
from argparse import ArgumentParser, RawDescriptionHelpFormatter
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from rivulet_client.terminal import Terminal


class Command(BaseCommand):
    help = """\
Chat with a Rivulet from the terminal. Answers stream to standard output, everything else goes to standard error.

  ./manage.py chat                                     talk, until Ctrl-D
  ./manage.py chat "How do I resume a stream?"         one question
  cat error.log | ./manage.py chat "What is wrong?"    what is piped in stands behind the question
  ./manage.py chat --json "Say hello" | jq -r .text    one line of JSON, with the ids and the usage

Ctrl-C stops the answer, a second one leaves. A connection that breaks comes back by itself, and the answer goes on.
Exit status: 0 done, 1 failed or incomplete, 2 not let in, 130 stopped by Ctrl-C.
"""
    requires_system_checks = ()

    def create_parser(self, prog_name: str, subcommand: str, **kwargs: Any) -> Any:
        """Keep the lines of the help as they are."""
        return super().create_parser(prog_name, subcommand, formatter_class=RawDescriptionHelpFormatter, **kwargs)

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("prompt", nargs="?", help="one question; without it, talk")
        parser.add_argument("--url", help="address of the site; default: RIVULET_URL, else the one on this machine")
        parser.add_argument("--key", help="API key; default: RIVULET_KEY, else you are asked for it")
        parser.add_argument("--model", help="model to ask; default: the site's own default")
        parser.add_argument("--conversation", metavar="ID", help="go on with this conversation; default: a new one")
        parser.add_argument("--json", action="store_true", help="print one line of JSON for each answer")

    def handle(self, *_: Any, **options: Any) -> None:
        logging.getLogger("httpx").setLevel(logging.WARNING)
        environment = settings.RIVULET
        typing = sys.stdin.isatty()
        key = options["key"] or environment.rivulet_key or (getpass.getpass("API key: ") if typing else "")
        if not key:
            raise CommandError("Give an API key with --key or RIVULET_KEY; ./manage.py apikey_create makes one.")
        prompt = options["prompt"]
        if not typing:
            piped = sys.stdin.read().strip()
            prompt = "\n\n".join(part for part in (prompt, piped) if part)
            if not prompt:
                raise CommandError("There is no question: give one as an argument, or pipe it in.")
        terminal = Terminal(
            url=options["url"] or environment.rivulet_url or f"http://127.0.0.1:{environment.port}",
            token=key,
            out=sys.stdout,
            err=sys.stderr,
            model=options["model"],
            conversation=options["conversation"],
            as_json=options["json"],
            lines=sys.stdin.fileno() if typing else None,
        )
        try:
            status = asyncio.run(terminal.run(prompt))
        except BrokenPipeError:
            # Whoever read has enough: `… | head`. What is left in the buffer has nowhere to go.
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            sys.exit(141)
        if status:
            sys.exit(status)

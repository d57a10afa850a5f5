"""Run every check against a site, and print the table. Exit status 1 when a promise is broken."""

import argparse
import asyncio
import json
import sys
from dataclasses import asdict

import httpx

from rivulet_client.conformance import connecting, framing, rest, sends, topics, transports
from rivulet_client.conformance.promise import PROMISES, Line, Promise, judged
from rivulet_client.conformance.site import LONG, Site

FILES = (connecting, framing, topics, transports, sends, rest)
"""They put their promises into the list."""

AT_ONCE = 4

_MARKS = {"pass": "ok  ", "fail": "FAIL", "skip": "skip"}


async def run(site: Site, *, only: str = "") -> list[Line]:
    """All promises, or those whose section or text holds `only`; by section."""
    chosen = sorted(
        (one for one in PROMISES if only in f"{one.section} {one.text}"), key=lambda one: int(one.section[1:])
    )
    room = asyncio.Semaphore(AT_ONCE)

    async def in_turn(one: Promise) -> Line:
        async with room:
            return await judged(one, site)

    try:
        waiting = [
            asyncio.create_task(judged(one, site) if one.slow else in_turn(one)) for one in chosen if not one.last
        ]
        lines = {line.promise: line for line in await asyncio.gather(*waiting)}
        for one in chosen:
            if one.last:
                lines[one.text] = await judged(one, site)
    finally:
        await site.close()
    return [lines[one.text] for one in chosen]


def table(lines: list[Line]) -> str:
    """For people: broken promises with what was seen instead, skipped ones with the reason."""
    rows = []
    for line in lines:
        rows.append(f"{_MARKS[line.outcome]} {line.section:<4} {line.promise}")
        if line.detail:
            rows.append(f"          {line.detail}")
    count = {outcome: sum(line.outcome == outcome for line in lines) for outcome in _MARKS}
    rows.append(f"\n{count['pass']} kept, {count['fail']} broken, {count['skip']} not to be seen from here")
    return "\n".join(rows)


def parser() -> argparse.ArgumentParser:
    """The command line."""
    made = argparse.ArgumentParser(
        prog="python -m rivulet_client.conformance",
        description="Ask a server, in raw frames, whether it keeps the promises of Rivulet's realtime protocol. "
        "It makes some conversations and asks the model about twenty times; use an account for tests. "
        "Takes about 75 seconds, most of them waiting for what a server does after a minute.",
    )
    made.add_argument("--url", required=True, help="address of the site, such as https://chat.example.org")
    made.add_argument("--key", required=True, help="API key of a person; '-' reads it from standard input")
    made.add_argument("--other-key", help="API key of another person, for what only two can see")
    made.add_argument("--model", help="model to ask; default: the site's own default")
    made.add_argument("--prompt", default=LONG, help="question with a long answer; default: %(default)r")
    made.add_argument("--only", default="", metavar="TEXT", help="only promises whose section or text holds this")
    made.add_argument("--limits-off", action="store_true", help="the server runs with LIMITS=off")
    made.add_argument("--json", action="store_true", help="print one line of JSON")
    return made


def main() -> None:
    """The command."""
    given = parser().parse_args()
    key = sys.stdin.readline().strip() if given.key == "-" else given.key

    async def all_of_it() -> list[Line]:
        site = Site(given.url, key, given.other_key, given.model, given.prompt, limits=not given.limits_off)
        try:
            await site.request("GET", "/health/live", key=None)
        except httpx.TransportError as error:
            await site.close()
            sys.exit(f"{given.url} can't be reached, so nothing was asked: {str(error) or type(error).__name__}")
        return await run(site, only=given.only)

    lines = asyncio.run(all_of_it())
    broken = any(line.outcome == "fail" for line in lines)
    print(json.dumps({"ok": not broken, "lines": [asdict(line) for line in lines]}) if given.json else table(lines))
    sys.exit(1 if broken or not lines else 0)


if __name__ == "__main__":
    main()

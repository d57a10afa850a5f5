"""docs/proxies.md from the doctor's rules: `python -m backend.ops.connection.document` prints it."""

import sys

from backend.ops.connection.rules import PROXIES, rules

HEAD = """\
# Proxies

Written by `make schemas` from the rules of the connection doctor: the page and the command name these very lines.

## How do I find out what my proxy gets wrong?

Open `/doctor` on the site, from the network that has the trouble, or run

```bash
./manage.py doctor --url https://chat.example.org --key rvk_…
```

Both test, through whatever is between, the WebSocket and its subprotocol, sign-in, forwarded headers, buffering and
compression of events, round trips, large requests, quiet connections and long polls, and name the line that is missing.
Without `--key` the command tests what strangers may see. `--key -` reads the key from standard input, `--idle 75` stays
silent for 75 s as well, `--proxy nginx` prints the advice for one proxy, `--no-local` leaves the installation out,
`--json` prints one line. The exit status is 1 when something failed. The key is not sent where the certificate does
not hold, unless `--insecure` says so.

What they measure against are `/api/v1/doctor/…` ([the API's document](openapi.json)) and `/ws/v1/doctor/`, a socket
that echoes short texts and sends no pings. Both are for signed-in people, last 130 s at most, and are limited in
number; a stranger learns no more than the scheme and host of the own request.

## What must a proxy do?

Pass WebSocket upgrades on `/ws/`, with `Sec-WebSocket-Protocol`; speak HTTP/1.1 to Rivulet; pass the host name, and say
by `X-Forwarded-For` and `X-Forwarded-Proto` who is calling and how; pass answers on as they come, uncompressed where
they are events; let quiet connections live for 90 s; take bodies of 8 MiB. The proxy's address must be in
`TRUSTED_PROXIES`. [The template of nginx](../deploy/nginx/nginx.conf.template) does all of it.

## Which line mends what?
"""


def page() -> str:
    """The whole page."""
    parts = [HEAD]
    for symptom in rules().symptoms.values():
        if not symptom.lines:
            continue
        parts.append(f"\n### {symptom.code}\n\n{symptom.sentences['en']}\n")
        parts += [f"\n{PROXIES[name]}:\n\n```\n{lines}\n```\n" for name, lines in symptom.lines.items()]
    return "".join(parts)


if __name__ == "__main__":
    sys.stdout.write(page())

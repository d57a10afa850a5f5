"""`make bench`: start the product against the scripted upstream, put load on it, print a table.

Figures are for the machine at hand; compare within one run. Accounts, PostgreSQL, the log with its fsync policy and
checkpoints are on the path; limits and titles are off, since one person sends everything. `PARTS=steady,fast` runs
some of its parts only.
"""

import argparse
import json
import resource
import sys
import time

import uvloop

from tests.load import parts
from tests.load.parts import Bench, Load
from tests.load.site import empty_home, site_on
from tests.load.table import Row, print_table
from tests.support.upstream import Upstream


def run(*, short: bool, chosen: list[str]) -> list[Row]:
    """Start everything, twice (the first start fills the home), and measure the second."""
    raise_file_limit()
    rows: list[Row] = []
    with empty_home() as home, Upstream() as provider:
        with site_on(home, provider):
            pass
        for name in chosen:
            part = parts.PARTS[name]
            began = time.monotonic()
            with site_on(home, provider, **part.settings) as site:
                bench = Bench(site, provider, home, Load.of(short=short), ready_s=site.ready_at - began)
                if part.pinned:
                    bench.pin()
                measured = uvloop.run(part.measure(bench))
            for row in measured:
                print("…", *row, sep="  ", file=sys.stderr, flush=True)
            rows += measured
    return rows


def raise_file_limit() -> None:
    """Thousands of sockets are files; what starts from here inherits it."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--short", action="store_true", help="a tenth of the load, for a quick look")
    parser.add_argument("--json", action="store_true", help="print rows as JSON")
    parser.add_argument("--parts", default=",".join(parts.PARTS), help=f"of {', '.join(parts.PARTS)}")
    arguments = parser.parse_args()
    chosen = [name.strip() for name in arguments.parts.split(",") if name.strip()]
    if unknown := [name for name in chosen if name not in parts.PARTS]:
        parser.error(f"no such part: {', '.join(unknown)}; there are {', '.join(parts.PARTS)}")
    rows = run(short=arguments.short, chosen=chosen)
    if arguments.json:
        print(json.dumps(rows, ensure_ascii=False, indent=1))
    else:
        print_table(rows)


if __name__ == "__main__":
    main()

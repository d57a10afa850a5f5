"""`python -m realtime.server module:application --port 8000`: serve any ASGI application."""

import argparse
import importlib
import json
import logging
import sys
from typing import Any

from realtime.server.serve import serve
from realtime.server.settings import Access, ServerSettings


def main() -> int:
    """Parse the command line and serve; returns the exit code."""
    parser = argparse.ArgumentParser(prog="python -m realtime.server", description="Serve an ASGI application.")
    parser.add_argument("application", help="module:attribute")
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=8000, help="0: any free port")
    parser.add_argument("--fd", type=int, help="a listening socket that was inherited")
    parser.add_argument("--unix", help="path of a Unix socket")
    parser.add_argument("--settings", type=json.loads, default={}, help="ServerSettings as JSON")
    parser.add_argument("--access-log", action="store_true")
    arguments = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(levelname)s %(name)s %(message)s")
    module, _, attribute = arguments.application.partition(":")
    application: Any = getattr(importlib.import_module(module), attribute)
    log = logging.getLogger("access")

    def access(entry: Access) -> None:
        log.info("%s", entry)

    settings = ServerSettings(**arguments.settings, access_log=access if arguments.access_log else None)
    return serve(
        application,
        host=arguments.host,
        port=arguments.port,
        fd=arguments.fd,
        unix=arguments.unix,
        settings=settings,
        on_ready=lambda address: print(f"ready {address}", flush=True),  # noqa: T201
    )


if __name__ == "__main__":
    sys.exit(main())

"""One web node: `python -m backend.config.serve` listens on HOST and PORT, or where its options say."""

import argparse
import sys

from backend.config.environment import environment
from realtime.server.serve import serve
from realtime.server.settings import ServerSettings

STALL_SECONDS = 60.0
"""Without progress in writing, after which a response is cut."""

STOP_SECONDS = 20.0
"""From SIGTERM to the end, beside the time that sockets have to move on."""


def main() -> int:
    """Serve until SIGTERM or SIGINT; returns the exit code."""
    settings = environment()
    parser = argparse.ArgumentParser(description="Serve one web node.")
    parser.add_argument("--host", default=settings.host, help="address to listen on; default: HOST")
    parser.add_argument("--port", type=int, default=settings.port, help="port to listen on; default: PORT")
    where = parser.parse_args()
    from backend.config.asgi import application
    from backend.config.refusals import log_refusal, render_refusal
    from backend.config.settings import MAX_BODY_BYTES, MAX_IMPORT_BYTES
    from backend.jobs.uploads import PATH, room

    limits = ServerSettings(
        max_body=MAX_BODY_BYTES,
        max_body_by_path={PATH: room(MAX_IMPORT_BYTES)},
        stall_timeout=STALL_SECONDS * settings.time_scale,
        shutdown_timeout=STOP_SECONDS + settings.drain_seconds,
        render=render_refusal,
        on_refusal=log_refusal,
    )
    return serve(application, host=where.host, port=where.port, settings=limits)


if __name__ == "__main__":
    sys.exit(main())

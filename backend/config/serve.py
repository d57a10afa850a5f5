"""One web node: `python -m backend.config.serve --node 1` listens on HOST and PORT (node N on PORT + N - 1)."""

import argparse
import sys

from backend.config.environment import environment
from realtime.server.serve import serve
from realtime.server.settings import ServerSettings


def main() -> int:
    """Serve until SIGTERM or SIGINT; returns the exit code."""
    parser = argparse.ArgumentParser(description="Serve one web node on HOST and PORT + NODE - 1.")
    parser.add_argument("--node", type=int, default=1, help="number of the node, from 1")
    node: int = parser.parse_args().node
    settings = environment()
    from backend.config.asgi import application
    from backend.config.settings import MAX_BODY_BYTES

    limits = ServerSettings(max_body=MAX_BODY_BYTES)
    return serve(application, host=settings.host, port=settings.port + node - 1, settings=limits)


if __name__ == "__main__":
    sys.exit(main())

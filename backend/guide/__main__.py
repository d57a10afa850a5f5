"""`python -m backend.guide`: serve until SIGTERM or Ctrl-C."""

import argparse
import asyncio
import signal
import sys
from pathlib import Path

from backend.guide.library import Library
from backend.guide.server import MAX_HEAD, GuideServer

ROOT = Path(__file__).resolve().parents[2]


async def serve(options: argparse.Namespace) -> None:
    """Listen, say where, and stop when told to."""
    guide = GuideServer(Library.load(options.root), rate=options.rate, delay=options.delay)
    if options.unix:
        server = await asyncio.start_unix_server(guide.handle, options.unix, limit=MAX_HEAD)
        where = f"unix:{options.unix}"
    else:
        server = await asyncio.start_server(guide.handle, options.host, options.port, limit=MAX_HEAD)
        where = "http://{}:{}/v1".format(*server.sockets[0].getsockname()[:2])
    over = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, over.set)
    sys.stdout.write(f"guide {where}\n")
    sys.stdout.flush()
    await over.wait()
    server.close()


def main() -> None:
    """Read the command line and serve."""
    parser = argparse.ArgumentParser(
        prog="python -m backend.guide", description="Serve the built-in model rivulet-guide."
    )
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=0, help="0: any free one; the address is printed")
    parser.add_argument("--unix", help="listen at this socket's path instead")
    parser.add_argument("--root", type=Path, default=ROOT, help="folder with docs/ and README.md")
    parser.add_argument("--rate", type=float, default=80.0, help="tokens a second; 0: as fast as they are taken")
    parser.add_argument("--delay", type=float, default=0.15, help="seconds before the first token")
    asyncio.run(serve(parser.parse_args()))


if __name__ == "__main__":
    main()

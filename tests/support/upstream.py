"""The scripted upstream (`tests/load/upstream.py`) as a process of its own, which can go away and come back."""

import http.client
import json
import subprocess
import sys
from pathlib import Path
from typing import Any, Self

from tests.support.product import free_port, wait_until

PROGRAM = Path(__file__).resolve().parents[1] / "load" / "upstream.py"


class Upstream:
    """One provider at one address."""

    def __init__(self) -> None:
        self.port = free_port()
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        """Its base URL, as a setting takes it."""
        return f"http://127.0.0.1:{self.port}/v1"

    @property
    def pid(self) -> int:
        """Its process."""
        if self._process is None:
            raise RuntimeError("it was not started")
        return self._process.pid

    def start(self) -> Self:
        """Have it listen."""
        command = [sys.executable, str(PROGRAM), "--port", str(self.port)]
        self._process = subprocess.Popen(
            command, cwd="/", stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, start_new_session=True
        )
        wait_until(self._answers, "the scripted upstream answers")
        return self

    def stop(self) -> None:
        """Have it gone, as a machine that is switched off."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None

    def stats(self) -> dict[str, Any]:
        """What it counted: requests, tokens, active, completed, aborted, continuations, and calls by their id."""
        found: dict[str, Any] = json.loads(self._get("/stats"))
        return found

    def calls(self, ident: str) -> int:
        """How often it was asked with `id=…`."""
        return int(self.stats()["calls"].get(ident, {"calls": 0})["calls"])

    def starts(self, ident: str) -> list[int]:
        """The first token that each of those calls asked for."""
        return list(self.stats()["calls"].get(ident, {"starts": []})["starts"])

    def _get(self, path: str) -> bytes:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=5)
        try:
            connection.request("GET", path)
            return connection.getresponse().read()
        finally:
            connection.close()

    def _answers(self) -> bool:
        try:
            return bool(self._get("/health"))
        except OSError:
            return False

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.stop()

"""Server processes with time-outs short enough to wait for, and what they say and cost."""

import asyncio
import json
import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from pathlib import Path

import pytest

from tests.integration.realtime_server.client import Raw

ROOT = Path(__file__).parents[3]

WITHOUT_UVLOOP = """
import runpy, sys
sys.modules["uvloop"] = None
runpy.run_module("realtime.server", run_name="__main__", alter_sys=True)
"""

SHORT = {
    "header_timeout": 1,
    "body_timeout": 1,
    "message_timeout": 1,
    "accept_timeout": 1,
    "close_timeout": 2,
    "stall_timeout": 2,
    "websocket_stall_timeout": 2,
    "keep_alive_timeout": 2,
    "application_close_timeout": 1,
    "shutdown_timeout": 5,
}


class Running:
    """A server process of `app.application`."""

    def __init__(
        self, *arguments: str, settings: dict[str, object], pass_fds: Sequence[int] = (), without_uvloop: bool = False
    ) -> None:
        command = [
            sys.executable,
            "-X",
            "dev",
            *(["-c", WITHOUT_UVLOOP] if without_uvloop else ["-m", "realtime.server"]),
        ]
        command += ["tests.integration.realtime_server.app:application", "--port=0", "--access-log"]
        command += [f"--settings={json.dumps(settings)}", *arguments]
        self.process = subprocess.Popen(
            command, cwd=ROOT, pass_fds=pass_fds, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        )
        self.lines: list[str] = []
        self._listener = threading.Thread(target=self._listen, daemon=True)
        self._listener.start()
        address = self._wait_for_start()
        self.port = int(address.rpartition(":")[2]) if "http" in address else 0

    def _listen(self) -> None:
        assert self.process.stdout
        for line in self.process.stdout:
            self.lines.append(line.rstrip())

    def _wait_for_start(self) -> str:
        for _ in range(3000):
            for line in list(self.lines):
                if line.startswith("ready "):
                    return line
            time.sleep(0.01)
        raise AssertionError(self.lines)

    def forget(self) -> None:
        """From here on, `lines` and `says` know only what comes."""
        self.lines.clear()

    async def says(self, text: str, *, within: float = 10) -> str:
        """Wait for a line that contains `text`."""
        async with asyncio.timeout(within):
            while True:
                for line in list(self.lines):
                    if text in line:
                        return line
                await asyncio.sleep(0.01)

    def memory(self) -> int:
        """Resident bytes now; `growth` counts from here."""
        Path(f"/proc/{self.process.pid}/clear_refs").write_text("5")
        self._baseline = self._status("VmRSS")
        return self._baseline

    def growth(self) -> int:
        """By how many bytes memory was larger, at its largest, since `memory`."""
        return self._status("VmHWM") - self._baseline

    def _status(self, name: str) -> int:
        found = re.search(rf"{name}:\s+(\d+)", Path(f"/proc/{self.process.pid}/status").read_text())
        assert found
        return int(found[1]) * 1024

    def terminate(self) -> None:
        self.process.send_signal(signal.SIGTERM)

    async def exit_code(self, *, within: float = 10) -> int:
        async with asyncio.timeout(within):
            await asyncio.to_thread(self.process.wait)
        self._listener.join()
        return self.process.returncode

    def stop(self) -> None:
        self.process.kill()
        self.process.wait()
        self._listener.join()
        assert self.process.stdout
        self.process.stdout.close()


Start = Callable[..., Running]


@pytest.fixture
def start() -> Iterator[Start]:
    """`start(**settings)`: a process of its own on a free port, with the defaults otherwise."""
    running: list[Running] = []

    def start(
        *arguments: str, pass_fds: Sequence[int] = (), without_uvloop: bool = False, **settings: object
    ) -> Running:
        running.append(Running(*arguments, settings=settings, pass_fds=pass_fds, without_uvloop=without_uvloop))
        return running[-1]

    yield start
    for server in running:
        server.stop()


@pytest.fixture
def own(start: Start) -> Running:
    """A process of its own with short time-outs."""
    return start(**SHORT)


@pytest.fixture(scope="module")
def shared() -> Iterator[Running]:
    server = Running(settings=dict(SHORT))
    yield server
    server.stop()


@pytest.fixture
def server(shared: Running) -> Running:
    """The module's process with short time-outs; it must survive every test."""
    shared.forget()
    return shared


@pytest.fixture(autouse=True)
async def no_connection_is_left() -> AsyncIterator[None]:
    yield
    while Raw.opened:
        await Raw.opened.pop().close()
    await asyncio.sleep(0)

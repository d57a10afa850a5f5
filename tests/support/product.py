"""The product as its users start it: the supervisor in a process of its own, in a home of its own."""

import contextlib
import os
import random
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Self

from backend.config.environment import ROOT, Environment

READY_WITHIN = 180.0
STOP_WITHIN = 60.0


def free_port() -> int:
    """A port that is free now, and that no outgoing connection takes before whoever is to listen there does."""
    return ports_in_a_row(1)


def ports_in_a_row(count: int) -> int:
    """The first of some free ports in a row, below those that the system gives to outgoing connections."""
    while True:
        first = random.SystemRandom().randrange(15_000, 32_000)
        held: list[socket.socket] = []
        try:
            held.extend(socket.create_server(("127.0.0.1", first + number)) for number in range(count))
        except OSError:
            continue
        else:
            return first
        finally:
            for one in held:
                one.close()


def wait_until(check: Callable[[], bool], what: str, *, within: float = 20.0) -> None:
    """Wait for a condition. Raises `AssertionError` with `what` when it does not come true."""
    until = time.monotonic() + within
    while not check():
        if time.monotonic() > until:
            raise AssertionError(f"{what}: not within {within:.0f} s")
        time.sleep(0.03)


class Product:
    """`python -m backend.supervisor`, with every setting given here and none inherited."""

    def __init__(self, home: Path, *, module: str = "backend.supervisor", **settings: str) -> None:
        """`module`: another that starts the product."""
        self.home = home
        self.module = module
        self.port = int(settings.get("PORT") or free_port())
        own = {name.upper() for name in Environment.model_fields}
        self.env = {name: value for name, value in os.environ.items() if name.upper() not in own}
        self.env |= {"RIVULET_ENV": "test", "RIVULET_HOME": str(home), "PORT": str(self.port), **settings}
        self.lines: list[str] = []
        self.ready_at = 0.0
        self._process: subprocess.Popen[str] | None = None
        self._reader: threading.Thread | None = None

    @property
    def url(self) -> str:
        """Where the page is."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def process(self) -> "subprocess.Popen[str]":
        """The supervisor."""
        if self._process is None:
            raise RuntimeError("it was not started")
        return self._process

    @property
    def output(self) -> str:
        """All that it printed so far."""
        return "\n".join(self.lines)

    def launch(self) -> Self:
        """Start without waiting."""
        self._process = subprocess.Popen(
            [sys.executable, "-m", self.module],
            cwd=ROOT,
            env=self.env,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )
        self._reader = threading.Thread(target=self._read, args=(self._process,), daemon=True)
        self._reader.start()
        return self

    def start(self) -> Self:
        """Start and wait until worker and beat have been started too, which comes after `ready`."""
        self.launch()
        ready = f"ready {self.url}"
        wait_until(lambda: ready in self.lines or not self.running, "the product is ready", within=READY_WITHIN)
        self.ready_at = time.monotonic()
        assert self.running, self.output
        wait_until(lambda: self.has_pid("beat"), "beat is started")
        return self

    @property
    def running(self) -> bool:
        """Whether the supervisor lives."""
        return self.process.poll() is None

    def has_pid(self, name: str) -> bool:
        """Whether the pid file of a child is there, and whole."""
        return self.running_pid(name) is not None

    def running_pid(self, name: str) -> int | None:
        """The pid of a child, from its file; None while there is none, between two lives of it."""
        try:
            told = (self.home / "run" / f"{name}.pid").read_text()
        except FileNotFoundError:
            return None
        return int(told) if told.endswith("\n") else None

    def pid(self, name: str) -> int:
        """The pid of a child that runs. Raises `AssertionError`."""
        found = self.running_pid(name)
        assert found is not None, f"{name} does not run"
        return found

    def again(self, name: str, before: int) -> bool:
        """Whether a child runs under another pid than before."""
        return self.running_pid(name) not in {None, before}

    def manage(self, *arguments: str, stdin: str = "") -> str:
        """Run a command of `manage.py` beside it and return what it printed. Raises with what it said."""
        command = [sys.executable, "manage.py", *arguments]
        ran = subprocess.run(
            command, cwd=ROOT, env=self.env, input=stdin, capture_output=True, text=True, timeout=300, check=False
        )
        if ran.returncode:
            raise RuntimeError(f"manage.py {arguments[0]} failed: {ran.stderr.strip()[-800:]}")
        return ran.stdout

    def stop(self, how: signal.Signals = signal.SIGTERM) -> int:
        """Stop as a user would, and return the exit status."""
        with contextlib.suppress(ProcessLookupError):
            self.process.send_signal(how)
        return self.wait()

    def wait(self) -> int:
        """Wait for its end and return the exit status."""
        status = self.process.wait(STOP_WITHIN)
        if self._reader is not None:
            self._reader.join(5)
        if self.process.stdout is not None:
            self.process.stdout.close()
        return status

    def _read(self, process: "subprocess.Popen[str]") -> None:
        if process.stdout is not None:
            for line in process.stdout:
                self.lines.append(line.rstrip("\n"))

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, *_: object) -> None:
        if self._process is not None and self.running:
            self.stop()

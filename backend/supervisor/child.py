"""One supervised process: started, watched, started again after a crash, stopped."""

import asyncio
import contextlib
import os
import signal
from collections import deque
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from backend.engines.process import Program, last_words, popen_options
from backend.supervisor.console import tell

LONGEST_LINE = 64 * 1024
FIRST_PAUSE = 0.5
LONGEST_PAUSE = 10.0
STEADY_AFTER = 10.0  # seconds of life after which the next start is at once


class StartFailed(Exception):
    """A step of the start failed; the message is for the person who started it."""


@dataclass(frozen=True, slots=True)
class Spec:
    """How to run one child. `probe` returns None once it is ready, else why it isn't; no probe: ready when it lives."""

    name: str
    command: list[str]
    stop_within: float = 10.0  # seconds
    stop_signal: signal.Signals = signal.SIGTERM
    env: Mapping[str, str] | None = None
    options: Mapping[str, Any] = field(default_factory=dict)  # more for Popen
    log: Path | None = None  # None: its lines are printed
    probe: Callable[[], Awaitable[str | None]] | None = None
    ready_within: float = 60.0
    clear: Callable[[], None] | None = None
    gone: Callable[[], None] | None = None  # after `stop`

    @classmethod
    def of_engine(cls, program: Program) -> "Spec":
        """An engine's program as a child."""

        async def probe() -> str | None:
            return await asyncio.to_thread(program.probe)

        return cls(
            name=program.name,
            command=program.command,
            stop_signal=program.stop_signal,
            stop_within=20.0,
            options=program.options(),
            log=program.log,
            probe=probe,
            ready_within=program.ready_within,
            clear=program.clear,
        )


class Child:
    """A process kept alive from `start` to `stop`. Its pid stands in `<run>/<name>.pid` while it lives."""

    def __init__(self, spec: Spec, *, run: Path) -> None:
        self.spec = spec
        self.pid_file = run / f"{spec.name}.pid"
        self._process: asyncio.subprocess.Process | None = None
        self._pump: asyncio.Task[None] | None = None
        self._keeper: asyncio.Task[None] | None = None
        self._last: deque[str] = deque(maxlen=5)

    async def start(self) -> None:
        """Start, wait until ready, and keep it alive from then on. Raises `StartFailed`."""
        await self._spawn()
        await self._until_ready()
        self._keeper = asyncio.create_task(self._keep(), name=f"keep {self.spec.name}")

    async def stop(self) -> None:
        """Ask it to stop; after its limit end its whole group."""
        if self._keeper is not None:
            self._keeper.cancel()
            await asyncio.gather(self._keeper, return_exceptions=True)
        process = self._process
        if process is None:
            return
        with contextlib.suppress(ProcessLookupError):
            process.send_signal(self.spec.stop_signal)
        try:
            await asyncio.wait_for(process.wait(), self.spec.stop_within)
        except TimeoutError:
            tell(self.spec.name, f"did not stop within {self.spec.stop_within:.0f} s and was ended")
        self._end_group(process.pid)
        await process.wait()
        await self._reap()
        if self.spec.gone is not None:
            self.spec.gone()

    def kill(self) -> None:
        """End it at once. `stop` is still to be called."""
        if self._keeper is not None:
            self._keeper.cancel()
        if self._process is not None:
            self._end_group(self._process.pid)

    async def _spawn(self) -> None:
        spec = self.spec
        if spec.clear is not None:
            await asyncio.to_thread(spec.clear)
        options = dict(spec.options) or popen_options(stop_signal=spec.stop_signal, env=spec.env)
        if spec.log is not None:
            with spec.log.open("ab") as log:
                process = await asyncio.create_subprocess_exec(*spec.command, stdout=log, stderr=log, **options)
        else:
            out, err = asyncio.subprocess.PIPE, asyncio.subprocess.STDOUT
            process = await asyncio.create_subprocess_exec(
                *spec.command, stdout=out, stderr=err, limit=LONGEST_LINE, **options
            )
            self._pump = asyncio.create_task(self._print(process), name=f"print {spec.name}")
        self._process = process
        self.pid_file.write_text(f"{process.pid}\n")

    async def _until_ready(self) -> None:
        process = self._process
        if self.spec.probe is None or process is None:
            return
        until = asyncio.get_running_loop().time() + self.spec.ready_within
        while (reason := await self.spec.probe()) is not None:
            if process.returncode is not None:
                await self._reap()
                raise StartFailed(f"{self.spec.name} stopped while starting: {self._words()}")
            if asyncio.get_running_loop().time() > until:
                raise StartFailed(f"{self.spec.name} was not ready within {self.spec.ready_within:.0f} s: {reason}")
            await asyncio.sleep(0.05)

    async def _keep(self) -> None:
        """Start it again whenever it ends: at once, but at growing pauses while it ends soon."""
        pause = 0.0
        loop = asyncio.get_running_loop()
        while self._process is not None:
            born = loop.time()
            status = await self._process.wait()
            self._end_group(self._process.pid)
            await self._reap()
            steady = loop.time() - born > STEADY_AFTER
            pause = 0.0 if steady else min(max(pause * 2, FIRST_PAUSE), LONGEST_PAUSE)
            when = f"in {pause:.1f} s" if pause else "at once"
            tell(self.spec.name, f"ended ({_how(status)}); it starts again {when}")
            await asyncio.sleep(pause)
            try:
                await self._spawn()
            except Exception as error:  # noqa: BLE001  # whatever hinders a restart may pass
                tell(self.spec.name, f"could not be started: {error}")

    async def _print(self, process: asyncio.subprocess.Process) -> None:
        if process.stdout is None:
            return
        while True:
            try:
                line = await process.stdout.readline()
            except ValueError:
                continue  # longer than the limit: the stream has dropped it
            if not line:
                return
            text = line.decode(errors="replace").rstrip()
            if text:
                self._last.append(text)
                tell(self.spec.name, text)

    async def _reap(self) -> None:
        """Read what the process still said; take its pid file away."""
        if self._pump is not None:
            await asyncio.wait([self._pump], timeout=1.0)
            self._pump.cancel()
            self._pump = None
        self.pid_file.unlink(missing_ok=True)

    def _words(self) -> str:
        if self.spec.log is not None:
            return last_words(self.spec.log)
        return self._last[-1] if self._last else "it said nothing"

    @staticmethod
    def _end_group(pid: int) -> None:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(pid, signal.SIGKILL)


def _how(status: int) -> str:
    if status < 0:
        with contextlib.suppress(ValueError):
            return f"by {signal.Signals(-status).name}"
    return f"exit status {status}"

"""Programs as processes: started in a group of their own, tied to their starter's life, stopped within a limit."""

import contextlib
import ctypes
import os
import pwd
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

PR_SET_PDEATHSIG = 1


@dataclass(frozen=True, slots=True)
class Program:
    """How to run one engine. `probe` returns None once it answers, else the reason why it doesn't yet."""

    name: str
    command: list[str]
    folder: Path
    log: Path
    user: pwd.struct_passwd | None
    stop_signal: signal.Signals
    probe: Callable[[], str | None]
    ready_within: float  # seconds
    clear: Callable[[], None]  # removes what a killed predecessor left, before each start

    def options(self) -> dict[str, Any]:
        """Arguments of `Popen` beside the command."""
        return popen_options(stop_signal=self.stop_signal, user=self.user) | {"cwd": self.folder}


def user_options(user: pwd.struct_passwd | None) -> dict[str, Any]:
    """Arguments of `run` and `Popen` that make it run under another user; none for one's own."""
    return {} if user is None else {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []}


def popen_options(
    *, stop_signal: signal.Signals, user: pwd.struct_passwd | None = None, env: Mapping[str, str] | None = None
) -> dict[str, Any]:
    """A group of its own; no stdin; where the kernel can, `stop_signal` when the starter dies, however it dies."""
    options: dict[str, Any] = {"stdin": subprocess.DEVNULL, "start_new_session": True} | user_options(user)
    if env is not None:
        options["env"] = dict(env)
    if sys.platform == "linux":
        libc = ctypes.CDLL(None, use_errno=True)
        parent = os.getpid()

        def tie() -> None:
            libc.prctl(PR_SET_PDEATHSIG, int(stop_signal))
            if os.getppid() != parent:
                os.kill(os.getpid(), stop_signal)

        options["preexec_fn"] = tie
    return options


def start(program: Program) -> subprocess.Popen[bytes]:
    """Start an engine and wait until it answers. Raises `TimeoutError` or `ChildProcessError` with its last words."""
    program.clear()
    with program.log.open("ab") as log:
        process = subprocess.Popen(program.command, stdout=log, stderr=log, **program.options())  # noqa: S603
    until = time.monotonic() + program.ready_within
    while (reason := program.probe()) is not None:
        if process.poll() is not None:
            raise ChildProcessError(f"{program.name} stopped while starting: {last_words(program.log)}")
        if time.monotonic() > until:
            stop(process, program.stop_signal)
            raise TimeoutError(f"{program.name} did not answer within {program.ready_within:.0f} s: {reason}")
        time.sleep(0.03)
    return process


def stop(process: subprocess.Popen[bytes], how: signal.Signals, *, within: float = 10.0) -> None:
    """Ask a process to stop, and end its whole group when it does not within the limit (seconds)."""
    with contextlib.suppress(ProcessLookupError):
        process.send_signal(how)
    with contextlib.suppress(subprocess.TimeoutExpired):
        process.wait(within)
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def is_alive(pid: int) -> bool:
    """Whether a process with this id exists (a zombie counts as gone where that can be seen)."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        pass
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return True


def command_of(pid: int) -> str:
    """The command line of a process, words joined by blanks; empty when it is gone or can't be seen."""
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace").strip()
    except OSError:
        pass
    with contextlib.suppress(OSError, subprocess.SubprocessError):
        told = subprocess.run(  # noqa: S603
            ["ps", "-o", "command=", "-p", str(pid)],  # noqa: S607
            capture_output=True,
            text=True,
            timeout=5,
            check=False,
        )
        return told.stdout.strip()
    return ""


def end_leftover(pid: int, how: signal.Signals, *, within: float = 10.0) -> None:
    """End a process that is not our child: ask, wait, then kill. Raises `TimeoutError` when it stays."""
    for which, seconds in ((how, within), (signal.SIGKILL, 5.0)):
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, which)
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            if not is_alive(pid):
                return
            time.sleep(0.05)
    raise TimeoutError(f"Process {pid} does not stop.")


def last_words(log: Path, *, lines: int = 1) -> str:
    """The last lines of a log that say something."""
    try:
        with log.open("rb") as file:
            file.seek(max(0, log.stat().st_size - 8192))
            told = [line.strip() for line in file.read().decode(errors="replace").splitlines() if line.strip()]
    except OSError:
        told = []
    return " / ".join(told[-lines:]) or "it said nothing"

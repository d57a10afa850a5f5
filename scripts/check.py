"""`make check`: every check, all of them even when one fails, and a summary. `--format` formats instead.

A check that needs a folder that is not there yet is left out. Each check is one entry in CHECKS; as many run side by
side as there are cores, and are told in the order in which they stand.
"""

import os
import subprocess
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import audit
import generated
import rules
from shell import run, said

ROOT = Path(__file__).resolve().parents[1]
BIN = Path(sys.executable).parent
PACKAGES = ["realtime", "backend", "rivulet_client", "tests", "scripts", "manage.py"]

Check = Callable[[], list[str]]


def command(*words: str, folder: str = ".", needs: str = ".") -> Check:
    """A check that is a program: it passes with exit status 0, and a failure shows what it said."""

    def check() -> list[str]:
        if not (ROOT / needs).exists():
            return []
        ran = run(list(words), folder=folder)
        return [said(ran)] if ran.returncode else []

    return check


def tool(name: str, *words: str) -> Check:
    """A check that is a program of the virtual environment."""
    return command(str(BIN / name), *words)


def shell_files() -> list[str]:
    """Every shell script of the repository."""
    return [path for path in rules.tracked() if path.endswith(".sh") or path == ".ci/run"]


def npm(script: str) -> Check:
    """A script of the page's package, where it has one."""
    return command("npm", "run", "--silent", "--if-present", script, folder="frontend", needs="frontend/package.json")


CHECKS: dict[str, Check] = {
    "ruff": tool("ruff", "check", "."),
    "ruff format": tool("ruff", "format", "--check", "."),
    "mypy": tool("mypy", *PACKAGES),
    "import contracts": tool("lint-imports"),
    "bandit": tool(
        "bandit",
        "--quiet",
        "--recursive",
        "--configfile=pyproject.toml",
        "--severity-level=medium",
        "backend",
        "realtime",
        "rivulet_client",
    ),
    "shellcheck": tool("shellcheck", *shell_files()),
    "migrations": command(sys.executable, "manage.py", "makemigrations", "--check", "--dry-run"),
    "django": command(sys.executable, "manage.py", "check", "--fail-level", "WARNING"),
    "page: lint": npm("lint"),
    "page: format": npm("format:check"),
    "page: types": npm("typecheck"),
    "generated files": generated.differing,
    "lock files": rules.lock_files,
    "audit report": audit.report_problems,
    "secrets": rules.secrets,
    "one reader of the environment": rules.environment_readers,
    "length of files": rules.long_files,
    "registry hosts and machine paths": rules.hosts_and_paths,
}


def format_all() -> None:
    """Format what can be formatted."""
    subprocess.run([BIN / "ruff", "check", "--fix-only", "--quiet", "."], cwd=ROOT, check=True)
    subprocess.run([BIN / "ruff", "format", "."], cwd=ROOT, check=True)
    if (ROOT / "frontend" / "package.json").exists():
        subprocess.run(["npm", "run", "--silent", "--if-present", "format"], cwd=ROOT / "frontend", check=True)


def timed(check: Check) -> tuple[list[str], float]:
    """What a check finds, and the seconds that it took."""
    started = time.monotonic()
    return check(), time.monotonic() - started


def main() -> None:
    """Run every check and end with 1 when one failed."""
    if "--format" in sys.argv[1:]:
        format_all()
        return
    failed = []
    with ThreadPoolExecutor(os.cpu_count()) as cores:
        for name, (problems, seconds) in zip(CHECKS, cores.map(timed, CHECKS.values()), strict=True):
            print(f"{'FAIL' if problems else 'ok  '} {name} ({seconds:.1f} s)", flush=True)
            for problem in problems:
                print(problem, flush=True)
            if problems:
                failed.append(name)
    for note in audit.notes():
        print(f"\n{note}")
    if failed:
        print(f"\nFailed: {', '.join(failed)}.")
    print(f"\n{len(CHECKS) - len(failed)} passed, {len(failed)} failed")
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()

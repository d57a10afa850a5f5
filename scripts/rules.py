"""Rules of the house that no ready-made tool checks. Each returns what is wrong, a sentence each."""

import json
import re
import subprocess
import sys
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
LONGEST_FILE = 400
GENERATED = re.compile(r"(^|/)(migrations|generated)/|\.gen\.|\.d\.ts$")
READERS = {
    *(f"backend/config/{name}.py" for name in ("environment", "celery", "asgi", "protocol", "documents")),
    "manage.py",
}
ENVIRONMENT = re.compile(r"\bos\.(environ|getenv)\b|from os import .*\b(environ|getenv)\b")
HOSTS = re.compile(r"https?://[a-z0-9.-]*(p" + r"ypi|pythonhosted|npm" + r"js|yarnpkg)\.[a-z]+", re.IGNORECASE)
MACHINE = re.compile(r"(?<![\w.])/(root|home/[a-z]+|Users/[A-Za-z]+)/[\w.-]+/")


@cache
def tracked() -> list[str]:
    """Every file that git knows or would add."""
    told = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    return [path for path in dict.fromkeys(told.stdout.splitlines()) if (ROOT / path).is_file()]


def lock_files() -> list[str]:
    """Every locked package has a hash, and none says where it came from."""
    found = []
    for lock in sorted((ROOT / "requirements").glob("*.lock")):
        text = lock.read_text()
        entries = re.split(r"\n(?=\S)", text.strip())
        found += [f"{lock.name}: {one.splitlines()[0]} has no hash." for one in entries if "--hash=sha256:" not in one]
        if "://" in text or "--index-url" in text:
            found.append(f"{lock.name} names an address.")
    package_lock = ROOT / "frontend" / "package-lock.json"
    if package_lock.exists():
        packages = json.loads(package_lock.read_text()).get("packages", {})
        for name, entry in packages.items():
            if name and not entry.get("link") and "integrity" not in entry:
                found.append(f"package-lock.json: {name} has no integrity.")
            if "resolved" in entry and "://" in entry["resolved"]:
                found.append(f"package-lock.json: {name} names an address.")
    return found


def secrets() -> list[str]:
    """No secret stands in a file, by detect-secrets. `pragma: allowlist secret` ends a line that only looks so."""
    ran = subprocess.run(
        [
            Path(sys.executable).parent / "detect-secrets",
            "scan",
            "--exclude-files",
            r"(\.lock|package-lock\.json)$",
            "--disable-plugin",
            "HexHighEntropyString",
            "--disable-plugin",
            "Base64HighEntropyString",
            "--disable-plugin",
            "KeywordDetector",
        ],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    if ran.returncode != 0:
        return [f"detect-secrets failed: {ran.stderr.strip()}"]
    results = json.loads(ran.stdout)["results"]
    return [f"{path}:{one['line_number']} looks like: {one['type']}." for path, ones in results.items() for one in ones]


def environment_readers() -> list[str]:
    """Only the settings class reads the environment (entry points name Django's settings module)."""
    return [
        f"{path}:{number} reads the environment: add a field to backend/config/environment.py instead."
        for path in tracked()
        if path.endswith(".py") and path.startswith(("backend/", "realtime/", "manage.py")) and path not in READERS
        for number, line in enumerate((ROOT / path).read_text().splitlines(), 1)
        if ENVIRONMENT.search(line)
    ]


def long_files() -> list[str]:
    """A file is about one thing; past 400 lines it is about two."""
    found = []
    for path in tracked():
        if path.endswith((".py", ".ts", ".tsx")) and not GENERATED.search(path):
            lines = len((ROOT / path).read_bytes().splitlines())
            if lines > LONGEST_FILE:
                found.append(f"{path} has {lines} lines; {LONGEST_FILE} are the limit.")
    return found


def hosts_and_paths() -> list[str]:
    """No package registry's host and no path of somebody's machine stands in the repository."""
    found = []
    for path in tracked():
        try:
            text = (ROOT / path).read_text()
        except UnicodeDecodeError:
            continue
        for number, line in enumerate(text.splitlines(), 1):
            if HOSTS.search(line):
                found.append(f"{path}:{number} names a package registry's host.")
            if MACHINE.search(line):
                found.append(f"{path}:{number} names a path of somebody's machine.")
    return found

"""`make audit`: asks advisory services about every locked package, and keeps a dated report of what they said.

It fails when an advisory is known, and also when a service that answers leaves packages out: what was not looked at
was not shown to be sound. Where no service answers at all, the report says that. `make check` reads the report: it has
to be about the lock files as they are.
"""

import hashlib
import json
import sys
import tomllib
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from shell import ROOT, run

BIN = Path(sys.executable).parent
REPORT = "docs/audit-report.json"
PYTHON_LOCKS = [f"requirements/{name}.lock" for name in ("base", "dev", "embedded")]
PAGE_LOCK = "frontend/package-lock.json"
SERVICES = ["pypi", "osv"]
ANSWERED_NOTHING = "no advisory service answered"


@dataclass
class Result:
    """What is known of one lock file. `service` is None where none answered."""

    lock: str
    sha256: str
    service: str | None = None
    audited: int = 0
    left_out: list[str] = field(default_factory=list)
    findings: list[str] = field(default_factory=list)

    @property
    def sound(self) -> bool:
        """Nothing is known against a package, and none was left out by a service that answers."""
        return not self.findings and not self.left_out


def of_python(told: bytes) -> tuple[int, list[str], list[str]]:
    """How many packages pip-audit looked up, which it left out, and the advisories. ValueError: it said nothing."""
    found = json.loads(told)["dependencies"]
    left_out = [entry["name"] for entry in found if "skip_reason" in entry]
    findings = [
        f"{entry['name']} {entry['version']}: {one['id']}, fixed in {', '.join(one['fix_versions']) or 'no version'}"
        for entry in found
        for one in entry.get("vulns", [])
    ]
    return len(found) - len(left_out), left_out, findings


def of_page(told: bytes) -> tuple[int, list[str]]:
    """How many packages npm looked up, and the advisories. ValueError: its service did not answer."""
    answer = json.loads(told)
    if "metadata" not in answer:
        raise ValueError(str(answer.get("message") or answer.get("error") or ANSWERED_NOTHING))
    findings = [
        f"{name}: {cause['title']} ({cause['url']})"
        for name, entry in answer["vulnerabilities"].items()
        for cause in entry["via"]
        if isinstance(cause, dict)
    ]
    return answer["metadata"]["dependencies"]["total"], findings


def python(lock: str) -> Result:
    """Ask about a requirements lock; the first service that knows any of its packages is the one that answers."""
    result = Result(lock, digest(lock))
    for service in SERVICES:
        words = ["--disable-pip", "--require-hashes", "--progress-spinner=off", "--format=json", "--timeout=15"]
        ran = run([str(BIN / "pip-audit"), "-r", lock, f"--vulnerability-service={service}", *words])
        try:
            audited, left_out, findings = of_python(ran.stdout)
        except (ValueError, KeyError):
            continue
        if audited:
            return Result(lock, result.sha256, service, audited, left_out, findings)
    return result


def page() -> Result:
    """Ask about the page's lock."""
    result = Result(PAGE_LOCK, digest(PAGE_LOCK))
    ran = run(["npm", "audit", "--json", "--package-lock-only"], folder="frontend")
    try:
        result.audited, result.findings = of_page(ran.stdout)
        result.service = "npm"
    except (ValueError, KeyError):
        pass
    return result


def digest(path: str) -> str:
    """The SHA-256 of a file of the repository."""
    return hashlib.sha256((ROOT / path).read_bytes()).hexdigest()


def kept() -> dict[str, Any]:
    """The report as it is in the repository; empty when there is none."""
    path = ROOT / REPORT
    return json.loads(path.read_text()) if path.exists() else {}


def report_problems() -> list[str]:
    """For `make check`: what is wrong with the kept report."""
    report = kept()
    if not report:
        return [f"{REPORT} is missing: `make audit` writes it."]
    found = []
    told = {entry["lock"]: Result(**entry) for entry in report["results"]}
    for lock in (*PYTHON_LOCKS, PAGE_LOCK):
        if lock not in told or told[lock].sha256 != digest(lock):
            found.append(f"{REPORT} is not about {lock} as it is now: `make audit` asks again.")
        elif not told[lock].sound:
            found += [f"{lock}: {one}" for one in told[lock].findings]
            found += [f"{lock}: {name} was not audited." for name in told[lock].left_out]
    return found


def notes() -> list[str]:
    """What `make check` says beside its verdict: when no live audit was possible, and for what."""
    report = kept()
    blind = [entry["lock"] for entry in report.get("results", []) if entry["service"] is None]
    return (
        [f"No live audit of {', '.join(blind)} was possible on {report['date']}: {ANSWERED_NOTHING}."] if blind else []
    )


def main() -> None:
    """Ask, keep the report, and end with 1 unless every package is sound."""
    results = [*(python(lock) for lock in PYTHON_LOCKS), page()]
    version = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]
    report = {"date": f"{datetime.now(UTC):%Y-%m-%d}", "version": version, "results": [asdict(one) for one in results]}
    (ROOT / REPORT).write_text(json.dumps(report, indent=1) + "\n")
    for one in results:
        said = f"{one.audited} packages, by {one.service}" if one.service else ANSWERED_NOTHING
        verdict = "FAIL" if not one.sound else "ok  " if one.service else "none"
        print(f"{verdict} {one.lock}: {said}")
        for line in (*one.findings, *(f"{name} was not audited" for name in one.left_out)):
            print(f"     {line}")
    sys.exit(0 if all(one.sound for one in results) else 1)


if __name__ == "__main__":
    main()

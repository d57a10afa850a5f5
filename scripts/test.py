"""`make test`: the stages one after the other, all of them even when one fails; the slowest 20; a closing line.

Stages: page (vitest), unit (pytest), integration, faults (real processes that are killed) and e2e (a real browser).
Arguments name the stages; none means all. A skipped test fails the run: what was not run was not shown.

A worker of pytest has a database, a Redis, products and a browser of its own, and so has no other test to fear. Where
tests mostly wait there are more workers than cores.
"""

import os
import subprocess
import sys
import time
import xml.etree.ElementTree as ET
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
RESULTS = ROOT / "test-results"
SLOWEST = 20
# Even where nothing else is to write bytecode: hundreds of processes would compile all of the source again.
ENV = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
PYTEST = [sys.executable, "-m", "pytest"]


@dataclass(frozen=True)
class Stage:
    """One run of a test runner that writes a JUnit report."""

    name: str
    command: list[str]
    report: str
    folder: Path = ROOT
    needs: Path = ROOT


@dataclass
class Outcome:
    """What the reports say together."""

    passed: int = 0
    failed: int = 0
    skipped: int = 0
    times: list[tuple[float, str]] = field(default_factory=list)


def stages(names: list[str]) -> list[Stage]:
    """The stages asked for, those that have tests."""
    vitest = ["npx", "--no-install", "vitest", "run", "--reporter=default", "--reporter=junit"]
    frontend = ROOT / "frontend"
    everything = {
        "page": [
            Stage(
                "page",
                [*vitest, f"--outputFile.junit={RESULTS / 'page.xml'}"],
                "page.xml",
                folder=frontend,
                needs=frontend / "package.json",
            )
        ],
        "unit": [pytest_stage("unit", ["tests/unit", *workers(2)])],
        "integration": [pytest_stage("integration", ["tests/integration", *workers(3)])],
        "faults": [pytest_stage("faults", ["tests/faults", *workers(2, "worksteal")])],
        "e2e": [pytest_stage("e2e", ["tests/e2e", *workers(2)])],
    }
    unknown = [name for name in names if name not in everything]
    if unknown:
        sys.exit(f"There is no stage {', '.join(unknown)}; stages are {', '.join(everything)}.")
    chosen = [stage for name in names or everything for stage in everything[name]]
    return [stage for stage in chosen if stage.needs.exists()]


def workers(count: int, dist: str = "loadfile") -> list[str]:
    """So many processes beside each other, each with whole files unless told otherwise."""
    return ["-n", str(count), "--dist", dist]


def pytest_stage(name: str, arguments: list[str]) -> Stage:
    """A stage of pytest; it has tests when a file of its folder is named so."""
    has_tests = any((ROOT / arguments[0]).rglob("test_*.py"))
    report = f"{name}.xml"
    return Stage(
        name,
        [*PYTEST, *arguments, f"--junitxml={RESULTS / report}", "--durations=0", "--durations-min=9999", "-q"],
        report,
        needs=ROOT if has_tests else ROOT / "nothing",
    )


def main() -> None:
    """Run the stages and tell what came of them."""
    RESULTS.mkdir(exist_ok=True)
    outcome = Outcome()
    broken = []
    for stage in stages(sys.argv[1:]):
        print(f"── {stage.name}", flush=True)
        report = RESULTS / stage.report
        report.unlink(missing_ok=True)
        started = time.monotonic()
        ran = subprocess.run(stage.command, cwd=stage.folder, env=ENV, stdin=subprocess.DEVNULL, check=False)
        print(f"── {stage.name}: {time.monotonic() - started:.0f} s, exit status {ran.returncode}\n", flush=True)
        if not read(report, stage.name, outcome) or ran.returncode != 0:
            broken.append(stage.name)
    tell(outcome, broken)
    if broken or outcome.failed or outcome.skipped or not outcome.passed:
        sys.exit(1)


def read(report: Path, stage: str, outcome: Outcome) -> bool:
    """Add a JUnit report to the outcome; False when the runner wrote none."""
    try:
        cases = list(ET.parse(report).iter("testcase"))  # noqa: S314  # our own runners wrote it
    except (OSError, ET.ParseError):
        return False
    for case in cases:
        if case.find("failure") is not None or case.find("error") is not None:
            outcome.failed += 1
        elif case.find("skipped") is not None:
            outcome.skipped += 1
        else:
            outcome.passed += 1
        where = case.get("classname", "").removeprefix("tests.")
        outcome.times.append((float(case.get("time") or 0), f"{stage}: {where} {case.get('name')}"))
    return True


def tell(outcome: Outcome, broken: list[str]) -> None:
    """The slowest tests, what is wrong, and the closing line."""
    print(f"Slowest {SLOWEST}:")
    for seconds, name in sorted(outcome.times, reverse=True)[:SLOWEST]:
        print(f"{seconds:8.2f} s  {name}")
    if broken:
        print(f"\nStages that failed: {', '.join(broken)}.")
    if outcome.skipped:
        print("\nA skipped test fails the run.")
    print(f"\n{outcome.passed} passed, {outcome.failed} failed, {outcome.skipped} skipped", flush=True)


if __name__ == "__main__":
    main()

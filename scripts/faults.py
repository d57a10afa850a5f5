"""`make faults`: the rows of the fault table, again and again at random points, and a table of what came of them.

`ROWS=9,11` chooses rows, `SEEDS=20` says how often each runs, `SEED=7` repeats one run, `SCALE=1` takes the intervals
of real use instead of a fifth of them, `JOBS=2` runs so many sites beside each other. Results are kept by commit, row
and seed under test-results/faults/, so that a long run which was broken off goes on where it was. Rows that can only
be shown by waiting run at most three times.

`PROVE=1` switches off, one after the other, the mechanisms that the rows stand on, and expects each row to fail.
`ROWS=35 MINUTES=20` is the soak, which runs only when it is asked for.
"""

import json
import os
import random
import re
import subprocess
import sys
import xml.etree.ElementTree as ET
from collections import defaultdict
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from tests.faults import sabotage  # noqa: E402
from tests.faults.rows import LONG, MOST_LONG, SOAK, TITLES  # noqa: E402

KEPT = ROOT / "test-results" / "faults"
ROW = re.compile(r"test_row_(\d+[a-z]?)_")
TRIES = 3
"""Seeds that may try to show a missing mechanism: some show only at the right moment."""

SHOWN = ("AssertionError", "TimeoutError", "assert ")
"""How a row says that it did not see what was to be seen; all else is trouble of the test's own."""

Result = dict[str, str | int]


def main() -> None:
    """Run what is missing, print the table; exit status 1 when anything was lost, or not proven."""
    KEPT.mkdir(parents=True, exist_ok=True)
    rows = [row.strip() for row in os.environ.get("ROWS", "").split(",") if row.strip()]
    if unknown := set(rows) - set(TITLES):
        sys.exit(f"There is no row {', '.join(sorted(unknown))}; rows are {', '.join(TITLES)}.")
    if os.environ.get("MINUTES") and rows != [SOAK]:
        sys.exit(f"MINUTES is for the soak: ROWS={SOAK} MINUTES=20.")
    if os.environ.get("PROVE") == "1":
        prove(rows)
    commit = told("git", "rev-parse", "--short", "HEAD") + ("+" if told("git", "status", "--porcelain") else "")
    file = KEPT / f"{commit}.jsonl"
    one = os.environ.get("SEED")
    seeds = [int(one)] if one else plan(commit, 1 if rows == [SOAK] else int(os.environ.get("SEEDS") or 3))
    wanted = rows or [row for row in TITLES if row != SOAK]
    with ThreadPoolExecutor(int(os.environ.get("JOBS") or 1)) as jobs:
        for number, seed in enumerate(seeds):
            known = {str(result["row"]) for result in results(file) if result["seed"] == seed} if not one else set()
            missing = [row for row in wanted if row not in known and (number < MOST_LONG or row not in LONG)]
            if missing:
                jobs.submit(run_and_keep, seed, missing, file, f"{number + 1} of {len(seeds)}")
    table([result for result in results(file) if result["seed"] in seeds], rows)


def plan(commit: str, count: int) -> list[int]:
    """The same seeds for the same commit, so that a run can go on."""
    chance = random.Random(commit)  # noqa: S311
    return [chance.randrange(1, 1 << 31) for _ in range(count)]


def run_and_keep(seed: int, rows: list[str], file: Path, which: str) -> None:
    """All these rows once, in one site."""
    print(f"── seed {seed} ({which})", flush=True)
    lines = []
    for case in run(seed, rows):
        name = case.get("name") or ""
        if found := ROW.match(name):
            failed = case.find("failure") is not None or case.find("error") is not None
            lines.append({"row": found[1], "seed": seed, "test": name, "result": "failed" if failed else "held"})
    with file.open("a") as kept:
        kept.write("".join(json.dumps(line) + "\n" for line in lines))


def run(seed: int, rows: list[str], *, test: str = "", **env: str) -> list[ET.Element]:
    """The test cases of a run of pytest."""
    report = KEPT / f"last-{seed}.xml"
    report.unlink(missing_ok=True)
    chosen = " or ".join(f"test_row_{row}_" for row in rows)
    command = [sys.executable, "-m", "pytest", "tests/faults", "-q", "-n0", f"--junitxml={report}"]
    command += ["-k", f"({chosen}) and ({test})" if test else chosen]
    command += ["--tb=line", "--show-capture=no", "-o", "junit_family=xunit1"] if env else []
    minutes = {"MINUTES": os.environ.get("MINUTES") or "20"} if rows == [SOAK] else {}
    own = {"IDLE": "300", **minutes, **os.environ, "SEED": str(seed), **env}
    subprocess.run(command, cwd=ROOT, env=own, stdin=subprocess.DEVNULL, check=False)
    if not report.exists():
        print("The rows could not be run.", flush=True)
        return []
    cases = list(ET.parse(report).iter("testcase"))  # noqa: S314  # our own runner wrote it
    report.unlink()
    return cases


def results(file: Path) -> list[Result]:
    """What is known of this commit; of a run that was repeated, the last."""
    if not file.exists():
        return []
    lines: list[Result] = [json.loads(line) for line in file.read_text().splitlines()]
    return list({(line["test"], line["seed"]): line for line in lines}.values())


def table(found: list[Result], rows: list[str]) -> None:
    """Rows, runs, losses."""
    by_row: dict[str, list[Result]] = defaultdict(list)
    for result in found:
        if not rows or result["row"] in rows:
            by_row[str(result["row"])].append(result)
    print("\n| row | what goes wrong | runs | losses | seeds that lost |\n| --- | --- | --- | --- | --- |")
    lost = 0
    for row in [row for row in TITLES if row in by_row]:
        failed = sorted({str(result["seed"]) for result in by_row[row] if result["result"] == "failed"})
        lost += len(failed)
        print(f"| {row} | {TITLES[row]} | {len(by_row[row])} | {len(failed)} | {' '.join(failed)} |")
    print(f"\n{sum(map(len, by_row.values()))} runs, {lost} lost")
    sys.exit(1 if lost or not by_row else 0)


def prove(rows: list[str]) -> None:
    """Each row without each of its mechanisms, until it fails, at most `TRIES` times; ends the program."""
    wanted = [one for one in sabotage.SABOTAGES if not rows or row_of(one) in rows]
    seen: dict[tuple[str, str], str] = {}
    seeds = [int(os.environ.get("SEED") or 0) or random.SystemRandom().randrange(1, 1 << 31) for _ in range(TRIES)]
    for number, seed in enumerate(seeds):
        missing = [one for one in wanted if not seen.get((one.test, one.name))]
        if missing:
            print(f"── seed {seed} (try {number + 1} of {TRIES})", flush=True)
            names = " or ".join(f"(test_{one.test} and {one.name})" for one in missing)
            cases = run(seed, sorted({row_of(one) for one in missing}), test=names if number else "", PROVE="1")
            for one in missing:
                seen[one.test, one.name] = shown(one, cases)
    print("\n| row | mechanism that is missing | failed as expected |\n| --- | --- | --- |")
    for one in wanted:
        how = seen[one.test, one.name]
        print(f"| {row_of(one)} | {one.says} | {'yes: ' + how if how else 'NO'} |")
    held = sum(not how for how in seen.values())
    print(f"\n{len(wanted)} mechanisms, {held} whose row holds without them")
    sys.exit(1 if held or not wanted else 0)


def row_of(one: sabotage.Sabotage) -> str:
    """The row that a sabotage is for."""
    found = ROW.match(f"test_{one.test}")
    return found[1] if found else ""


def shown(one: sabotage.Sabotage, cases: list[ET.Element]) -> str:
    """How every test of the row failed that was run with it on a site that was whole; empty: it did not."""
    told = []
    for case in cases:
        name, _, inside = (case.get("name") or "").partition("[")
        if not (name.startswith(f"test_{one.test}") and f"{inside.rstrip(']')}-".startswith(f"{one.name}-")):
            continue
        ready = any(found.get("value") == one.name for found in case.iter("property"))
        failure = case.find("failure")
        if not ready or failure is None:
            return ""
        words = (failure.get("message") or "").strip().partition("\n")[0].replace("|", "/")
        if not words.startswith(SHOWN):
            return ""
        told.append("waited in vain" if words.startswith("TimeoutError") else words[:100])
    return told[0] if told else ""


def told(*command: str) -> str:
    """What a command prints."""
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout.strip()


if __name__ == "__main__":
    main()

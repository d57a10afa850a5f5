"""`make faults`: the rows of the fault table, again and again at random points, and a table of what came of them.

`ROWS=9,11` chooses rows, `SEEDS=20` says how often each runs, `SEED=7` repeats one run, `SCALE=1` takes the intervals
of real use instead of a fifth of them. Results are kept by commit, row and seed under test-results/faults/, so that a
long run which was broken off goes on where it was.
"""

import json
import os
import random
import re
import subprocess
import sys
import xml.etree.ElementTree as ET
from collections import defaultdict
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
KEPT = ROOT / "test-results" / "faults"
ROW = re.compile(r"test_row_(\d+[a-z]?)_")

Result = dict[str, str | int]


def main() -> None:
    """Run what is missing, print the table; exit status 1 when anything was lost."""
    KEPT.mkdir(parents=True, exist_ok=True)
    commit = told("git", "rev-parse", "--short", "HEAD") + ("+" if told("git", "status", "--porcelain") else "")
    file = KEPT / f"{commit}.jsonl"
    rows = [row.strip() for row in os.environ.get("ROWS", "").split(",") if row.strip()]
    one = os.environ.get("SEED")
    seeds = [int(one)] if one else plan(commit, int(os.environ.get("SEEDS") or 3))
    for number, seed in enumerate(seeds, start=1):
        known = {(str(result["row"]), result["seed"]) for result in results(file)}
        missing = [row for row in rows if (row, seed) not in known]
        if one or (missing if rows else not any(seed == done for _, done in known)):
            print(f"── seed {seed} ({number} of {len(seeds)})", flush=True)
            run(seed, [] if not rows else missing or rows, file)
    table([result for result in results(file) if result["seed"] in seeds], rows)


def plan(commit: str, count: int) -> list[int]:
    """The same seeds for the same commit, so that a run can go on."""
    chance = random.Random(commit)  # noqa: S311
    return [chance.randrange(1, 1 << 31) for _ in range(count)]


def run(seed: int, rows: list[str], file: Path) -> None:
    """All chosen rows once, in one site."""
    report = KEPT / "last.xml"
    report.unlink(missing_ok=True)
    chosen = ["-k", " or ".join(f"test_row_{row}_" for row in rows)] if rows else []
    command = [sys.executable, "-m", "pytest", "tests/faults", "-q", "-n0", f"--junitxml={report}", *chosen]
    subprocess.run(command, cwd=ROOT, env={**os.environ, "SEED": str(seed)}, stdin=subprocess.DEVNULL, check=False)
    if not report.exists():
        sys.exit("The rows could not be run.")
    with file.open("a") as kept:
        for case in ET.parse(report).iter("testcase"):  # noqa: S314  # our own runner wrote it
            name = case.get("name") or ""
            found = ROW.match(name)
            failed = case.find("failure") is not None or case.find("error") is not None
            if found:
                line = {"row": found[1], "seed": seed, "test": name, "result": "failed" if failed else "held"}
                kept.write(json.dumps(line) + "\n")


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
    print("\n| row | runs | losses | seeds that lost |\n| --- | --- | --- | --- |")
    lost = 0
    for row in sorted(by_row, key=lambda name: (int(re.sub(r"\D", "", name)), name)):
        failed = [str(result["seed"]) for result in by_row[row] if result["result"] == "failed"]
        lost += len(failed)
        print(f"| {row} | {len(by_row[row])} | {len(failed)} | {' '.join(failed)} |")
    print(f"\n{sum(map(len, by_row.values()))} runs, {lost} lost")
    sys.exit(1 if lost or not by_row else 0)


def told(*command: str) -> str:
    """What a command prints."""
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout.strip()


if __name__ == "__main__":
    main()

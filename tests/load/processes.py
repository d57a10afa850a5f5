"""What processes cost: CPU seconds and memory of a process with its children, read from /proc."""

import os
from pathlib import Path
from statistics import median

_TICK = os.sysconf("SC_CLK_TCK")


def family(pid: int) -> list[int]:
    """The process and all of its descendants."""
    found = [pid]
    try:
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    except OSError:
        return found
    for child in children:
        found += family(int(child))
    return found


def cpu_seconds(pid: int) -> float:
    """User and system time of the process so far, all of its threads together; 0 when it is gone."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    except OSError:
        return 0.0
    return (int(fields[11]) + int(fields[12])) / _TICK


def family_cpu_seconds(pid: int) -> float:
    """CPU seconds of the process and its descendants."""
    return sum(cpu_seconds(each) for each in family(pid))


def memory_mib(pid: int) -> float:
    """Proportional set size in MiB: pages that are shared count by share."""
    try:
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    except OSError:
        return 0.0
    return next((int(line.split()[1]) for line in lines if line.startswith("Pss:")), 0) / 1024


def own_mib(pid: int) -> float:
    """MiB that are the process's alone and were written by it: who else starts or ends on the machine is no matter."""
    try:
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    except OSError:
        return 0.0
    return sum(int(line.split()[1]) for line in lines if line.startswith(("Private_Dirty:", "Swap:"))) / 1024


def open_files(pid: int) -> int:
    """How many descriptors the process has open; 0 when it is gone."""
    try:
        return len(list(Path(f"/proc/{pid}/fd").iterdir()))
    except OSError:
        return 0


def pin(pid: int, cores: set[int]) -> None:
    """Keep the process and its threads on `cores`, where the machine has more than one."""
    if (os.cpu_count() or 1) < 2:
        return
    for task in Path(f"/proc/{pid}/task").iterdir():
        os.sched_setaffinity(int(task.name), cores)


def percentile(values: list[float], share: float) -> float:
    """The value below which `share` of the values lie; NaN without values."""
    if not values:
        return float("nan")
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]


def rise(values: list[float]) -> float:
    """How much higher the last quarter lies than the second: the first is for warming up, medians for outliers."""
    quarter = len(values) // 4
    return median(values[-quarter:]) - median(values[quarter : 2 * quarter])

"""Kinds of jobs by their names. Another kind is another entry."""

from backend.core.errors import BadRequest
from backend.jobs.kinds.base import Kind
from backend.jobs.kinds.batch import BatchKind
from backend.jobs.kinds.export import ExportKind
from backend.jobs.kinds.imports import ImportKind
from backend.jobs.kinds.maintenance import MaintenanceKind
from backend.jobs.kinds.research import ResearchKind
from backend.jobs.kinds.schedule import ScheduleKind

_KINDS: dict[str, Kind] = {}


def kind_of(name: str) -> Kind:
    """Raises `BadRequest`."""
    found = _KINDS.get(name)
    if found is None:
        raise BadRequest(f"There is no kind of job {name[:40]!r}, only {', '.join(_KINDS)}.", field="kind")
    return found


def kind_names() -> list[str]:
    """All of them."""
    return list(_KINDS)


def register(kind: Kind) -> None:
    """Add a kind."""
    _KINDS[kind.name] = kind


for _kind in (
    *(BatchKind(), ExportKind(), ImportKind(), MaintenanceKind(), ResearchKind()),
    ScheduleKind(_KINDS),
):
    register(_kind)

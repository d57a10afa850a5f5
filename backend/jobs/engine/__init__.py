"""Works on jobs: a lease, rows taken and stored in groups, progress told. Runs on one event loop of a worker."""

from backend.jobs.engine.lease import Place
from backend.jobs.engine.run import run_job

__all__ = ["Place", "run_job"]

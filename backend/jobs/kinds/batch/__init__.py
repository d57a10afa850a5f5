"""A template over the rows of a table, for one or several models."""

from backend.jobs.kinds.batch.kind import BatchKind

__all__ = ["BatchKind"]

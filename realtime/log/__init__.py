"""Event logs: the truth for delivery. One contract, a twin in memory and one in Redis."""

from realtime.log.base import Append, Appended, Batch, EventLog, Fenced, LogAway, Verdict

__all__ = ["Append", "Appended", "Batch", "EventLog", "Fenced", "LogAway", "Verdict"]

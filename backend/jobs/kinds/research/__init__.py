"""A question answered from the web: planned, searched, read, noted, written, and verified word for word.

The plan is a row of work, and so is each search, page, page of notes, report and check. A row asks for those that
follow from it alone; what needs all of a round, such as the next plan or the report, is asked for when all have ended.
"""

from backend.jobs.kinds.research.kind import ResearchKind

__all__ = ["ResearchKind"]

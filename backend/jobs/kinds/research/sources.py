"""The pages of a research, as they were when they were read. What is stored first is kept."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db.models import Q
from django.utils import timezone
from django.utils.dateparse import parse_datetime

from backend.jobs.kinds.research.story import Story, story_of
from backend.jobs.kinds.research.web import Page
from backend.jobs.models import ResearchSource, SourceStatus

MOST_CHARS = 300_000
"""Of a page's text; what is longer is cut."""


@dataclass(frozen=True, slots=True)
class Kept:
    """A page that was read."""

    url: str
    title: str
    text: str

    @property
    def chars(self) -> int:
        """Its length."""
        return len(self.text)


def known(*, job: UUID, number: int) -> Kept | None:
    """The page, where it was read already."""
    found = ResearchSource.objects.filter(job_id=job, number=number, status=SourceStatus.READ).first()
    return None if found is None else Kept(found.url, found.title, found.text)


def keep(*, job: UUID, number: int, page: Page, title: str) -> Kept:
    """Store a page, unless it is stored; the one that is."""
    text = _storable(page.text)
    _store(
        job,
        number,
        {
            "url": _storable(page.url),
            "title": _storable(page.title or title)[:500],
            "text": text[:MOST_CHARS],
            "status": SourceStatus.READ,
            "error": None,
            "truncated": page.truncated or len(text) > MOST_CHARS,
            "fetched_at": parse_datetime(page.fetched_at) or timezone.now(),
        },
    )
    found = known(job=job, number=number)
    assert found is not None
    return found


def keep_error(*, job: UUID, given: dict[str, Any], error: dict[str, Any]) -> None:
    """Store why a page could not be read."""
    _store(
        job,
        given["number"],
        {"url": given["url"], "title": given["title"], "status": SourceStatus.FAILED, "error": error},
    )


def to_note(*, job: UUID, number: int) -> tuple[Story, Kept]:
    """What is known so far, and the page that notes are to be taken of."""
    found = known(job=job, number=number)
    if found is None:
        raise LookupError(f"source {number} is gone")
    return story_of(job), found


def _store(job: UUID, number: int, values: dict[str, Any]) -> None:
    _, made = ResearchSource.objects.get_or_create(job_id=job, number=number, defaults=values)
    if not made:
        ResearchSource.objects.filter(Q(job_id=job, number=number) & ~Q(status=SourceStatus.READ)).update(**values)


def _storable(text: str) -> str:
    return text.replace("\0", "\ufffd")

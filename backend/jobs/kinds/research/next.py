"""What comes when all rows of a research have ended: another plan, the report, or the check of its citations."""

from collections.abc import Sequence

from backend.core.errors import ProviderFailed
from backend.core.sentences import Said, Sentence, named, reason_of, sentence, spoken, text_of
from backend.jobs.kinds.base import NewRow
from backend.jobs.kinds.research.limits import ROUNDS, limit_reached, limits_of
from backend.jobs.kinds.research.story import Done, Story
from backend.jobs.schemas import ResearchSpec


def next_rows(story: Story, spec: ResearchSpec, *, seconds: float) -> Sequence[NewRow]:
    """None: the report is there. Raises an `AppError` where there can be no report."""
    last = story.last
    if last is None:
        return []
    if last.step == "plan":
        return _after_plan(story, spec, last, seconds)
    if last.status != "done":
        raise spoken(ProviderFailed, reason_of(last.error or _FAILED))
    if last.step == "write":
        return [NewRow(line=last.input["round"], input={"do": "verify", "write": last.index})]
    if last.output["final"]:
        later = any(row.index > last.index and row.output.get("notes") for row in story.done("note"))
        return [_write(story, spec)] if later else []
    mends = [row for row in story.of("mend") if row.index > last.index]
    if not mends:
        return [_mend(spec, last, missing) for missing in last.output["missing"]]
    return [NewRow(line=last.index, input={"do": "verify", "write": last.input["write"]})]


def _after_plan(story: Story, spec: ResearchSpec, plan: Done, seconds: float) -> list[NewRow]:
    number = plan.input["round"]
    if plan.status != "done" and number == 1:
        raise spoken(ProviderFailed, reason_of(plan.error or _FAILED))
    stopped = next((_skipped(row) for row in story.rows if row.output.get("skipped")), None)
    if plan.status != "done":
        reason = reason_of(plan.error or _FAILED)
        stopped = stopped or sentence(
            "plan_failed", "The plan of round {number} failed: {reason}", number=number, reason=reason
        )
    elif plan.output["searches"] and number < ROUNDS[spec.depth]:
        stopped = stopped or _limit(story, spec, seconds)
        if not stopped:
            return [NewRow(line=number + 1, model=spec.model or "", input={"do": "plan", "round": number + 1})]
    if not story.notes:
        raise spoken(ProviderFailed, _nothing(story))
    return [_write(story, spec, stopped=stopped)]


def _write(story: Story, spec: ResearchSpec, *, stopped: Said | None = None) -> NewRow:
    number = max(row.input["round"] for row in story.of("plan"))
    given = {"do": "write", "round": number, "stopped": text_of(stopped or "")}
    named_so = {"stopped_said": named(stopped)} if stopped and named(stopped) else {}
    return NewRow(line=number, model=spec.model or "", input=given | named_so)


def _skipped(row: Done) -> Said:
    return reason_of({"message": row.output["skipped"], **row.output.get("skipped_said", {})})


def _mend(spec: ResearchSpec, check: Done, missing: dict[str, object]) -> NewRow:
    given = {"do": "mend", "write": check.input["write"], **missing}
    return NewRow(line=check.index, model=spec.model or "", input=given)


def _limit(story: Story, spec: ResearchSpec, seconds: float) -> Sentence | None:
    """Which limit lets no other round begin; None: none does."""
    limits = limits_of(spec)
    if seconds > limits.minutes * 60:
        return limit_reached("minutes", limits.minutes)
    for name, used, most in (
        ("searches", len(story.of("search")), limits.searches),
        ("pages", len(story.of("read")), limits.pages),
        ("steps", len(story.rows), limits.steps),
    ):
        if used >= most:
            return limit_reached(name, most)
    return None


def _nothing(story: Story) -> Sentence:
    searches, pages = story.of("search"), story.of("read")
    read = sum(row.status == "done" for row in pages)
    failed = [row for row in (*searches, *pages, *story.of("note")) if row.error is not None]
    text = (
        "There is nothing to report: {searches} searches found {pages} pages, {read} could be read, and none of them "
        "says anything for the question."
    )
    counts = {"searches": len(searches), "pages": len(pages), "read": read}
    if not failed:
        return sentence("nothing_found", text, **counts)
    first = reason_of(failed[0].error or _FAILED)
    return sentence("nothing_found_first", text + " The first failure: {reason}", **counts, reason=first)


_FAILED = {"message": "It failed."}

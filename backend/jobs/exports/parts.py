"""What is in an export beside conversations: the profile, templates, jobs, and what was used. No secrets."""

from collections.abc import Iterator
from typing import Any
from uuid import UUID

from backend.accounts.models import ApiKey, Membership, User
from backend.accounts.principal import Principal
from backend.jobs import portable
from backend.jobs.imports.base import BadExport
from backend.jobs.models import Job
from backend.jobs.rows import job_out
from backend.prompts.models import Template
from backend.prompts.schemas import Conflicts
from backend.prompts.services import transfer
from backend.usage.models import Call


class ProfilePart(portable.Part):
    """The person, their teams, and the names of their API keys."""

    name = "profile"

    def items(self, *, owner: UUID) -> Iterator[dict[str, Any]]:
        """One item."""
        user = User.objects.get(id=owner)
        keys = ApiKey.objects.filter(user_id=owner).order_by("created")
        memberships = Membership.objects.filter(user_id=owner).select_related("team").order_by("team__name")
        yield {
            "id": str(user.id),
            "email": user.email,
            "name": user.name,
            "role": user.role,
            "preferences": user.preferences,
            "created": user.created.isoformat(),
            "teams": [{"name": one.team.name, "role": one.role} for one in memberships],
            "keys": [{"name": key.name, "scopes": key.scopes, "created": key.created.isoformat()} for key in keys],
        }


class TemplatesPart(portable.Part):
    """The own templates with all their versions."""

    name = "templates"
    importable = True

    def items(self, *, owner: UUID) -> Iterator[dict[str, Any]]:
        """As `prompts` exports them."""
        yield from transfer.templates_export(principal=_owner(owner))["templates"]

    def keep(self, *, principal: Principal, item: dict[str, Any]) -> dict[str, Any]:
        """A new template, or a new version of an own one of that slug."""
        known = Template.objects.filter(owner_id=principal.user_id, slug=str(item.get("slug")), deleted_at=None).first()
        document = {"format": transfer.FORMAT, "version": transfer.FORMAT_VERSION, "templates": [item]}
        conflict = "skip" if known is None else "version"
        data = Conflicts.model_validate({"document": document, "on_conflict": conflict})
        report = transfer.templates_import(principal=principal, data=data)
        if report.imported:
            [done] = report.imported
            return {"template": str(done.id), "result": "updated" if done.change == "version" else "imported"}
        [skipped] = report.skipped
        if known is not None and skipped.reason == transfer.SAME:
            return {"template": str(known.id), "result": "known"}
        raise BadExport("not_taken", skipped.reason)


class JobsPart(portable.Part):
    """What was asked of jobs and how they ended. A job's rows come with its own result."""

    name = "jobs"

    def items(self, *, owner: UUID) -> Iterator[dict[str, Any]]:
        """As `GET jobs/{id}` shows them."""
        for job in Job.objects.filter(owner_id=owner).order_by("created", "id").iterator(chunk_size=200):
            yield job_out(job).model_dump(mode="json", exclude={"position", "topic", "wanted", "rate", "eta_s"})


class UsagePart(portable.Part):
    """The own calls to models, each as the ledger has it."""

    name = "usage"

    def items(self, *, owner: UUID) -> Iterator[dict[str, Any]]:
        """The oldest first."""
        names = (
            "provider",
            "model",
            "purpose",
            "status",
            "input_tokens",
            "output_tokens",
            "cached_tokens",
            "credits",
            "error",
        )
        for call in Call.objects.filter(user_id=owner).order_by("created", "id").iterator(chunk_size=500):
            cost = None if call.cost is None else float(call.cost)
            times = {"created": call.created.isoformat(), "duration_ms": call.duration_ms, "cost": cost}
            yield {"id": str(call.id), **{name: getattr(call, name) for name in names}, **times}


def _owner(owner: UUID) -> Principal:
    user = User.objects.get(id=owner)
    return Principal(user_id=user.id, email=user.email, name=user.name, role=user.role, method="session")  # type: ignore[arg-type]


def register() -> None:
    """Have exports and imports know them."""
    for part in (ProfilePart(), TemplatesPart(), JobsPart(), UsagePart()):
        portable.register(part)

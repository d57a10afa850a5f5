"""What `doctor` looks at: settings, services, migrations, the page, and what features registered."""

from asgiref.sync import sync_to_async
from django.conf import settings
from django.db import connection
from django.db.migrations.executor import MigrationExecutor

from backend.core.checkup import Finding, Outcome, looks
from backend.core.db import in_thread
from backend.ops import health


async def examine() -> list[Finding]:
    """All findings. A check that breaks is a finding, too."""
    found: list[Finding] = []
    for look in (_configuration, _services, _migrations, _page, *looks):
        try:
            found += await look()
        except Exception as error:  # noqa: BLE001
            name = look.__name__.strip("_")
            found.append(Finding(name, "failed", f"could not be looked at: {type(error).__name__}: {error}"[:300]))
    return found


async def _configuration() -> list[Finding]:
    env = settings.RIVULET
    found = [Finding("settings", "ok", f"read as {env.rivulet_env}")]
    if env.rivulet_env == "production":
        if not env.public_url.startswith("https://"):
            found.append(Finding("PUBLIC_URL", "warning", "is not set to an https address", "Links in mails need it."))
        if "*" in settings.ALLOWED_HOSTS:
            found.append(Finding("ALLOWED_HOSTS", "warning", "answers to any name", "List the names of the site."))
        if not env.smtp_url:
            found.append(Finding("SMTP_URL", "warning", "mails go to the log", "Set it, so that resets arrive."))
    return found


async def _services() -> list[Finding]:
    advice = {
        "postgresql": "Is it started? See DATABASE_URL, or start all with `make run`.",
        "redis": "Is it started? See REDIS_URL, or start all with `make run`.",
        "cache": "It comes back by itself when Redis does.",
    }
    outcomes: dict[health.Status, Outcome] = {"ok": "ok", "degraded": "warning", "down": "failed"}
    return [
        Finding(
            check.name,
            outcomes[check.status],
            f"{check.detail or 'answers'} ({check.latency_ms} ms)",
            "" if check.status == "ok" else advice[check.name],
        )
        for check in await health.all_checks()
    ]


async def _migrations() -> list[Finding]:
    def waiting() -> list[str]:
        executor = MigrationExecutor(connection)
        plan = executor.migration_plan(executor.loader.graph.leaf_nodes())
        return [f"{migration.app_label}.{migration.name}" for migration, _ in plan]

    names = await in_thread(waiting)
    if names:
        return [Finding("migrations", "failed", f"{len(names)} to apply", "Run ./manage.py migrate.")]
    return [Finding("migrations", "ok", "all applied")]


async def _page() -> list[Finding]:
    built = await sync_to_async((settings.PAGE_ROOT / "index.html").exists)()
    if built:
        return [Finding("page", "ok", "built")]
    return [Finding("page", "warning", "not built", "Run `make run`, or npm run build in frontend/.")]

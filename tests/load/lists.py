"""Reports over a year, and long lists: a million calls and thousands of templates, which the database makes up."""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import psycopg

from backend.engines import recorded_urls
from tests.load.processes import family_cpu_seconds, percentile
from tests.load.site import PASSWORD
from tests.load.socket_client import Target
from tests.support.product import Product

DAYS = 365
PEOPLE, MODELS, TEAMS = 200, 20, 20
GROUPINGS = ("day", "model", "user", "user,model")
ADMIN = "lists@example.com"


@dataclass
class Asked:
    """How long answers to one question took, and how many items they had."""

    what: str
    items: int
    seconds: list[float]
    cpu_ms: dict[str, float]
    """CPU milliseconds for one, by process: what else the machine does is no matter."""

    def ms(self, share: float) -> float:
        """A percentile."""
        return percentile(self.seconds, share) * 1000


@dataclass
class ListsRun:
    """What was seeded, how long the days' roll-up of it took, and what was asked."""

    calls: int
    templates: int
    rolled_s: float
    reports: list[Asked]
    lists: list[Asked]


def lists(target: Target, site: Product, home: Path, *, calls: int, templates: int, times: int) -> ListsRun:
    """Seed, roll up, and ask one after the other."""
    site.manage("user_create", ADMIN, "--password", PASSWORD, "--verified", "--role", "admin")
    key = site.manage("apikey_create", ADMIN).strip().splitlines()[-1]
    urls = recorded_urls(home)
    assert urls is not None
    with psycopg.connect(urls.database, autocommit=True) as database:
        database.execute(_CALLS, {"calls": calls, "days": DAYS, "people": PEOPLE, "models": MODELS, "teams": TEAMS})
        database.execute(_TEMPLATES, {"templates": templates, "owner": ADMIN})
        database.execute(_VERSIONS)
        database.execute("TRUNCATE usage_rolledday, usage_usageday")
        began = time.monotonic()
        site.manage("maintenance", "usage")
        rolled = time.monotonic() - began
        database.execute("VACUUM ANALYZE")
    today = datetime.now(UTC).date()
    year = {"view": "all", "from": str(today - timedelta(days=DAYS - 1)), "to": str(today)}
    with httpx.Client(
        base_url=f"http://{target.host}:{target.port}", headers={"Authorization": f"Bearer {key}"}, timeout=60
    ) as http:
        reports = [_ask(http, site, "/api/v1/usage", {**year, "by": by}, what=by, times=times) for by in GROUPINGS]
        found = [
            _ask(http, site, "/api/v1/prompts", {"limit": "50"}, what="the first page", times=times),
            _ask(http, site, "/api/v1/prompts", {"limit": "50", "q": "invoice 49"}, what="a search", times=times),
            _ask(http, site, "/api/v1/prompts", {"limit": "50", "tag": "tag 7"}, what="a tag", times=times),
        ]
    return ListsRun(calls, templates, rolled, reports, found)


def _ask(http: httpx.Client, site: Product, path: str, values: dict[str, str], *, what: str, times: int) -> Asked:
    took: Sequence[float] = []
    items = 0
    before: dict[str, float] = {}
    for number in range(times + 3):
        if number == 3:  # the first ones import and plan
            before = _cpu(site)
        began = time.monotonic()
        reply = http.get(path, params=values)
        seconds = time.monotonic() - began
        reply.raise_for_status()
        items = len(reply.json()["items"])
        if number >= 3:
            took = [*took, seconds]
    after = _cpu(site)
    return Asked(what, items, list(took), {name: (after[name] - before[name]) / times * 1000 for name in after})


def _cpu(site: Product) -> dict[str, float]:
    return {name: family_cpu_seconds(site.pid(name)) for name in ("web-1", "postgres") if site.has_pid(name)}


_CALLS = """
INSERT INTO usage_call (id, created, settled, status, purpose, user_id, team_id, provider, model, reserved_cost,
  input_tokens, output_tokens, cost, error, first_token_ms, duration_ms)
SELECT gen_random_uuid(), at, at + interval '3 seconds', 'settled', CASE WHEN n %% 5 = 0 THEN 'v1' ELSE 'chat' END,
  md5('person ' || person)::uuid, md5('team ' || person %% %(teams)s)::uuid, 'provider ' || model %% 3,
  'model ' || model, 0.01, 200 + n %% 900, 50 + n %% 700, 0.000001 * (n %% 9000), '', 300 + n %% 400, 900 + n %% 5000
FROM (
  SELECT n, now() - random() * %(days)s * interval '1 day' AS at,
    floor(random() * random() * %(people)s)::int AS person, floor(random() * random() * %(models)s)::int AS model
  FROM generate_series(1, %(calls)s) AS n
) made
"""
"""Some people and models have far more calls than others, as in life."""

_TEMPLATES = """
INSERT INTO prompts_template (id, created, updated, owner_id, slug, name, description, folder, tags, newest, search)
SELECT gen_random_uuid(), now(), now(), u.id, 'bench-' || n, 'Template ' || n, 'For invoice ' || n,
  'folder ' || n %% 40, ARRAY['tag ' || n %% 30, 'other ' || n %% 7], 3,
  to_tsvector('simple', 'Template ' || n || ' for invoice ' || n)
FROM generate_series(1, %(templates)s) AS n, accounts_user u WHERE u.email = %(owner)s
"""

_VERSIONS = """
WITH made AS (
  INSERT INTO prompts_templateversion (id, created, updated, template_id, number, system, "user", variables, model,
    params, note, author_id)
  SELECT gen_random_uuid(), now(), now(), t.id, n, 'You help.', 'Write for {{name}}.', '[]', '', '{}', '', t.owner_id
  FROM prompts_template t, generate_series(1, 3) AS n WHERE t.slug LIKE 'bench-%' RETURNING id, template_id, number
)
INSERT INTO prompts_label (template_id, name, version_id) SELECT template_id, 'released', id FROM made WHERE number = 2
"""

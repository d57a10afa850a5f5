"""Templates are found: by words, folder, tag and label, and in time where there are thousands."""

import time
from typing import Any

import pytest

from tests.integration.prompts.conftest import make
from tests.support.live import LiveSite


def names(reply: Any) -> list[str]:
    return [entry["name"] for entry in reply.json()["items"]]


async def test_templates_are_found_by_words_folder_tag_and_label(live: LiveSite) -> None:
    ada, _ = await live.someone()
    bob, _ = await live.someone("bob@example.org")
    await make(ada, name="Alpha", folder="work", tags=["x"])
    beta = await make(ada, name="beta", folder="work/mail", tags=["x", "y"], user="The quick {{name}}", description="d")
    await make(bob, name="Gamma")
    theirs = await make(bob, name="Delta 100%")
    await bob.post(f"/api/v1/prompts/{theirs['id']}/shares", json={"everybody": True})
    await ada.put(f"/api/v1/prompts/{beta['id']}/labels/released", json={"version": 1})

    async def found(**query: Any) -> list[str]:
        return names(await ada.get("/api/v1/prompts", params=query))

    assert await found() == ["Alpha", "beta", "Delta 100%"]
    assert await found(folder="work") == ["Alpha", "beta"]
    assert await found(folder="work/mail") == ["beta"]
    assert await found(folder="wor") == []
    assert await found(tag="y") == ["beta"]
    assert await found(label="released") == ["beta"]
    assert await found(owner="me") == ["Alpha", "beta"]
    assert await found(owner="others") == ["Delta 100%"]
    assert await found(q="qui") == ["beta"]
    assert await found(q="ELT") == ["Delta 100%"]
    assert await found(q="%") == ["Delta 100%"]
    assert await found(q="mail") == ["beta"]
    facets = (await ada.get("/api/v1/prompts/facets")).json()
    assert facets["total"] == 3
    assert facets["folders"] == [{"name": "work", "count": 1}, {"name": "work/mail", "count": 1}]
    assert facets["tags"] == [{"name": "x", "count": 2}, {"name": "y", "count": 1}]
    assert facets["labels"] == [{"name": "released", "count": 1}]
    texts = {"user": "nothing of that", "variables": []}
    await ada.post(f"/api/v1/prompts/{beta['id']}/versions", json=texts)
    assert await found(q="quick") == []
    assert (await ada.get("/api/v1/prompts?cursor=nonsense")).status_code == 422


MANY = """
WITH people AS (SELECT array_agg(id ORDER BY created) AS ids FROM accounts_user), made AS (
  INSERT INTO prompts_template (id, owner_id, slug, name, description, folder, tags, newest, search)
  SELECT gen_random_uuid(), ids[n % 3 + 1], 'template-' || n,
    'Template ' || n || ' about ' || (ARRAY['mail', 'code', 'law'])[n % 3 + 1], repeat('What it is for. ', 5),
    'folder ' || n % 40, ARRAY['tag' || n % 25], 1,
    to_tsvector('simple', 'word' || n || repeat(' You are careful. ', 60) || repeat('Write about {{topic}}. ', 40))
  FROM people, generate_series(1, 5000) n RETURNING id, owner_id
), versions AS (
  INSERT INTO prompts_templateversion (id, created, updated, template_id, number, system, "user", variables, model,
    params, note, author_id)
  SELECT gen_random_uuid(), now(), now(), id, 1, repeat('You are careful. ', 60), repeat('Write about it. ', 40), '[]',
    '', '{}', '', owner_id FROM made
)
INSERT INTO prompts_share (id, created, updated, template_id, access)
SELECT gen_random_uuid(), now(), now(), id, 'view' FROM made, people WHERE owner_id <> ids[1] AND random() < 0.5
"""


@pytest.fixture
async def thousands(live: LiveSite) -> Any:
    """5,000 templates of three people, half of what is not Ada's shared with everybody."""
    from backend.core import db

    ada, _ = await live.someone()
    for email in ("bob@example.org", "eve@example.org"):
        await live.person(email)
    async with db.connect() as connection:
        await connection.execute(MANY)
        await connection.execute("ANALYZE prompts_template, prompts_templateversion, prompts_share")
    return ada


async def test_five_thousand_templates_answer_under_50_ms_and_paging_shows_each_once(thousands: Any) -> None:
    ada = thousands
    queries: list[dict[str, Any]] = [
        {},
        {"q": "word4999"},
        {"q": "careful"},
        {"q": "law"},
        {"folder": "folder 7"},
        {"tag": "tag3", "q": "mail"},
    ]
    taken: dict[str, float] = {}
    # the median of a quiet machine; the fastest where others use it too
    for asked in queries:
        times = []
        for _ in range(7):
            began = time.perf_counter()
            reply = await ada.get("/api/v1/prompts", params=asked)
            times.append((time.perf_counter() - began) * 1000)
            assert reply.status_code == 200
        taken[str(asked)] = min(times)
    began = time.perf_counter()
    await ada.get("/api/v1/prompts/facets")
    taken["facets"] = (time.perf_counter() - began) * 1000
    assert max(taken.values()) < 50, taken
    seen: list[str] = []
    query: dict[str, Any] = {"limit": 200, "owner": "me"}
    while True:
        reply = (await ada.get("/api/v1/prompts", params=query)).json()
        seen += [entry["id"] for entry in reply["items"]]
        if reply["next"] is None:
            break
        query["cursor"] = reply["next"]
    assert len(seen) == len(set(seen)) == 1_666

"""The page's shell, its files, and health."""

import gzip

import pytest

from backend.core import cache


@pytest.fixture
def built(settings, tmp_path):
    """A built page."""
    (tmp_path / "assets").mkdir()
    (tmp_path / "index.html").write_text('<script type="module" src="/assets/main-Ab12Cd34.js"></script>')
    script = tmp_path / "assets" / "main-Ab12Cd34.js"
    script.write_text("console.log(1)")
    script.with_name("main-Ab12Cd34.js.gz").write_bytes(gzip.compress(b"console.log(1)" * 1))
    (tmp_path / "favicon.svg").write_text("<svg/>")
    settings.PAGE_ROOT = tmp_path
    return tmp_path


@pytest.mark.parametrize(
    "path", ["/", "/c/01890000-0000-7000-8000-000000000000", "/settings/keys", "/login", "/reset-password/a:b-c"]
)
async def test_every_route_of_the_page_is_its_shell(site, built, path):
    reply = await site.client().get(path)
    assert (reply.status_code, reply.headers["cache-control"]) == (200, "no-store")
    assert "main-Ab12Cd34.js" in reply.text
    assert "script-src 'self';" in reply.headers["content-security-policy"]


@pytest.mark.parametrize(
    "path",
    [
        "/api/none",
        "/_allauth/none",
        "/missing.js",
        "/assets/none",
        "/ws/none",
        "/.env",
        "/.vite/manifest.json",
    ],
)
async def test_what_is_not_a_page_is_not_found(site, built, path):
    assert (await site.client().get(path)).status_code == 404


async def test_hashed_files_are_kept_for_ever_and_others_are_not(site, built):
    client = site.client()
    hashed = await client.get("/assets/main-Ab12Cd34.js", headers={"accept-encoding": "identity"})
    assert hashed.text == "console.log(1)"
    assert "immutable" in hashed.headers["cache-control"]
    assert "immutable" not in (await client.get("/favicon.svg")).headers["cache-control"]
    etag = hashed.headers["etag"]
    assert (await client.get("/assets/main-Ab12Cd34.js", headers={"if-none-match": etag})).status_code == 304


async def test_a_new_build_is_seen_without_a_restart(site, built):
    import os

    client = site.client()
    await client.get("/")
    (built / "assets" / "new-Ef56Gh78.js").write_text("2")
    os.utime(built / "index.html", (1, 1))
    assert (await client.get("/assets/new-Ef56Gh78.js")).status_code == 200


async def test_a_cdn_serves_the_hashed_files(site, built, settings):
    settings.RIVULET = settings.RIVULET.model_copy(update={"cdn_host": "https://cdn.example.org"})
    assert 'src="https://cdn.example.org/assets/main-Ab12Cd34.js"' in (await site.client().get("/")).text


async def test_a_page_that_is_not_built_says_how_to_build_it(site, settings, tmp_path):
    settings.PAGE_ROOT = tmp_path
    reply = await site.client().get("/")
    assert reply.status_code == 503
    assert "make run" in reply.text


async def test_the_process_answers_and_its_needs_do(site):
    client = site.client()
    assert (await client.get("/health/live")).json() == {"status": "ok"}
    reply = await client.get("/health/ready")
    assert reply.status_code == 200
    checks = reply.json()["checks"]
    assert {name: check["status"] for name, check in checks.items()} == {
        "postgresql": "ok",
        "redis": "ok",
        "cache": "ok",
    }
    assert all(check["latency_ms"] > 0 for check in checks.values())


async def test_a_node_without_redis_is_not_ready_and_says_so(site, settings):
    settings.RIVULET = settings.RIVULET.model_copy(update={"redis_url": "redis://127.0.0.1:1/0"})
    reply = await site.client().get("/health/ready")
    assert reply.status_code == 503
    assert reply.json()["checks"]["redis"]["status"] == "down"
    assert reply.json()["checks"]["postgresql"]["status"] == "ok"
    assert (await site.client().get("/health/live")).status_code == 200


async def test_a_degraded_cache_is_told_and_does_not_stop_the_node(site, monkeypatch):
    state = cache.State()
    state.away_until = float("inf")
    monkeypatch.setattr(cache, "state", state)
    reply = await site.client().get("/health/ready")
    assert (reply.status_code, reply.json()["status"]) == (200, "degraded")

"""A search is answered by the first service that can, soundly and once for the same question; failures are told."""

import time

import pytest

from backend.search import service
from backend.search.base import SearchError
from backend.search.options import Options
from backend.search.service import Service
from tests.support.web import KEY


async def test_what_tavily_finds_is_given_with_its_credits(web, make) -> None:
    found = await make().search("highest  tides of the\nworld", limit=2, freshness="month")
    assert found.query == "highest tides of the world"
    assert (found.provider, found.credits, len(found.hits)) == ("Tavily", 1, 2)
    assert found.hits[0].url == f"{web.site}/fundy"
    assert found.hits[0].title == "The Bay of Fundy"
    assert "16 metres" in found.hits[0].snippet
    asked = web.bodies[0]
    assert (asked["max_results"], asked["time_range"], asked["search_depth"]) == (2, "month", "basic")
    assert KEY not in str(asked)


async def test_searxng_finds_the_same_and_counts_nothing(web, make) -> None:
    found = await make(tavily_key="", tavily_url="").search("moon tides", limit=3, freshness="year")
    assert (found.provider, found.credits, len(found.hits)) == ("SearXNG", 0, 3)
    assert web.bodies[0] == {"q": "moon tides", "format": "json", "safesearch": "1", "time_range": "year"}


async def test_the_service_that_the_operator_wants_first_is_asked_first(web, make) -> None:
    assert (await make(first="searxng").search("tides")).provider == "SearXNG"


@pytest.mark.parametrize(
    ("fault", "calls"),
    [({"status": 500, "times": 3}, 3), ({"cut": True, "times": 3}, 3), ({"status": 401}, 1), ({"status": 432}, 1)],
)
async def test_the_other_service_stands_in_for_one_that_fails(web, make, fault, calls) -> None:
    web.fail("tavily", **fault)
    assert (await make().search("tides")).provider == "SearXNG"
    assert web.stats()["searches"] == {"tavily": calls, "searxng": 1}


async def test_a_service_that_refused_its_key_is_not_asked_again_at_once(web, make) -> None:
    made = make(tavily_key="tvly-wrong")
    for query in ("tides", "moon"):
        assert (await made.search(query)).provider == "SearXNG"
    assert web.stats()["searches"] == {"tavily": 1, "searxng": 2}


async def test_a_passing_failure_is_tried_again(web, make) -> None:
    web.fail("tavily", status=503)
    web.fail("tavily", status=429, retry_after=0.01)
    assert (await make().search("tides")).provider == "Tavily"
    assert web.stats()["searches"] == {"tavily": 3}


async def test_retries_keep_to_a_budget(web, make) -> None:
    web.fail("tavily", status=503, times=1000)
    made = make(searxng_url="")
    for number in range(30):
        with pytest.raises(SearchError):
            await made.search(f"tides {number}")
    assert web.stats()["searches"]["tavily"] < 30 + 20 + 15 + 5


async def test_a_wait_that_is_too_long_is_told_and_not_kept(web, make) -> None:
    web.fail("tavily", status=429, retry_after=120)
    with pytest.raises(SearchError) as caught:
        await make(searxng_url="").search("tides")
    assert (caught.value.code, caught.value.retryable, caught.value.retry_after) == ("rate_limited", True, 120)
    assert len(web.searches) == 1


async def test_a_service_that_is_slow_gives_way_in_time(web, make, monkeypatch) -> None:
    monkeypatch.setattr(service, "ONE_SERVICE", 0.2)
    web.fail("tavily", after=20)
    started = time.monotonic()
    assert (await make().search("tides")).provider == "SearXNG"
    assert time.monotonic() - started < 5


@pytest.mark.parametrize(
    ("settings", "fault", "code"),
    [
        ({"tavily_key": "", "tavily_url": "", "searxng_url": ""}, {}, "not_configured"),
        ({"searxng_url": "", "tavily_key": "wrong"}, {}, "refused_key"),
        ({"searxng_url": ""}, {"status": 433}, "quota_exceeded"),
        ({"searxng_url": ""}, {"status": 400}, "upstream"),
        ({"searxng_url": ""}, {"status": 500, "times": 9}, "upstream"),
        ({"searxng_url": ""}, {"status": 200, "body": b"<html>"}, "upstream"),
        ({"searxng_url": ""}, {"status": 200, "body": b'{"results": "none"}'}, "upstream"),
        ({"searxng_url": "", "tavily_url": "http://127.0.0.1:9"}, {}, "unreachable"),
    ],
)
async def test_each_failure_has_its_code_and_no_secret(web, make, settings, fault, code) -> None:
    if fault:
        web.fail("tavily", **fault)
    with pytest.raises(SearchError) as caught:
        await make(**settings).search("tides")
    assert caught.value.code == code
    assert caught.value.message.endswith(".")
    assert KEY not in caught.value.message
    assert "127.0.0.1" not in caught.value.message or code == "unreachable"


async def test_searxng_without_json_says_what_to_set(web, make) -> None:
    web.fail("searxng", status=403)
    with pytest.raises(SearchError, match=r"search\.formats"):
        await make(tavily_key="", tavily_url="").search("tides")


async def test_engines_that_fail_searxng_are_no_empty_result(web, make) -> None:
    web.fail("searxng", status=200, times=9, body=b'{"results": [], "unresponsive_engines": [["google", "captcha"]]}')
    assert (await make(first="searxng").search("tides")).provider == "Tavily"


async def test_the_same_question_is_asked_once_within_minutes_and_counted_once(web, make) -> None:
    made = make()
    first, again = await made.search("Tides"), await made.search(" tides ")
    assert (again.hits, first.credits, again.credits, again.query) == (first.hits, 1, 0, "tides")
    assert web.credits == 1
    await made.search("tides", limit=3)
    await made.search("tides", freshness="day")
    await make(searxng_url="").search("tides")
    assert web.credits == 4


async def test_only_sound_addresses_are_found_and_each_once(web, make) -> None:
    bad = ["javascript:alert(1)", "http://127.0.0.1/admin", "http://[::1]/", "http://localhost/", "ftp://x.example/",
           "http://user@x.example/", "http://10.0.0.1/", "http://x.example/" + "a" * 3000, "http://a b.example/",
           "http://x\u202e.example"]  # fmt: skip
    web.found("mixed", [*bad, "https://x.example/1", "https://x.example/1", "https://x.example/2"])
    found = await make().search("mixed", limit=20)
    assert [hit.url for hit in found.hits] == ["https://x.example/1", "https://x.example/2"]


async def test_titles_and_snippets_are_plain_visible_text(web, make) -> None:
    body = (
        '{"results": [{"url": "https://x.example", "title": "A <b>bold</b>\\u202e title\\u0000 &amp; more", "content":'
        ' "a\\u200bb  <script>x</script>\\n%s", "score": 0.5, "published_date": "2026-01-02"}, 7, {"url": 1}, {}]}'
    ) % ("word " * 1000)
    web.fail("tavily", status=200, body=body.encode())
    (hit,) = (await make().search("tides")).hits
    assert hit.title == "A bold title & more"
    assert hit.snippet.startswith("ab x word")
    assert len(hit.snippet) <= 1000
    assert (hit.score, hit.published) == (0.5, "2026-01-02")


async def test_nothing_to_search_for_is_refused(web, make) -> None:
    with pytest.raises(SearchError) as caught:
        await make().search(" \u200b\n")
    assert caught.value.code == "bad_query"
    assert not web.searches


async def test_the_site_s_own_settings_make_the_service(web, settings) -> None:
    def given(**update):
        settings.RIVULET = settings.RIVULET.model_copy(update=update)

    given(tavily_api_key="", tavily_base_url="", searxng_url="")
    assert not service.available()
    with pytest.raises(SearchError, match="administrator"):
        await service.search("tides")
    given(tavily_api_key=KEY, tavily_base_url=web.tavily, search_allow=f" {web.host} ,")
    assert service.available()
    assert Options.of_site().allow == (web.host,)
    assert (await service.search("what the site's settings find: tides")).provider == "Tavily"
    await service.close()
    assert isinstance(await service._current(), Service)
    await service.close()

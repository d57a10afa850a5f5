"""A name becomes a model that can be asked; environment, lists and admin are followed; nothing set by hand is lost."""

import asyncio
from decimal import Decimal

import pytest
from django.db import OperationalError

from backend.accounts.principal import Principal
from backend.catalog import registry as registry_module
from backend.catalog.models import CatalogVersion, Model, Provider, Source
from backend.catalog.selectors import failures, visible_models
from backend.catalog.sync import pick_up
from backend.core.db import in_thread
from backend.core.errors import ModelUnavailable
from backend.core.ids import new_id
from tests.integration.catalog.conftest import rows
from tests.support.scripted_http import HANG, SSE_HEAD, finish, scripted, status, text
from tests.unit.providers.conftest import ask, collect, said


def listed(*names: str) -> list[bytes]:
    return status(200, {"data": [{"id": name} for name in names]})


def person(role="member") -> Principal:
    return Principal(user_id=new_id(), email="a@example.org", name="A", role=role, method="session")


async def settled(catalog) -> None:
    """Start, and wait for the first lists."""
    await catalog.start()
    await catalog.current().refresh()
    catalog.current()._refreshed = float("-inf")


def forget(catalog) -> None:
    """Have the next look compare the version, as it would a second later."""
    catalog.current()._checked = float("-inf")


async def test_a_server_of_the_environment_serves_its_models_under_their_own_names(catalog, env) -> None:
    async with scripted(listed("zeta", "alpha"), [SSE_HEAD + text("hi") + finish()]) as server:
        env(openai_base_url=server.url, openai_api_key="sk-1", openai_continuation="prefix")
        await settled(catalog)
        resolved = await catalog.resolve("alpha")
        assert said(await collect(resolved.provider, ask())) == "hi"
    assert (resolved.name, resolved.entry.continuation) == ("alpha", "prefix")
    assert server.requests[1].headers["authorization"] == "Bearer sk-1"
    (row,) = await rows(Provider.objects.all())
    assert (row.source, row.key) == (Source.ENV, ""), "a key of the environment got into the database"


async def test_the_default_is_a_real_model_when_there_is_one_else_the_guide(catalog, env) -> None:
    async with scripted(listed("rivulet-guide")) as guide, scripted(listed("real")) as real:
        env(guide_url=guide.url)
        await settled(catalog)
        assert (await catalog.resolve()).name == "rivulet-guide"
        await catalog.stop()
        env(guide_url=guide.url, openai_base_url=real.url)
        await settled(catalog)
        assert (await catalog.resolve()).name == "real"
        assert [entry.name for entry in await visible_models(person())] == ["real", "rivulet-guide"]


async def test_without_any_model_the_answer_is_a_sentence(catalog) -> None:
    with pytest.raises(ModelUnavailable, match="No model is connected"):
        await catalog.resolve()


async def test_an_unknown_name_has_the_lists_read_once_more_for_all_who_ask(catalog, env) -> None:
    async with scripted(listed("old"), listed("old", "new")) as server:
        env(openai_base_url=server.url)
        await settled(catalog)
        found = await asyncio.gather(*[catalog.resolve("new") for _ in range(20)])
        assert {resolved.name for resolved in found} == {"new"}
        assert len(server.requests) == 2
        for _ in range(5):
            with pytest.raises(ModelUnavailable, match="nonsense"):
                await catalog.resolve("nonsense")
        assert len(server.requests) == 2, "unknown names may not hammer the provider"


async def test_a_known_name_costs_no_query_within_a_second(catalog, env, monkeypatch) -> None:
    async with scripted(listed("m")) as server:
        env(openai_base_url=server.url)
        await settled(catalog)
        await catalog.resolve("m")

        async def refuse():
            raise AssertionError("asked the database")

        monkeypatch.setattr(registry_module, "_version", refuse)
        assert (await catalog.resolve("m")).name == "m"


async def test_a_change_is_seen_by_a_running_process(catalog, env) -> None:
    async with scripted(listed("m")) as server:
        env(openai_base_url=server.url)
        await settled(catalog)
        before = (await catalog.resolve("m")).provider.adapter

        def change() -> None:
            row = Model.objects.get(name="m")
            row.label, row.input_price, row.continuation = "Emm", Decimal("0.25"), "ask"
            row.save()

        await in_thread(change)
        forget(catalog)
        resolved = await catalog.resolve("m")
    assert (resolved.entry.label, resolved.entry.input_price, resolved.entry.continuation) == (
        "Emm",
        Decimal("0.25"),
        "ask",
    )
    assert resolved.provider.adapter is before, "an adapter whose account did not change was thrown away"


async def test_what_an_administrator_set_survives_the_next_list(catalog, env) -> None:
    async with scripted(listed("a", "b"), listed("b", "c")) as server:
        env(openai_base_url=server.url)
        await settled(catalog)
        await in_thread(lambda: Model.objects.filter(name="b").update(label="Bee", position=1, hidden=True))
        await catalog.current().refresh()
        found = {model.name: model for model in await rows(Model.objects.all())}
    assert (found["b"].label, found["b"].position, found["b"].hidden) == ("Bee", 1, True)
    assert (found["a"].available, found["b"].available, found["c"].available) == (False, True, True)


async def test_a_list_that_says_nothing_new_raises_no_version(catalog, env) -> None:
    async with scripted(listed("a")) as server:
        env(openai_base_url=server.url)
        await settled(catalog)
        before = await rows(CatalogVersion.objects.values_list("number", flat=True))
        await catalog.current().refresh()
        assert await rows(CatalogVersion.objects.values_list("number", flat=True)) == before
    assert len(server.requests) == 2


async def test_a_hidden_model_is_there_for_administrators_alone(catalog, env) -> None:
    async with scripted(listed("shown", "text-embedding-3")) as server:
        env(openai_base_url=server.url)
        await settled(catalog)
        for principal in (None, person()):
            with pytest.raises(ModelUnavailable):
                await catalog.resolve("text-embedding-3", principal=principal)
        assert (await catalog.resolve("text-embedding-3", principal=person("admin"))).entry.hidden
        assert [entry.name for entry in await visible_models(person("admin"))] == ["shown"]


async def test_a_provider_that_is_down_keeps_its_models_and_says_why(catalog, env) -> None:
    async with scripted(listed("a"), status(500, {"error": {"message": "kaput"}})) as server:
        env(openai_base_url=server.url)
        await settled(catalog)
        await catalog.current().refresh()
        assert (await catalog.resolve("a")).name == "a"
        (row,) = await rows(Provider.objects.all())
    assert "kaput" in row.failure
    assert [(name, "kaput" in why) for name, why in await failures()] == [(row.name, True)]


async def test_a_key_that_is_refused_at_the_start_is_said_and_tried_again_soon(catalog, env, monkeypatch) -> None:
    monkeypatch.setattr(registry_module, "REFRESH_AT_MOST_EVERY", 0.1)
    async with scripted(status(401, {"error": {"message": "no such key"}}), listed("late")) as server:
        env(openai_base_url=server.url)
        await catalog.start()
        async with asyncio.timeout(5):
            while "late" not in [one.name for one in (await catalog.current().catalogue()).visible]:  # noqa: ASYNC110
                await asyncio.sleep(0.05)  # the background reads again by itself
    assert await failures() == []


async def test_a_provider_that_is_no_longer_named_goes_and_comes_back_as_it_was(catalog, env) -> None:
    async with scripted(listed("a")) as server:
        env(openai_base_url=server.url)
        await settled(catalog)
        await in_thread(lambda: Model.objects.update(label="Mine"))
        await catalog.stop()
        env(openai_base_url="")
        await settled(catalog)
        with pytest.raises(ModelUnavailable):
            await catalog.resolve("a")
        await catalog.stop()
        env(openai_base_url=server.url)
        await settled(catalog)
        assert (await catalog.resolve("a")).entry.label == "Mine"


async def test_many_nodes_that_start_at_once_make_each_provider_once(catalog, env) -> None:
    async with scripted(listed("a", "b")) as server:
        env(openai_base_url=server.url)
        nodes = [registry_module.Registry() for _ in range(4)]
        await asyncio.gather(*[node.start() for node in nodes])
        await asyncio.gather(*[node.refresh() for node in nodes])
        await asyncio.gather(*[node.stop() for node in nodes])
    assert len(await rows(Provider.objects.all())) == 1
    assert len(await rows(Model.objects.all())) == 2


async def test_a_provider_of_the_admin_may_not_reach_local_addresses(catalog, env) -> None:
    async with scripted(listed("secret")) as server:
        await settled(catalog)
        await in_thread(lambda: Provider.objects.create(name="Evil", kind="openai", base_url=server.url, key="k"))
        forget(catalog)
        with pytest.raises(ModelUnavailable):
            await catalog.resolve("secret")
        assert server.requests == []
        (row,) = await rows(Provider.objects.all())
        assert "not a public one" in row.failure


async def test_a_provider_of_the_admin_is_called_with_its_decrypted_key(catalog, env) -> None:
    async with scripted(listed("mine")) as server:
        env(outbound_allow="127.0.0.1")
        await settled(catalog)
        await in_thread(lambda: Provider.objects.create(name="Own", kind="openai", base_url=server.url, key="sk-own"))
        forget(catalog)
        assert (await catalog.resolve("mine")).name == "mine"
    assert server.requests[0].headers["authorization"] == "Bearer sk-own"


async def test_two_providers_with_the_same_name_of_a_model_are_told_apart(catalog, env) -> None:
    async with scripted(listed("m")) as first, scripted(listed("m")) as second:
        env(openai_base_url=first.url, ollama_host=second.url)
        await settled(catalog)
        assert (await catalog.resolve("m")).entry.kind == "openai"
        assert (await catalog.resolve("Ollama/m")).entry.kind == "ollama"


async def test_a_slow_list_delays_no_name_that_is_known(catalog, env) -> None:
    async with scripted(listed("m")) as quick, scripted([HANG]) as slow:
        env(openai_base_url=quick.url, ollama_host=slow.url)
        await catalog.start()
        async with asyncio.timeout(30):
            while not await rows(Model.objects.all()):  # noqa: ASYNC110
                await asyncio.sleep(0.02)
            forget(catalog)
            assert (await catalog.resolve("m")).name == "m"


async def test_a_database_that_comes_late_delays_the_catalogue_and_stops_no_start(catalog, env, monkeypatch) -> None:
    calls: list[int] = []

    async def late(client) -> None:
        calls.append(1)
        if len(calls) < 3:
            raise OperationalError("the database system is starting up")
        await pick_up(client)

    monkeypatch.setattr(registry_module, "pick_up", late)
    monkeypatch.setattr(registry_module, "TRY_AGAIN", 0.05)
    async with scripted(listed("m")) as server, asyncio.timeout(30):
        env(openai_base_url=server.url)
        await catalog.start()
        while not await rows(Model.objects.all()):  # noqa: ASYNC110
            await asyncio.sleep(0.02)
        forget(catalog)
        assert (await catalog.resolve("m")).name == "m"

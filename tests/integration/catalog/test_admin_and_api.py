"""The admin never shows a key, and the API lists what the caller may pick."""

import re

import pytest
import redis
from django.db import IntegrityError
from django.test import AsyncClient, Client

from backend.accounts.models import User
from backend.care import report, troubles
from backend.care.policy import BreakerPolicy
from backend.catalog.models import Fallback, Model, Price, Provider, Source

pytestmark = pytest.mark.django_db(transaction=True)

FORM = {
    "kind": "openai", "name": "Own", "base_url": "https://models.example/v1", "new_key": "sk-top-secret",
    "continuation": "", "enabled": "on", "position": "50", "queue_seconds": "60",
}  # fmt: skip


@pytest.fixture
def admin() -> Client:
    user = User.objects.create_superuser("admin@example.org", "a-long-password-1")
    client = Client()
    client.force_login(user, backend="allauth.account.auth_backends.AuthenticationBackend")
    return client


def make(admin: Client, **fields) -> Provider:
    answer = admin.post("/admin/catalog/provider/add/", {**FORM, **fields})
    assert answer.status_code == 302, answer.content.decode()[:3000]
    return Provider.objects.get(name=fields.get("name", "Own"))


def test_a_key_is_written_and_never_shown(admin) -> None:
    row = make(admin)
    assert row.key == "sk-top-secret"
    page = admin.get(f"/admin/catalog/provider/{row.id}/change/").content.decode()
    assert "sk-top-secret" not in page
    assert row.__dict__["key"] not in page
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("SELECT key FROM catalog_provider")
        assert "secret" not in cursor.fetchone()[0]


def test_an_empty_field_keeps_the_key_and_a_new_one_replaces_it(admin) -> None:
    row = make(admin)
    url = f"/admin/catalog/provider/{row.id}/change/"
    admin.post(url, {**FORM, "new_key": "", "position": "51"})
    row = Provider.objects.get(id=row.id)
    assert (row.key, row.position) == ("sk-top-secret", 51)
    admin.post(url, {**FORM, "new_key": "sk-next"})
    assert Provider.objects.get(id=row.id).key == "sk-next"


@pytest.mark.parametrize(
    "url", ["ftp://x.example", "models.example", "https://u:p@x.example", "http://x.example:99999"]
)
def test_an_address_that_can_not_be_called_is_refused_in_the_form(admin, url) -> None:
    answer = admin.post("/admin/catalog/provider/add/", {**FORM, "base_url": url})
    assert answer.status_code == 200
    assert not Provider.objects.exists()


def test_a_row_of_the_environment_keeps_its_address_whatever_is_posted(admin) -> None:
    """Its address is trusted, so it may not be changed by a form."""
    row = Provider.objects.create(
        slug="openai", name="OpenAI", kind="openai", base_url="https://api.openai.com/v1", source=Source.ENV
    )
    url = f"/admin/catalog/provider/{row.id}/change/"
    admin.post(url, {**FORM, "name": "Renamed", "base_url": "http://169.254.169.254", "source": "admin"})
    row = Provider.objects.get(id=row.id)
    assert (row.name, row.base_url, row.source, row.key) == ("Renamed", "https://api.openai.com/v1", Source.ENV, "")
    assert admin.post(f"/admin/catalog/provider/{row.id}/delete/", {"post": "yes"}).status_code == 403


def test_lists_and_pages_of_models_open(admin) -> None:
    row = make(admin)
    model = Model.objects.create(provider=row, name="m")
    for path in ("provider/", "model/", f"model/{model.id}/change/", "model/add/", "provider/add/"):
        assert admin.get(f"/admin/catalog/{path}").status_code == 200


def test_a_price_below_nothing_is_refused_in_the_form_in_the_list_and_by_the_database(admin) -> None:
    model = Model.objects.create(provider=make(admin), name="m", input_price="1")
    none = {f"{name}-{what}_FORMS": "0" for name in ("fallbacks", "prices") for what in ("TOTAL", "INITIAL")}
    fields = {"label": "", "position": "1", "continuation": "", "capabilities": "[]", **none}
    for name in ("input_price", "output_price", "cached_price"):
        answer = admin.post(f"/admin/catalog/model/{model.id}/change/", {**fields, "input_price": "1", name: "-0.5"})
        assert "A price can&#x27;t be below 0." in answer.content.decode(), name
    row = {"form-0-id": str(model.id), "form-0-label": "", "form-0-position": "1", "form-0-input_price": "-2"}
    lists = {"form-TOTAL_FORMS": "1", "form-INITIAL_FORMS": "1", "_save": "Save"}
    answer = admin.post("/admin/catalog/model/", {**row, **lists})
    assert "A price can&#x27;t be below 0." in answer.content.decode()
    assert Model.objects.get(id=model.id).input_price == 1
    with pytest.raises(IntegrityError):
        Model.objects.filter(id=model.id).update(output_price=-1)
    with pytest.raises(IntegrityError):
        Price.objects.create(model=model, cached_price=-1)
    budget = {"name": "", "scope": "user", "period": "day", "measure": "cost", "most": "-1"}
    answer = admin.post("/admin/usage/budget/add/", budget)
    assert "A limit can&#x27;t be below 0." in answer.content.decode()


def stand_in(admin: Client, model: Model, *others: Model) -> str:
    """The page after an administrator saved who stands in for `model`."""
    rows = {
        f"fallbacks-{number}-{name}": value
        for number, other in enumerate(others)
        for name, value in (("stand_in", str(other.id)), ("position", str(number)), ("model", str(model.id)))
    }
    count = {"fallbacks-TOTAL_FORMS": str(len(others)), "fallbacks-INITIAL_FORMS": "0"}
    count |= {"prices-TOTAL_FORMS": "0", "prices-INITIAL_FORMS": "0"}
    fields = {"label": "", "position": "1", "continuation": "", "capabilities": "[]"}
    answer = admin.post(f"/admin/catalog/model/{model.id}/change/", {**fields, **count, **rows})
    return "" if answer.status_code == 302 else answer.content.decode()


def test_models_stand_in_for_each_other_but_never_in_a_circle(admin) -> None:
    row = make(admin)
    a, b, c = (Model.objects.create(provider=row, name=name) for name in "abc")
    assert stand_in(admin, a, b, c) == ""
    assert stand_in(admin, b, c) == ""
    assert [str(one) for one in Fallback.objects.filter(model=a)] == ["b for a", "c for a"]
    for model, others in ((c, [a]), (c, [c]), (b, [a])):
        assert "stand in for itself" in stand_in(admin, model, *others)
    assert Fallback.objects.count() == 3


def test_the_list_tells_what_is_known_against_a_model_and_forgets_it_on_demand(admin, redis_url) -> None:
    row = make(admin)
    model = Model.objects.create(provider=row, name="m")
    with redis.Redis.from_url(redis_url) as client:
        told = (
            "failed",
            0,
            str(model.id),
            "",
            "provider_error",
            "It fell over.",
            0,
            *troubles.arguments(BreakerPolicy()),
        )
        for _ in range(8):
            client.eval(troubles.SCRIPT.body, 2, troubles.INDEX, f"{troubles.INDEX}:{model.id}", *told)
    report._kept = (float("-inf"), {})
    assert re.search(r"left alone, \d s: It fell over\.", admin.get("/admin/catalog/model/").content.decode())
    admin.post("/admin/catalog/model/", {"action": "ask_again", "_selected_action": [str(model.id)]})
    page = admin.get("/admin/catalog/model/").content.decode()
    assert "It fell over." not in page
    assert "answers" in page


async def test_the_api_lists_models_in_order_with_their_prices(transactional_db) -> None:
    from backend.catalog import registry
    from backend.core.db import close_pool, in_thread
    from backend.core.redis import close_client

    def prepare() -> User:
        row = Provider.objects.create(name="P", kind="openai", base_url="https://models.example/v1")
        Model.objects.create(provider=row, name="second", position=20)
        Model.objects.create(provider=row, name="first", position=10, input_price="0.150000", label="The First")
        Model.objects.create(provider=row, name="hidden", position=1, hidden=True)
        first, second = Model.objects.get(name="first"), Model.objects.get(name="second")
        third = Model.objects.create(provider=row, name="third", position=30)
        Fallback.objects.create(model=first, stand_in=third, position=10)
        Fallback.objects.create(model=first, stand_in=Model.objects.get(name="hidden"), position=5)
        Fallback.objects.create(model=third, stand_in=second)
        Provider.objects.create(name="Q", kind="openai", base_url="https://q.example/v1", failure="Q refused the key.")
        return User.objects.create_user("u@example.org", "a-long-password-1")

    user = await in_thread(prepare)
    client = AsyncClient()
    await client.aforce_login(user, backend="allauth.account.auth_backends.AuthenticationBackend")
    answer = await client.get("/api/v1/models", headers={"origin": "http://testserver"})
    await registry.stop()
    await close_client()
    await close_pool()
    assert answer.status_code == 200, answer.content
    items = answer.json()["items"]
    assert answer.json()["problems"] == [{"provider": "Q", "message": "Q refused the key."}]
    assert [(item["name"], item["label"], item["default"]) for item in items] == [
        ("first", "The First", True), ("second", "second", False), ("third", "third", False),
    ]  # fmt: skip
    assert [item["fallbacks"] for item in items] == [["third", "second"], [], ["second"]]
    assert items[0]["availability"] == {"state": "ok", "retry_after_ms": None, "waiting": 0}
    assert float(items[0]["input_price"]) == 0.15

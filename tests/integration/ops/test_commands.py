"""Commands for operators: people, keys, doctor."""

import json
from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from backend.accounts.models import ApiKey, User
from backend.accounts.secrets import hashed

pytestmark = pytest.mark.django_db(transaction=True)


def run(*args: str) -> str:
    out = StringIO()
    call_command(*args, stdout=out)
    return out.getvalue()


def test_a_person_is_made_who_can_sign_in():
    run("user_create", "Ada@Example.org", "--password", "correct horse 7", "--role", "admin", "--verified")
    user = User.objects.get(email="ada@example.org")
    assert (user.role, user.is_staff, user.check_password("correct horse 7")) == ("admin", True, True)
    assert user.emailaddress_set.get().verified


def test_a_person_as_json():
    made = json.loads(run("user_create", "bob@example.org", "--password", "correct horse 7", "--json"))
    assert (made["email"], made["role"]) == ("bob@example.org", "member")


@pytest.mark.parametrize(
    ("email", "password", "sentence"),
    [
        ("ada@example.org", "correct horse 7", "already"),
        ("not an address", "correct horse 7", "address"),
        ("eve@example.org", "short", "too short"),
        ("eve@example.org", "password", "common"),
    ],
)
def test_a_person_that_can_not_be_made_is_refused_with_a_sentence(email, password, sentence):
    run("user_create", "ada@example.org", "--password", "correct horse 7")
    with pytest.raises(CommandError, match=sentence):
        run("user_create", email, "--password", password)


def test_a_key_stands_alone_on_the_last_line():
    run("user_create", "ada@example.org", "--password", "correct horse 7")
    value = run("apikey_create", "ada@example.org", "--scopes", "completions", "models:read").splitlines()[-1]
    assert ApiKey.objects.get(hash=hashed(value)).scopes == ["completions", "models:read"]
    made = json.loads(run("apikey_create", "ada@example.org", "--json", "--days", "3"))
    assert ApiKey.objects.get(hash=hashed(made["key"])).scopes is None


@pytest.mark.parametrize(
    ("args", "sentence"), [(["eve@example.org"], "no person"), (["ada@example.org", "--scopes", "all"], "Scopes are")]
)
def test_a_key_that_can_not_be_made_is_refused_with_a_sentence(args, sentence):
    run("user_create", "ada@example.org", "--password", "correct horse 7")
    with pytest.raises(CommandError, match=sentence):
        run("apikey_create", *args)


def test_doctor_finds_a_healthy_site_healthy():
    found = json.loads(run("doctor", "--json"))
    outcomes = {finding["name"]: finding["outcome"] for finding in found["findings"]}
    assert found["ok"]
    assert outcomes["postgresql"] == outcomes["redis"] == outcomes["migrations"] == "ok"
    assert "postgresql: answers" in run("doctor")


def test_doctor_names_what_is_down_and_what_to_do(settings):
    settings.RIVULET = settings.RIVULET.model_copy(update={"redis_url": "redis://127.0.0.1:1/0"})
    out = StringIO()
    with pytest.raises(SystemExit):
        call_command("doctor", stdout=out)
    assert "FAILED  redis" in out.getvalue()
    assert "REDIS_URL" in out.getvalue()

"""Settings: what is refused, with which sentence; what is made up where nothing is given."""

import stat

import pytest

from backend.config.environment import Environment, WrongSetting, environment, load
from backend.config.services import broker_url, database_settings
from backend.engines.record import Record, write

SECRET = "j2k4h5g6f7d8s9a0q1w2e3r4t5y6u7i8"  # pragma: allowlist secret


@pytest.fixture(autouse=True)
def _nothing_is_set(monkeypatch, tmp_path):
    for name in Environment.model_fields:
        monkeypatch.delenv(name.upper(), raising=False)
    monkeypatch.setenv("RIVULET_ENV", "test")
    monkeypatch.setenv("RIVULET_HOME", str(tmp_path))
    environment.cache_clear()
    yield
    environment.cache_clear()


@pytest.mark.parametrize(
    ("name", "value", "sentence"),
    [
        ("PORT", "0", "PORT: input should be greater than or equal to 1 (it is '0')."),
        ("NODES", "two", "NODES: input should be a valid integer"),
        ("TITLES", "maybe", "TITLES: input should be 'on' or 'off' (it is 'maybe')."),
        ("DATABASE_URL", "postgresql://a b", "DATABASE_URL: it is no PostgreSQL URL"),
        ("REDIS_BROKER_URL", "amqp://x", "REDIS_BROKER_URL: it must start with redis://, rediss:// or unix://."),
        ("TRUSTED_PROXIES", "10.0.0.0/99", "TRUSTED_PROXIES: '10.0.0.0/99' is not a network"),
        ("PUBLIC_URL", "chat.example.org", "PUBLIC_URL: it must be an origin"),
    ],
)
def test_a_wrong_setting_is_named_in_a_sentence(monkeypatch, name, value, sentence):
    monkeypatch.setenv(name, value)
    with pytest.raises(WrongSetting) as refused:
        load()
    assert sentence in str(refused.value)


def test_a_wrong_url_is_not_shown_since_it_may_hold_a_password(monkeypatch):
    monkeypatch.setenv("DATABASE_URL", "mysql://me:hidden-word@host/db")  # pragma: allowlist secret
    with pytest.raises(WrongSetting) as refused:
        load()
    assert "hidden-word" not in str(refused.value)


@pytest.mark.parametrize("secret", ["", "short", "a" * 64, "please-change-me-please-change-me-0123456789"])
def test_production_refuses_a_weak_secret(monkeypatch, secret):
    monkeypatch.setenv("RIVULET_ENV", "production")
    monkeypatch.setenv("SECRET_KEY", secret)
    with pytest.raises(WrongSetting, match="SECRET_KEY: production needs a random one"):
        load()


def test_production_takes_a_strong_secret(monkeypatch):
    monkeypatch.setenv("RIVULET_ENV", "production")
    monkeypatch.setenv("SECRET_KEY", SECRET)
    monkeypatch.setenv("PUBLIC_URL", "https://chat.example.org")
    assert load().secret_key == SECRET


def test_production_wants_to_know_its_own_name(monkeypatch):
    monkeypatch.setenv("RIVULET_ENV", "production")
    monkeypatch.setenv("SECRET_KEY", SECRET)
    with pytest.raises(WrongSetting, match="PUBLIC_URL: production needs the site's address"):
        load()
    monkeypatch.setenv("ALLOWED_HOSTS", "chat.example.org")
    assert load().secret_key == SECRET


@pytest.mark.parametrize("value", ["notaurl", "http://[::bad/v1", "ftp://x/v1", "http://127.0.0.1:bad/v1", "http://"])
def test_an_address_that_can_not_be_stops_the_start(monkeypatch, value):
    monkeypatch.setenv("OPENAI_BASE_URL", value)
    with pytest.raises(WrongSetting, match="OPENAI_BASE_URL: it must be an address such as"):
        load()


@pytest.mark.parametrize("value", ["::bad::", "http://host:port", "a b"])
def test_an_address_of_ollama_that_can_not_be_stops_the_start(monkeypatch, value):
    monkeypatch.setenv("OLLAMA_HOST", value)
    with pytest.raises(WrongSetting, match="OLLAMA_HOST: it must be an address such as"):
        load()


@pytest.mark.parametrize("value", ["localhost", "0.0.0.0", "10.0.0.7:11434", "https://o.example.org", "[::1]:11434"])
def test_what_people_write_for_ollama_is_taken(monkeypatch, value):
    monkeypatch.setenv("OLLAMA_HOST", value)
    assert load().ollama_host == value


def test_a_sender_without_an_address_stops_the_start(monkeypatch):
    monkeypatch.setenv("EMAIL_FROM", "nomail")
    with pytest.raises(WrongSetting, match="EMAIL_FROM: it must be an address"):
        load()


def test_a_secret_that_nobody_gave_is_made_once_and_is_ours_alone(tmp_path):
    first = environment().secret_key
    environment.cache_clear()
    assert environment().secret_key == first
    assert len(first) > 60
    assert stat.S_IMODE((tmp_path / "secret_key").stat().st_mode) == 0o600


def test_an_empty_secret_file_stops_with_a_sentence(tmp_path):
    (tmp_path / "secret_key").touch()
    with pytest.raises(WrongSetting, match="is empty"):
        environment()


def test_without_urls_the_recorded_engines_are_used(tmp_path):
    write(tmp_path, Record(sockets="/run/here"))
    settings = environment()
    assert settings.database_url == "postgresql://rivulet@/rivulet?host=%2Frun%2Fhere"
    assert settings.redis_url == "unix:///run/here/redis.sock?db=0"


def test_a_given_url_is_used_beside_an_embedded_engine(tmp_path, monkeypatch):
    write(tmp_path, Record(sockets="/run/here"))
    monkeypatch.setenv("REDIS_URL", "redis://elsewhere:6379/1")
    settings = environment()
    assert settings.redis_url == "redis://elsewhere:6379/1"
    assert "%2Frun%2Fhere" in settings.database_url


def test_a_socket_url_becomes_one_that_the_broker_understands():
    assert broker_url("unix:///run/redis.sock?db=2") == "redis+socket:///run/redis.sock?virtual_host=2"
    assert broker_url("redis://host:6379/3") == "redis://host:6379/3"


def test_a_database_url_keeps_its_options_and_gets_the_pool_asked_for():
    settings = database_settings("postgresql://me@/rivulet?host=%2Frun%2Fhere&sslmode=require", pool=3)
    assert (settings["HOST"], settings["USER"], settings["NAME"]) == ("/run/here", "me", "rivulet")
    assert settings["OPTIONS"]["sslmode"] == "require"
    assert settings["OPTIONS"]["pool"]["max_size"] == 3
    assert "pool" not in database_settings("postgresql://me@host/rivulet", pool=0)["OPTIONS"]

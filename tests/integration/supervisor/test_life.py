"""What `make run` promises: ready, restarts, an orderly end, data that stays, and sentences when it can't start."""

import os
import signal
import subprocess
import sys
import urllib.request
from pathlib import Path

import psycopg
import pytest
import redis

from backend.config.environment import ROOT
from backend.engines import is_alive, recorded_urls
from tests.support import run
from tests.support.product import Product, free_port, wait_until

CHILDREN = ["postgres", "redis", "guide", "web-1", "worker", "beat"]


@pytest.fixture(scope="module")
def shared_home() -> Path:
    return run.new_home()


@pytest.fixture
def home() -> Path:
    return run.new_home()


@pytest.fixture(scope="module")
def product(shared_home):
    with Product(shared_home) as running:
        yield running


def get(url: str) -> int:
    with urllib.request.urlopen(url, timeout=5) as answer:
        return int(answer.status)


def test_ready_means_that_the_site_answers(product):
    assert get(f"{product.url}/health/live") == 200


def test_every_process_has_a_pid_file(product):
    assert all(is_alive(product.pid(name)) for name in CHILDREN)


def test_a_second_start_from_the_same_home_is_refused_with_a_sentence(product):
    second = Product(product.home).launch()
    assert second.wait() == 1
    assert f"Rivulet runs from {product.home} already (process {product.process.pid})" in second.output


@pytest.mark.parametrize("name", CHILDREN)
def test_a_killed_process_is_started_again(product, name):
    before = product.pid(name)
    os.kill(before, signal.SIGKILL)
    wait_until(lambda: product.again(name, before), f"{name} is started again")
    after = product.pid(name)
    wait_until(lambda: answers(product), "the site answers again")
    assert is_alive(after)
    assert f"{name.ljust(8)} | ended (by SIGKILL)" in product.output


def answers(product: Product) -> bool:
    urls = recorded_urls(product.home)
    assert urls is not None
    try:
        with psycopg.connect(urls.database, connect_timeout=2) as session:
            session.execute("select 1")
        redis.Redis.from_url(urls.redis).ping()
        return get(f"{product.url}/health/live") == 200
    except (psycopg.Error, redis.RedisError, OSError):
        return False


def test_sigterm_stops_everything_and_a_second_start_keeps_the_data(home):
    first = Product(home).start()
    urls = recorded_urls(home)
    assert urls is not None
    with psycopg.connect(urls.database, autocommit=True) as session:
        session.execute("create table kept (what text); insert into kept values ('yes')")
    redis.Redis.from_url(urls.redis).set("kept", "yes")
    pids = [first.pid(name) for name in CHILDREN]
    assert first.stop(signal.SIGTERM) == 0
    assert not any(is_alive(pid) for pid in pids)
    assert not list((home / "run").glob("*.pid"))

    with Product(home):
        with psycopg.connect(urls.database) as session:
            assert session.execute("select what from kept").fetchone() == ("yes",)
        assert redis.Redis.from_url(urls.redis).get("kept") == b"yes"


def test_a_killed_supervisor_leaves_nothing_that_hinders_the_next(home):
    first = Product(home).start()
    pids = [first.pid(name) for name in CHILDREN]
    os.kill(first.process.pid, signal.SIGKILL)
    first.wait()
    with Product(home) as second:
        assert not set(pids) & {second.pid(name) for name in CHILDREN}
        assert get(f"{second.url}/health/live") == 200
        assert not any(is_alive(pid) for pid in pids)


def test_a_stale_pid_file_of_somebody_elses_process_is_harmless(home):
    pid_files = home / "run"
    pid_files.mkdir()
    (pid_files / "web-1.pid").write_text(f"{os.getpid()}\n")
    with Product(home) as running:
        assert running.pid("web-1") != os.getpid()


@pytest.mark.parametrize(
    ("name", "value", "sentence"),
    [
        ("PORT", "99999", "PORT: input should be less than or equal to 65535 (it is '99999')."),
        ("NODES", "many", "NODES: input should be a valid integer"),
        ("DATABASE_URL", "mysql://x", "DATABASE_URL: it must start with postgresql://"),
        ("REDIS_URL", "localhost", "REDIS_URL: it must start with redis://, rediss:// or unix://"),
        ("RIVULET_ENV", "production", "SECRET_KEY: production needs a random one of at least 32 characters"),
    ],
)
def test_a_wrong_setting_stops_the_start_with_a_sentence_that_names_it(home, name, value, sentence):
    refused = Product(home, **{name: value} if name != "PORT" else {})
    refused.env[name] = value
    assert refused.launch().wait() == 1
    assert sentence in refused.output
    assert "Traceback" not in refused.output


def test_a_taken_port_stops_the_start_with_a_sentence(home, product):
    refused = Product(home, PORT=str(product.port)).launch()
    assert refused.wait() == 1
    assert f"Port {product.port} on 127.0.0.1 can't be used" in refused.output


def test_a_database_that_does_not_answer_stops_the_start_with_a_sentence_without_its_password(home):
    url = f"postgresql://someone:hidden-word@127.0.0.1:{free_port()}/rivulet"  # pragma: allowlist secret
    refused = Product(home, DATABASE_URL=url).launch()
    assert refused.wait() == 1
    assert "DATABASE_URL: PostgreSQL at 127.0.0.1 does not answer" in refused.output
    assert "hidden-word" not in refused.output
    assert not list((home / "run").glob("*.pid"))


def test_a_command_without_a_database_says_what_to_start(home):
    idle = Product(home)
    command = [sys.executable, "manage.py", "showmigrations"]
    ran = subprocess.run(command, cwd=ROOT, env=idle.env, capture_output=True, text=True, timeout=30)
    assert ran.returncode == 1
    assert "The database does not answer: start Rivulet with `make run`" in ran.stderr
    assert "Traceback" not in ran.stderr

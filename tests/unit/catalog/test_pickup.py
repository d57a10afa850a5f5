"""What the operator's environment names becomes a provider; the order of first models makes sense."""

from dataclasses import dataclass

import pytest

from backend.catalog.pickup import found_in, ollama_url
from backend.catalog.ranking import ranked
from backend.providers.base import Continuation, UpstreamModel


@dataclass
class Env:
    openai_api_key: str = ""
    openai_base_url: str = ""
    openai_continuation: Continuation = "none"
    deepseek_api_key: str = ""
    anthropic_api_key: str = ""
    ollama_host: str = ""
    guide_url: str = ""


def test_nothing_named_is_nothing_found() -> None:
    assert found_in(Env(), local_ollama=False) == []


def test_each_key_names_its_provider_and_the_guide_is_last() -> None:
    env = Env(openai_api_key="a", deepseek_api_key="b", anthropic_api_key="c", guide_url="http://127.0.0.1:1/v1")
    found = found_in(env, local_ollama=True)
    assert [item.kind for item in found] == ["openai", "deepseek", "anthropic", "ollama", "guide"]
    assert [item.position for item in found] == sorted(item.position for item in found)


def test_a_base_url_without_a_key_is_enough_and_gives_the_name() -> None:
    (found,) = found_in(Env(openai_base_url="http://gpu:8000/v1", openai_continuation="prefix"), local_ollama=False)
    assert (found.name, found.base_url, found.key, found.continuation) == (
        "gpu:8000",
        "http://gpu:8000/v1",
        "",
        "prefix",
    )


def test_a_key_is_not_in_a_provider_that_is_printed() -> None:
    assert "sk-secret" not in repr(found_in(Env(openai_api_key="sk-secret"), local_ollama=False))


@pytest.mark.parametrize(
    ("host", "url"),
    [
        ("", "http://127.0.0.1:11434/v1"),
        ("gpu", "http://gpu:11434/v1"),
        ("gpu:9000", "http://gpu:9000/v1"),
        ("0.0.0.0:11434", "http://127.0.0.1:11434/v1"),
        ("http://gpu:11434/", "http://gpu:11434/v1"),
        ("https://ollama.example/v1", "https://ollama.example:443/v1"),
        ("http://[::1]:11434", "http://[::1]:11434/v1"),
    ],
)
def test_what_people_write_into_ollama_host_is_understood(host, url) -> None:
    assert ollama_url(host) == url


def test_the_newest_model_of_a_known_family_comes_first_and_unknown_ones_keep_their_order() -> None:
    names = [("text-embedding-3", 1), ("gpt-4o", 10), ("gpt-5", 20), ("gpt-5-mini", 21), ("zz", 0), ("aa", 99)]
    found = ranked([UpstreamModel(name=name, created=created) for name, created in names])
    assert [model.name for model in found] == ["gpt-5", "gpt-4o", "gpt-5-mini", "text-embedding-3", "zz", "aa"]

"""The container files are kept in step with the code: settings that exist, sources that exist, no root."""

import re
import shlex
from typing import Any

import yaml

from backend.config.environment import ROOT, Environment

SETTINGS = {name.upper() for name in Environment.model_fields}
DOCKERFILE = (ROOT / "Dockerfile").read_text().replace("\\\n", " ")


def compose() -> dict[str, Any]:
    """The compose file."""
    loaded: dict[str, Any] = yaml.safe_load((ROOT / "deploy/compose/compose.yaml").read_text())
    return loaded


def ours() -> dict[str, dict[str, Any]]:
    """The services that run our image."""
    return {name: service for name, service in compose()["services"].items() if service["image"] == "rivulet"}


def test_every_setting_of_the_compose_file_exists():
    assert set(ours()) >= {"web", "worker", "beat", "guide", "migrate"}
    for service in ours().values():
        assert set(service["environment"]) <= SETTINGS


def test_everything_that_the_dockerfile_copies_exists():
    copied = [shlex.split(line)[1:-1] for line in DOCKERFILE.splitlines() if re.match(r"COPY (?!--from)", line)]
    ignored = (ROOT / ".dockerignore").read_text().splitlines()
    for source in (one for line in copied for one in line):
        assert (ROOT / source).exists(), source
        assert any(f"!{one}" in ignored for one in (source.rstrip("/"), source.split("/")[0])), source


def test_the_image_runs_under_a_numeric_user_who_is_not_root():
    users = re.findall(r"^USER (.+)$", DOCKERFILE, re.MULTILINE)
    assert users
    assert re.fullmatch(r"[1-9]\d+:[1-9]\d+", users[-1])


def test_every_module_that_a_container_starts_exists():
    commands = [service["command"] for service in ours().values() if "command" in service]
    commands += [re.findall(r'"([^"]+)"', line) for line in DOCKERFILE.splitlines() if line.startswith("CMD")]
    for command in commands:
        for module in (word for word in command if word.startswith("backend.")):
            path = ROOT / module.replace(".", "/")
            assert path.with_suffix(".py").exists() or (path / "__main__.py").exists(), module

"""The client is a distribution of its own: whole, typed, and with the needs that it has."""

import ast
import importlib
import shutil
import sys
import tomllib
import zipfile
from pathlib import Path
from typing import Any

import pytest
from packaging.requirements import Requirement

ROOT = Path(__file__).resolve().parents[3]
PACKAGE = ROOT / "rivulet_client"
BUILD: Any = importlib.import_module("setuptools.build_meta")
PROJECT = tomllib.loads((PACKAGE / "pyproject.toml").read_text())["project"]


def test_its_wheel_has_every_module_and_says_that_it_is_typed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shutil.copytree(PACKAGE, tmp_path / "source", ignore=shutil.ignore_patterns("__pycache__"))
    monkeypatch.chdir(tmp_path / "source")
    name = BUILD.build_wheel(str(tmp_path))
    with zipfile.ZipFile(tmp_path / name) as wheel:
        names = set(wheel.namelist())
    modules = {f"rivulet_client/{path.relative_to(PACKAGE)}" for path in PACKAGE.rglob("*.py")}
    assert modules | {"rivulet_client/py.typed"} == {one for one in names if ".dist-info/" not in one}


def test_it_needs_what_it_imports_and_nothing_of_the_server() -> None:
    found = set()
    for path in PACKAGE.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Import):
                found |= {alias.name.partition(".")[0] for alias in node.names}
            elif isinstance(node, ast.ImportFrom):
                found.add((node.module or "").partition(".")[0])
    needs = {Requirement(one).name for one in PROJECT["dependencies"]}
    assert found - set(sys.stdlib_module_names) - {"rivulet_client"} == needs


def test_the_locked_versions_are_among_those_that_it_takes() -> None:
    lock = (ROOT / "requirements" / "base.lock").read_text()
    for one in map(Requirement, PROJECT["dependencies"]):
        version = next(
            line.partition("==")[2].split()[0] for line in lock.splitlines() if line.startswith(f"{one.name}==")
        )
        assert version in one.specifier, one


def test_it_says_its_version_once_more() -> None:
    import rivulet_client

    assert rivulet_client.__version__ == PROJECT["version"]

"""Everything that is generated: which command prints which file. `make schemas` writes them, `make check` compares.

Another generator is another line in GENERATORS. A command prints the file to its standard output, or, where `{out}`
stands in it, writes the file there. Generators run in order: a later one may read an earlier one's file.
"""

import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

from shell import run, said

ROOT = Path(__file__).resolve().parents[1]
PYTHON = sys.executable


@dataclass(frozen=True)
class Generator:
    """One generated file. `needs` is a path without which there is nothing to generate yet."""

    path: str
    command: list[str]
    folder: str = "."
    needs: str = "."


GENERATORS = [
    Generator(".env.example", [PYTHON, "-m", "backend.config.env_example"]),
    Generator("docs/sbom.cdx.json", [PYTHON, "scripts/sbom.py"], needs="frontend"),
    Generator("docs/realtime.schema.json", [PYTHON, "-m", "backend.config.protocol", "schema"]),
    Generator("docs/realtime.asyncapi.json", [PYTHON, "-m", "backend.config.protocol", "asyncapi"]),
    Generator(
        "frontend/src/realtime/generated/frames.ts",
        [PYTHON, "-m", "backend.config.protocol", "typescript"],
        needs="frontend",
    ),
    Generator(
        "frontend/src/features/doctor/generated/rules.json",
        [PYTHON, "-m", "backend.ops.connection.rules", "page"],
        needs="frontend",
    ),
    Generator(
        "frontend/src/locales/en/symptoms.json", [PYTHON, "-m", "backend.ops.connection.rules", "en"], needs="frontend"
    ),
    Generator(
        "frontend/src/locales/de/symptoms.json", [PYTHON, "-m", "backend.ops.connection.rules", "de"], needs="frontend"
    ),
    Generator("docs/proxies.md", [PYTHON, "-m", "backend.ops.connection.document"]),
    Generator("docs/configuration.md", [PYTHON, "-m", "backend.config.documents", "configuration"]),
    Generator("docs/errors.md", [PYTHON, "-m", "backend.config.documents", "errors"]),
    Generator("docs/openapi.json", [PYTHON, "-m", "backend.config.documents", "openapi"]),
    Generator(
        "frontend/src/api/schema.d.ts",
        ["npx", "--no-install", "openapi-typescript", str(ROOT / "docs" / "openapi.json"), "--output", "{out}"],
        folder="frontend",
        needs="frontend",
    ),
]


def generate(generator: Generator, target: Path) -> None:
    """Write one generator's file to `target`. Raises `RuntimeError` with what the command said."""
    writes = any("{out}" in word for word in generator.command)
    command = [word.replace("{out}", str(target)) for word in generator.command]
    ran = run(command, folder=generator.folder)
    if ran.returncode != 0:
        raise RuntimeError(said(ran))
    if not writes:
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(ran.stdout)


def differing() -> list[str]:
    """The generated files that are not what their command gives now, each with a reason."""
    found = []
    with tempfile.TemporaryDirectory() as folder:
        for generator in present():
            target = Path(folder) / Path(generator.path).name
            try:
                generate(generator, target)
            except RuntimeError as error:
                found.append(f"{generator.path}: its command failed: {error}")
                continue
            kept = ROOT / generator.path
            if not kept.exists() or kept.read_bytes() != target.read_bytes():
                found.append(f"{generator.path} is not up to date: `make schemas` writes it.")
    return found


def present() -> list[Generator]:
    """The generators whose needs are there."""
    return [generator for generator in GENERATORS if (ROOT / generator.needs).exists()]


def main() -> None:
    """Write every generated file."""
    for generator in present():
        try:
            generate(generator, ROOT / generator.path)
        except RuntimeError as error:
            sys.exit(f"{generator.path}: {error}")
        print(generator.path)


if __name__ == "__main__":
    main()

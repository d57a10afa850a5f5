"""The TypeScript client as a package: packed, installed where nothing else is, and used from plain Node."""

import json
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from backend.config.environment import ROOT
from tests.support.line import Line
from tests.support.product import Product
from tests.support.upstream import Upstream

FRONTEND = ROOT / "frontend"
SOURCE = FRONTEND / "src" / "realtime"
PROGRAM = Path(__file__).with_name("package_client.mjs")
CONSUMER = """
import { ask, connectTo, textOf, type GenerationState } from "@rivulet/client";
class Socket { constructor(url: string, protocols: string[]) { void url; void protocols; } }
const client = connectTo("https://chat.example.org", { token: "rvk_", WebSocket: Socket, transports: ["websocket"] });
export async function words(): Promise<string> {
  const state: GenerationState = await ask(client, { content: "Hello" }).done;
  return textOf(state.parts);
}
"""


def run(*command: str, folder: Path) -> str:
    """Run a program without a network to fetch from, and return what it printed."""
    ran = subprocess.run(
        command, cwd=folder, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=120, check=False
    )
    assert ran.returncode == 0, ran.stdout + ran.stderr
    return ran.stdout


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An empty folder in which only the packed client is installed."""
    made, app = tmp_path_factory.mktemp("package"), tmp_path_factory.mktemp("app")
    tsc = str(FRONTEND / "node_modules" / "typescript" / "bin" / "tsc")
    run("node", tsc, "--project", str(SOURCE / "tsconfig.json"), "--outDir", str(made / "dist"), folder=FRONTEND)
    for name in ("package.json", "README.md"):
        shutil.copy(SOURCE / name, made)
    tarball = json.loads(run("npm", "pack", "--offline", "--ignore-scripts", "--json", folder=made))[0]["filename"]
    (app / "package.json").write_text('{"private": true, "type": "module"}')
    run("npm", "install", "--offline", "--no-audit", "--no-fund", str(made / tarball), folder=app)
    shutil.copy(PROGRAM, app)
    return app


@pytest.fixture
def line(product: Product) -> Iterator[Line]:
    with Line(product.port) as laid:
        yield laid


def test_the_package_holds_what_it_needs_and_nothing_else(installed: Path) -> None:
    package = installed / "node_modules" / "@rivulet" / "client"
    files = {str(path.relative_to(package)) for path in package.rglob("*") if path.is_file()}
    assert {"package.json", "README.md", "dist/index.js", "dist/index.d.ts"} <= files
    assert all(
        one.startswith("dist/") and one.endswith((".js", ".d.ts")) for one in files - {"package.json", "README.md"}
    )
    assert not [one for one in files if "test" in one]
    assert "dependencies" not in json.loads((package / "package.json").read_text())


def test_its_types_are_there_for_a_program_that_knows_no_browser(installed: Path) -> None:
    (installed / "consumer.ts").write_text(CONSUMER)
    tsc = str(FRONTEND / "node_modules" / "typescript" / "bin" / "tsc")
    types = ["--typeRoots", str(FRONTEND / "node_modules" / "@types"), "--types", "node", "--lib", "es2023"]
    run("node", tsc, "--noEmit", "--strict", "--module", "nodenext", *types, "consumer.ts", folder=installed)


@pytest.mark.parametrize("how", ["websocket", "sse", "poll", "falls"])
def test_an_answer_that_is_cut_in_the_middle_comes_whole_over_each_way(
    installed: Path, product: Product, line: Line, upstream: Upstream, key: str, how: str
) -> None:
    ident = f"package{how}"
    command = ["node", PROGRAM.name, line.url, key, how, ident, str(FRONTEND / "node_modules" / "ws")]
    with subprocess.Popen(command, cwd=installed, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as ran:
        assert ran.stdout is not None
        begun = ran.stdout.readline()
        assert begun, ran.communicate(timeout=10)[1]
        if how != "falls":
            line.cut()
            line.mend()
        said, complaints = ran.communicate(timeout=60)
    assert ran.returncode == 0, complaints
    found: dict[str, Any] = json.loads(said)
    stored = httpx.get(
        f"{product.url}/api/v1/messages/{found['message']}", headers={"Authorization": f"Bearer {key}"}
    ).json()
    assert (found["status"], found["text"]) == ("done", stored["text"])
    assert len(found["text"].split()) == (300 if how == "falls" else 120)
    assert found["pieces"] > 10
    assert upstream.calls(ident) == 1
    assert found["seen"] == (["websocket", "sse", "poll", "websocket"] if how == "falls" else [how])

"""Schemathesis reads the OpenAPI document and asks everything in it: no server error, no answer that is not in it."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.integration.strangers.conftest import LONG, Person
from tests.support.product import Product

CHECKS = [
    "not_a_server_error",
    "status_code_conformance",
    "content_type_conformance",
    "response_schema_conformance",
    "response_headers_conformance",
    "unsupported_method",
]
EXAMPLES = 200 if LONG else 1
PHASES = "examples,coverage,fuzzing,stateful" if LONG else "coverage,stateful"
# What lasts as long as it is told to is told to end at once.
SHORT_WAITS = {"query.wait": 0, "query.events": 1, "query.gap_ms": 1}


def settings(folder: Path, things: dict[str, object]) -> Path:
    """Parameters that name things which are there."""
    fixed = {**{f"path.{name}": value for name, value in things.items()}, **SHORT_WAITS}
    path = folder / "schemathesis.toml"
    path.write_text("[parameters]\n" + "".join(f'"{name}" = {json.dumps(value)}\n' for name, value in fixed.items()))
    return path


@pytest.mark.timeout(3600 if LONG else 240)
@pytest.mark.parametrize("named", [True, False] if LONG else [True], ids=lambda named: "known" if named else "any")
def test_no_server_error_and_no_undocumented_answer(
    product: Product, admin: Person, things: dict[str, object], tmp_path: Path, *, named: bool
) -> None:
    command = [
        *(
            str(Path(sys.executable).with_name("schemathesis")),
            "--config-file",
            str(settings(tmp_path, things if named else {})),
        ),
        *("run", f"{product.url}/api/v1/openapi.json", "--url", product.url),
        *("--header", f"Authorization: Bearer {admin.key}", "--checks", ",".join(CHECKS), "--phases", PHASES),
        *("--max-examples", str(EXAMPLES), "--request-timeout", "30", "--workers", "1", "--no-color"),
        *([] if LONG else ["--generation-deterministic"]),
    ]
    ran = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL)
    failures = ran.stdout.partition("= FAILURES =")[2].partition("= WARNINGS =")[0]
    assert ran.returncode == 0, "\n".join(line[:300] for line in (failures or ran.stdout + ran.stderr).splitlines())
    assert " passed" in ran.stdout

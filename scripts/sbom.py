"""Prints the bill of materials: every package that the running product consists of, as CycloneDX 1.6 in JSON.

Read from the lock files alone, so that it is the same on every machine. What only checks, tests and builds need is
not part of the product and not listed.
"""

import json
import re
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path
from uuid import NAMESPACE_URL, uuid5

from cyclonedx.contrib.license.factories import LicenseFactory
from cyclonedx.model.bom import Bom
from cyclonedx.model.component import Component, ComponentType
from cyclonedx.output.json import JsonV1Dot6
from packageurl import PackageURL

ROOT = Path(__file__).resolve().parents[1]
_PINNED = re.compile(r"^(?P<name>[A-Za-z0-9._-]+)==(?P<version>[^\s;\\]+)")


def python_packages(lock: str) -> Iterator[Component]:
    """The components of a requirements lock. Their files' hashes, several a package, are in the lock."""
    for entry in re.split(r"\n(?=\S)", lock.strip()):
        if pinned := _PINNED.match(entry):
            name, version = pinned["name"], pinned["version"]
            purl = PackageURL("pypi", name=name, version=version)
            yield Component(type=ComponentType.LIBRARY, name=name, version=version, purl=purl, bom_ref=str(purl))


def page_packages(lock: str) -> Iterator[Component]:
    """The components of package-lock.json that the built page is made of, with their licences."""
    licences = LicenseFactory()
    seen = set()
    for path, entry in json.loads(lock)["packages"].items():
        name = path.rpartition("node_modules/")[2]
        if not path or entry.get("dev") or entry.get("link") or (name, entry["version"]) in seen:
            continue
        seen.add((name, entry["version"]))
        group, _, short = name.rpartition("/")
        purl = PackageURL("npm", namespace=group or None, name=short, version=entry["version"])
        yield Component(
            type=ComponentType.LIBRARY,
            group=group or None,
            name=short,
            version=entry["version"],
            purl=purl,
            bom_ref=str(purl),
            licenses=[licences.make_from_string(entry["license"])] if entry.get("license") else [],
        )


def bom(root: Path = ROOT) -> str:
    """The whole document. Its serial number names its content, and it has no time of its own."""
    project = tomllib.loads((root / "pyproject.toml").read_text())["project"]
    requirements = (root / "requirements" / "base.lock").read_text()
    packages = (root / "frontend" / "package-lock.json").read_text()
    product = Component(
        type=ComponentType.APPLICATION, name=project["name"], version=project["version"], bom_ref=project["name"]
    )
    made = Bom(
        components=[*python_packages(requirements), *page_packages(packages)],
        serial_number=uuid5(NAMESPACE_URL, requirements + packages),
    )
    made.metadata.component = product
    made.register_dependency(product, made.components)
    document = json.loads(JsonV1Dot6(made).output_as_string())
    del document["metadata"]["timestamp"]
    return json.dumps(document, indent=1, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    sys.stdout.write(bom())

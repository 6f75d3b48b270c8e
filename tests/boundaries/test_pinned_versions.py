"""Pinned requirements: each file in ``requirements/`` has all dependencies of its distribution."""

import re
import tomllib
from collections.abc import Iterator, Mapping
from itertools import chain
from pathlib import Path
from typing import Any

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

pytestmark = pytest.mark.any_python("reads the requirements")

ROOT = Path(__file__).parents[2]
PINNED = {
    "cli": "gcpypi",
    **{
        name: f"gcpypi-{name}"
        for name in ("ingest", "indexer", "publisher", "proxy", "upload", "local")
    },
}


def read_members() -> Mapping[str, Mapping[str, Any]]:
    """Return the project table of each distribution of the workspace, by name."""
    paths = [*ROOT.glob("*/pyproject.toml"), *ROOT.glob("services/*/pyproject.toml")]
    tables = [tomllib.loads(path.read_text())["project"] for path in paths]
    return {canonicalize_name(table["name"]): table for table in tables}


def list_dependencies(
    members: Mapping[str, Mapping[str, Any]], name: str, extras: frozenset[str] = frozenset()
) -> Iterator[str]:
    """Return the third-party dependencies of a distribution and of those that it needs."""
    table = members[name]
    optional = [table["optional-dependencies"][extra] for extra in sorted(extras)]
    for text in chain(table.get("dependencies", []), *optional):
        requirement = Requirement(text)
        needed = canonicalize_name(requirement.name)
        if needed in members:
            yield from list_dependencies(members, needed, frozenset(requirement.extras))
        else:
            yield needed


@pytest.mark.parametrize(("file", "distribution"), PINNED.items())
def test_each_dependency_is_pinned(file: str, distribution: str) -> None:
    text = (ROOT / "requirements" / f"{file}.txt").read_text()
    pinned = {
        canonicalize_name(name) for name in re.findall(r"^([\w.-]+)(?:\[.*\])?==", text, re.M)
    }

    assert set(list_dependencies(read_members(), distribution)) - pinned == set()

"""Fixtures of slow tests with their own tools; ``make check-deploy`` runs these tests."""

import json
import os
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]
TOOLS = Path(os.environ.get("CHECK_DEPLOY_TOOLS", ROOT / ".venv/deploy"))
CHECKED = ("deploy", "examples", "docs", "README.md", "cloudbuild.yaml", "pyproject.toml")

collect_ignore_glob = [] if "CHECK_DEPLOY" in os.environ else ["test_*.py"]

Run = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture(scope="session")
def check() -> Run:
    """Runner of a module of deploy/offline_checks."""

    def run(*arguments: str) -> "subprocess.CompletedProcess[str]":
        environment = {
            **os.environ,
            "PYTHONPATH": str(ROOT / "deploy"),
            "CHECK_DEPLOY_TOOLS": str(TOOLS),
        }
        command = [str(TOOLS / "bin/python"), "-W", "error", "-m", *arguments]
        return subprocess.run(
            command,
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )

    return run


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """Copy of the files under check."""
    for name in CHECKED:
        source = ROOT / name
        if source.is_dir():
            shutil.copytree(source, tmp_path / name, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(source, tmp_path / name)
    return tmp_path


@pytest.fixture(scope="session")
def resources(check: Run) -> list[dict[str, Any]]:
    """All resources of an installation by the mock provider."""
    done = check("offline_checks.planned", str(ROOT / "deploy/terraform"))
    assert done.returncode == 0, done.stdout
    found: list[dict[str, Any]] = json.loads(done.stdout)
    return found

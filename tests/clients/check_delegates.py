"""pipx and pip-audit, which have others fetch: ``make test-clients``."""

import os
import subprocess
from pathlib import Path

import pytest

from clients.check_clients import index
from clients.installers import Installer, Missing
from e2e.conftest import Runtime, built_in

__all__ = ["built_in", "index"]


def program(name: str) -> Path:
    try:
        return Installer(name, name).executable().parent / name
    except Missing as missing:
        pytest.skip(str(missing))


def said(index: Runtime, where: Path, *command: str | Path) -> tuple[int, str]:
    """Run a program that is to know this index and no other."""
    mine = ("PIP_", "UV_", "PIPX_", "PYTHON", "VIRTUAL_ENV")
    environment = {k: v for k, v in os.environ.items() if not k.startswith(mine)}
    environment |= {"PIPX_HOME": str(where / "pipx"), "PIPX_BIN_DIR": str(where / "bin")}
    environment |= {"PIP_CONFIG_FILE": os.devnull, "PIP_INDEX_URL": index.index_url}
    environment |= {"UV_INDEX_URL": index.index_url, "UV_NO_CONFIG": "1", "NO_PROXY": "127.0.0.1"}
    environment["PATH"] = f"{program('uv').parent}{os.pathsep}{environment['PATH']}"
    environment["PIPX_DEFAULT_BACKEND"] = "uv"
    done = subprocess.run(
        [str(part) for part in command],
        cwd=where,
        env=environment,
        capture_output=True,
        text=True,
        timeout=60,
    )
    return done.returncode, done.stdout + done.stderr


def test_pip_audit_fetches_its_own_tools_from_the_index_first(
    index: Runtime, tmp_path: Path
) -> None:
    """It cannot run on an index of its projects alone: pip, wheel and setuptools must be there."""
    (tmp_path / "wanted.txt").write_text("alpha-tool==1.0\n")
    words = ("--dry-run", "-r", "wanted.txt", "--index-url", index.index_url)
    status, words_said = said(index, tmp_path, program("pip-audit"), *words)
    assert (status, "Failed to upgrade `pip`" in words_said) == (1, True), words_said


def test_pipx_fetches_what_it_then_finds_without_a_program(index: Runtime, tmp_path: Path) -> None:
    """The samples have no programs to install, so that all but the last step is tried."""
    _, words_said = said(index, tmp_path, program("pipx"), "install", "beta-tool==1.1")
    assert "No apps associated with package" in words_said, words_said

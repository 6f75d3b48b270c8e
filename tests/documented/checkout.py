"""Fresh copy of the repository, in which the commands of its pages are run."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

from documented.doc_pages import ROOT

_IGNORED = shutil.ignore_patterns(".*", "__pycache__", "build", "dist", "tests")
_LOCAL_VARIABLES = (
    *("PIP_", "UV_", "POETRY_", "PDM_", "PYTHON", "VIRTUAL_ENV"),
    *("CLOUDSDK_", "GCPYPI_", "MAKE"),
)
"""Prefixes of variables of this machine, which a reader does not have."""


def copy_checkout(folder: Path) -> Path:
    """Copy the repository, commit the copy, and link the virtual environment of these tests."""
    shutil.copytree(ROOT, folder, ignore=_IGNORED)
    (folder / ".venv").symlink_to(sys.prefix)
    (folder / ".local").mkdir()
    # deploy/install installs the packages of gcpypi there.
    (folder / ".local/deploy").symlink_to(sys.prefix)
    for pattern in ("**/pyproject.toml", "requirements/*.txt"):
        for path in folder.glob(pattern):
            os.utime(path, (0, 0))  # older than the installed packages, so make installs nothing
    (folder / ".gitignore").write_text(".venv\n.local/\n")
    git = ["git", "-c", "user.name=reader", "-c", "user.email=reader@example", "-c", "gc.auto=0"]
    for words in (["init", "--quiet"], ["add", "."], ["commit", "--quiet", "--message=all"]):
        subprocess.run([*git, *words], cwd=folder, check=True, capture_output=True)
    return folder


def make_environment(home: Path) -> dict[str, str]:
    """Return a reader's variables; ``python``, ``pip`` and ``gcpypi`` are those of these tests."""
    (home / "bin").mkdir()
    python = "python -W error"
    for program, words in {
        "python": python,
        "gcpypi": f"{python} -m gcpypi",
        "pip": "pip",
        "uv": "uv",
    }.items():
        script = home / "bin" / program
        script.write_text(f'#!/bin/sh\nexec "{sys.prefix}/bin/"{words} "$@"\n')
        script.chmod(0o755)
    inherited = {k: v for k, v in os.environ.items() if not k.startswith(_LOCAL_VARIABLES)}
    return inherited | {
        "HOME": str(home),
        "PATH": f"{home}/bin:{os.environ['PATH']}",
        "RUNTIME": "native",
        "NO_PROXY": "127.0.0.1",
        "no_proxy": "127.0.0.1",
        # pip uses only the index in the command of the page.
        "PIP_CONFIG_FILE": os.devnull,
        "PIP_DISABLE_PIP_VERSION_CHECK": "1",
    }

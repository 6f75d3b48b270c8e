"""A copy of the repository to follow its pages in, as somebody has it who cloned it."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

from documented.pages import ROOT

_LEFT_OUT = shutil.ignore_patterns(".*", "__pycache__", "build", "dist", "tests")
_MACHINES = (
    *("PIP_", "UV_", "POETRY_", "PDM_", "PYTHON", "VIRTUAL_ENV"),
    *("CLOUDSDK_", "GCPYPI_", "MAKE"),
)
"""What the machine's own settings begin with, which no reader has."""


def copied(folder: Path) -> Path:
    """Make the copy, committed, with the virtual environment of these tests as its own."""
    shutil.copytree(ROOT, folder, ignore=_LEFT_OUT)
    (folder / ".venv").symlink_to(sys.prefix)
    (folder / ".local").mkdir()
    # Where deploy/install puts what proxy.tokens needs.
    (folder / ".local/deploy").symlink_to(sys.prefix)
    for pattern in ("**/pyproject.toml", "requirements/*.txt"):
        for path in folder.glob(pattern):
            os.utime(path, (0, 0))  # older than what is installed: make shall not install anew
    (folder / ".gitignore").write_text(".venv\n.local/\n")
    git = ["git", "-c", "user.name=nobody", "-c", "user.email=nobody@example", "-c", "gc.auto=0"]
    for words in (["init", "--quiet"], ["add", "."], ["commit", "--quiet", "--message=all"]):
        subprocess.run([*git, *words], cwd=folder, check=True, capture_output=True)
    return folder


def environment(home: Path) -> dict[str, str]:
    """What is set in a reader's shell: ``python`` and ``pip`` are those of these tests."""
    (home / "bin").mkdir()
    for program, options in (("python", "-W error"), ("pip", "")):
        script = home / "bin" / program
        script.write_text(f'#!/bin/sh\nexec "{sys.prefix}/bin/{program}" {options} "$@"\n')
        script.chmod(0o755)
    inherited = {k: v for k, v in os.environ.items() if not k.startswith(_MACHINES)}
    return inherited | {
        "HOME": str(home),
        "PATH": f"{home}/bin:{os.environ['PATH']}",
        "RUNTIME": "native",
        "NO_PROXY": "127.0.0.1",
        "no_proxy": "127.0.0.1",
        # No index but the one that the page names.
        "PIP_CONFIG_FILE": os.devnull,
        "PIP_DISABLE_PIP_VERSION_CHECK": "1",
    }

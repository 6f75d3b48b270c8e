"""Program of ``docs/use.md`` for micropip, on Pyodide under Node.

npm has Pyodide without its packages. The wheel of micropip comes from the machine's usual package
index. Pyodide finds it in its own folder, so it downloads nothing.
"""

import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from clients.installers import CACHE
from clients.use.conftest import TwoIndexes
from clients.use.recipes import RecipeRunner, find_block

pytestmark = [
    pytest.mark.clients,
    pytest.mark.skipif(not shutil.which("npm"), reason="npm is not installed on this machine"),
]

PYODIDE, MICROPIP, PYTHON = "0.28.3", "0.10.1", "3.13"
"""Versions that belong together: those of ``pyodide-lock.json``."""


@pytest.fixture(scope="session")
def modules() -> Path:
    """Folder of Node modules with Pyodide and micropip, which later runs use again."""
    folder = CACHE / f"pyodide-{PYODIDE}"
    into = folder / "node_modules" / "pyodide"
    install = ["npm", "install", "--no-save", "--prefix", str(folder), f"pyodide@{PYODIDE}"]
    download = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps"]
    download += ["--only-binary=:all:", f"--python-version={PYTHON}", "--dest", str(into)]
    if not (folder / "complete").exists():
        folder.mkdir(parents=True, exist_ok=True)
        for command in (install, [*download, f"micropip=={MICROPIP}"]):
            done = subprocess.run(command, capture_output=True, text=True)
            if done.returncode:
                pytest.skip(f"{command[-1]} cannot be installed: {done.stderr.strip()[-300:]}")
        (folder / "complete").touch()
    return folder / "node_modules"


def run_program(program: str, runner: RecipeRunner, modules: Path, token: str) -> str:
    """Run a program under Node; return the last line of its output."""
    file = runner.folder / "install.cjs"
    file.write_text(runner.fill(program), "utf-8")
    done = subprocess.run(
        ["node", str(file)],
        env={"PATH": f"{Path(shutil.which('node') or '').parent}", "NODE_PATH": str(modules)}
        | {"GCPYPI_TOKEN": token, "HOME": str(runner.folder)},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout.splitlines()[-1]


def test_micropip_installs_private_and_public_packages(
    runner: RecipeRunner, modules: Path, indexes: TwoIndexes
) -> None:
    program = find_block("micropip", "javascript")

    printed = run_program(program, runner, modules, indexes.token)

    found = (printed, indexes.public.asked, indexes.public.credentials)
    assert found == ("acme_tool", {"pub-base", "pub-tool"}, set())


def test_micropip_installs_private_packages_by_the_older_api(
    runner: RecipeRunner, modules: Path, indexes: TwoIndexes
) -> None:
    """The URLs of the files have the address in ``INDEX_URL``."""
    program = find_block("micropip", "javascript")
    lines = [line for line in program.splitlines() if '"Accept"' not in line]
    program = "\n".join(lines).replace("acme-tool", "acme-core").replace("acme_tool", "acme_core")
    program = program.replace(
        "[INDEX]", '["https://packages.example.com/pypi/{package_name}/json"]'
    )
    url = runner.index_url.replace(indexes.address[7:], indexes.front[7:])
    front = replace(runner, index_url=url)

    printed = run_program(program, front, modules, indexes.token)

    assert (printed, indexes.public.asked) == ("acme_core", set())

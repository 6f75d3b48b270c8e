"""Functions of the scripts of the catalog's pages, in Node."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from publisher.site.assets import ASSETS

SCRIPTS = ("search.js", "home.js", "changes.js", "dependents.js")
TESTS = Path(__file__).parent
NODE = shutil.which("node")

needs_node = pytest.mark.skipif(NODE is None, reason="needs Node 18 or newer")


def write_modules(directory: Path) -> dict[str, str]:
    """Write the scripts as modules of Node; return the environment of their tests."""
    environment = dict(os.environ)
    for name in SCRIPTS:
        path = directory / name.replace(".js", ".mjs")
        path.write_bytes(ASSETS[name].data)
        environment[f"{path.stem.upper()}_SCRIPT"] = str(path)
    return environment


@needs_node
@pytest.mark.parametrize("tests", sorted(path.name for path in TESTS.glob("*.mjs")))
def test_the_functions_of_the_scripts_pass_their_tests(tests: str, tmp_path: Path) -> None:
    command = [str(NODE), "--test", str(TESTS / tests)]
    done = subprocess.run(
        command, env=write_modules(tmp_path), capture_output=True, text=True, timeout=120
    )
    assert done.returncode == 0, done.stdout
    assert "# fail 0" in done.stdout


@pytest.mark.parametrize("name", SCRIPTS)
def test_a_script_writes_text_and_no_html(name: str) -> None:
    script = ASSETS[name].data.decode()
    sinks = ("innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "eval(", "Function(")
    assert [sink for sink in sinks if sink in script] == []
    assert "textContent" in script


@pytest.mark.parametrize("name", SCRIPTS)
def test_a_script_is_small_and_needs_no_other_file(name: str) -> None:
    script = ASSETS[name].data
    assert len(script) < 15_000
    assert b"import" not in script
    assert b"http://" not in script
    assert b"https://" not in script

"""Wheels and sdists of all build back ends pass without a warning.

Without a network only hatchling is available. ``BACKENDS=all`` (``make judge-wheels``) downloads
the others with uv. maturin also needs a Rust compiler.
"""

import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest

from checks.distribution import VerifiedFile, check_name, verify
from checks.policy import Policy

UV = Path(sys.executable).parent / "uv"
ALL = os.environ.get("BACKENDS") == "all"

Sources = Mapping[str, str]

PROJECT = """\
[project]
name = "acme-tool"
version = "1.0"
description = "An example"
readme = "README.md"
license = "MIT"
license-files = ["LICENSE"]
requires-python = ">=3.9"
dependencies = ["requests>=2; python_version < '4'"]
optional-dependencies.fast = ["orjson"]
scripts.acme = "acme_tool:main"
entry-points."acme.plugins".one = "acme_tool.deep.module:main"
urls.Home = "https://acme.invalid"
"""
FILES = {
    "README.md": "# Acme\n",
    "LICENSE": "MIT\n",
    "src/acme_tool/__init__.py": "def main():\n    pass\n",
    "src/acme_tool/py.typed": "",
    "src/acme_tool/deep/__init__.py": "",
    "src/acme_tool/deep/module.py": "def main():\n    pass\n",
    "src/acme_tool/größe.txt": "é\n",
}
MAIN = 'fn main() { println!("acme"); }\n'
CARGO = '[package]\nname = "acme-tool"\nversion = "1.0.0"\nedition = "2021"\n'


def _format_pyproject(requires: str, backend: str, more: str = "") -> str:
    requirement = f'requires = ["{requires}"]'
    return f'{PROJECT}\n[build-system]\n{requirement}\nbuild-backend = "{backend}"\n{more}'


BACKENDS: Mapping[str, Sources] = {
    "hatchling": {
        "pyproject.toml": _format_pyproject(
            "hatchling",
            "hatchling.build",
            '[tool.hatch.build.targets.wheel]\npackages = ["src/acme_tool"]\n',
        )
    },
    "setuptools": {"pyproject.toml": _format_pyproject("setuptools>=77", "setuptools.build_meta")},
    "setuptools, compiled": {
        "pyproject.toml": _format_pyproject("setuptools>=77", "setuptools.build_meta"),
        "setup.py": "from setuptools import Extension, setup\n"
        'setup(ext_modules=[Extension("acme_tool.fast", ["fast.c"])])\n',
        "fast.c": "#include <Python.h>\nstatic struct PyModuleDef m = {PyModuleDef_HEAD_INIT,"
        ' "fast"};\nPyMODINIT_FUNC PyInit_fast(void) { return PyModule_Create(&m); }\n',
    },
    "flit-core": {"pyproject.toml": _format_pyproject("flit-core>=3.11", "flit_core.buildapi")},
    "poetry-core": {
        "pyproject.toml": _format_pyproject("poetry-core>=2", "poetry.core.masonry.api")
    },
    "pdm-backend": {"pyproject.toml": _format_pyproject("pdm-backend", "pdm.backend")},
    "uv_build": {"pyproject.toml": _format_pyproject("uv_build>=0.9", "uv_build")},
    "maturin": {
        "pyproject.toml": _format_pyproject(
            "maturin>=1.9", "maturin", '[tool.maturin]\nbindings = "bin"\n'
        ).replace('scripts.acme = "acme_tool:main"\n', ""),
        "Cargo.toml": CARGO,
        "src/main.rs": MAIN,
    },
}


@pytest.mark.parametrize("backend", BACKENDS)
def test_files_of_a_build_back_end_pass(backend: str, tmp_path: Path) -> None:
    if backend != "hatchling" and not ALL:
        pytest.skip("needs a network; run it with BACKENDS=all")
    if backend == "maturin" and shutil.which("cargo") is None:
        pytest.skip("needs a Rust compiler")
    for name, text in (FILES | dict(BACKENDS[backend])).items():
        path = tmp_path / "source" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8")
    isolation = ["--no-build-isolation", "--offline"] if backend == "hatchling" else []
    command = [str(UV), "build", "--quiet", "--python", sys.executable, *isolation]
    subprocess.run(
        [*command, "--out-dir", str(tmp_path / "dist"), str(tmp_path / "source")],
        check=True,
        timeout=300,
    )
    files = {_verify(path) for path in (tmp_path / "dist").glob("acme*")}
    assert {(file.kind, file.version) for file in files} == {("wheel", "1.0"), ("sdist", "1.0")}
    assert {file.warnings for file in files} == {()}
    assert {file.project for file in files} == {"acme-tool"}


def _verify(path: Path) -> VerifiedFile:
    data = path.read_bytes()
    return verify(check_name(path.name, Policy(), None), [data], Policy(), len(data))

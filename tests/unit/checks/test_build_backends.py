"""What build back ends make passes, wheels and sdists, without a warning.

Only hatchling is at hand without a network; ``BACKENDS=all`` (``make judge-wheels``) has uv fetch
the others. maturin needs a Rust compiler besides.
"""

import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest

from checks.distribution import Verified, check_name, verify
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


def _backend(requires: str, backend: str, more: str = "") -> str:
    requirement = f'requires = ["{requires}"]'
    return f'{PROJECT}\n[build-system]\n{requirement}\nbuild-backend = "{backend}"\n{more}'


BACKENDS: Mapping[str, Sources] = {
    "hatchling": {
        "pyproject.toml": _backend(
            "hatchling",
            "hatchling.build",
            '[tool.hatch.build.targets.wheel]\npackages = ["src/acme_tool"]\n',
        )
    },
    "setuptools": {"pyproject.toml": _backend("setuptools>=77", "setuptools.build_meta")},
    "setuptools, compiled": {
        "pyproject.toml": _backend("setuptools>=77", "setuptools.build_meta"),
        "setup.py": "from setuptools import Extension, setup\n"
        'setup(ext_modules=[Extension("acme_tool.fast", ["fast.c"])])\n',
        "fast.c": "#include <Python.h>\nstatic struct PyModuleDef m = {PyModuleDef_HEAD_INIT,"
        ' "fast"};\nPyMODINIT_FUNC PyInit_fast(void) { return PyModule_Create(&m); }\n',
    },
    "flit-core": {"pyproject.toml": _backend("flit-core>=3.11", "flit_core.buildapi")},
    "poetry-core": {"pyproject.toml": _backend("poetry-core>=2", "poetry.core.masonry.api")},
    "pdm-backend": {"pyproject.toml": _backend("pdm-backend", "pdm.backend")},
    "uv_build": {"pyproject.toml": _backend("uv_build>=0.9", "uv_build")},
    "maturin": {
        "pyproject.toml": _backend(
            "maturin>=1.9", "maturin", '[tool.maturin]\nbindings = "bin"\n'
        ).replace('scripts.acme = "acme_tool:main"\n', ""),
        "Cargo.toml": CARGO,
        "src/main.rs": MAIN,
    },
}


@pytest.mark.parametrize("backend", BACKENDS)
def test_what_a_build_back_end_makes_passes(backend: str, tmp_path: Path) -> None:
    if backend != "hatchling" and not ALL:
        pytest.skip("needs a network: BACKENDS=all")
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
    built = {_judged(path) for path in (tmp_path / "dist").glob("acme*")}
    assert {(each.kind, each.version) for each in built} == {("wheel", "1.0"), ("sdist", "1.0")}
    assert {each.warnings for each in built} == {()}
    assert {each.project for each in built} == {"acme-tool"}


def _judged(path: Path) -> Verified:
    data = path.read_bytes()
    return verify(check_name(path.name, Policy(), None), [data], Policy(), len(data))

"""Rules for installed files (`checks.installation`): variants of names, lines of `.pth` files."""

import subprocess
import sys
from pathlib import Path
from typing import Literal

import pytest

from checks.distribution import verify
from checks.installation.installed_paths import InstalledPath, find_installed_path
from checks.installation.path_files import MAX_FILES, PathFiles, split_lines
from checks.installation.portable_names import find_windows_fault
from checks.installation.script_names import fold_script, is_reserved
from checks.policy import Policy
from checks.refusal import Reason, Refused
from testing.corpus.wheels import FILENAME, FILES, WHEEL, make_wheel

DATA = "acme-1.0.data"
DEFAULTS = Policy()


def _get_warnings(
    *names: str, content: bytes = b"", platform: str = "any", policy: Policy = DEFAULTS
) -> tuple[str, ...]:
    wheel = make_wheel(
        {**FILES, **dict.fromkeys(names, content)},
        wheel_file=WHEEL.replace(b"any", platform.encode()),
    )
    return verify(f"acme-1.0-py3-none-{platform}.whl", [wheel.build()], policy).warnings


@pytest.mark.parametrize(
    ("name", "place"),
    [
        ("acme/x.py", InstalledPath("site-packages", "acme/x.py")),
        (f"{DATA}/purelib/acme/x.py", InstalledPath("site-packages", "acme/x.py")),
        (f"{DATA}/platlib/acme/x.py", InstalledPath("site-packages", "acme/x.py")),
        (f"{DATA}/headers/x.h", InstalledPath("headers", "x.h")),
        (f"{DATA}/scripts/run", InstalledPath("scripts", "run")),
        (f"{DATA}/data/Scripts/run", InstalledPath("scripts", "run")),
        (f"{DATA}/data/etc/x", InstalledPath("prefix", "etc/x")),
        (f"{DATA}/data/lib64/pypy3.11/site-packages/x", InstalledPath("site-packages", "x")),
        (f"{DATA}/data/local/lib/python3/dist-packages/x", InstalledPath("site-packages", "x")),
        (f"{DATA}/data/Lib/site-packages/x", InstalledPath("site-packages", "x")),
        (f"{DATA}/other/x", InstalledPath("", "x")),
    ],
)
def test_a_member_has_an_installed_path(name: str, place: InstalledPath) -> None:
    assert find_installed_path(name) == place


@pytest.mark.parametrize(
    "script",
    [
        *(
            "python",
            "pythonw.exe",
            "python3",
            "Python3.12",
            "python3.13t",
            "python-3.12",
            "PYTHON.",
        ),
        *("pypy3", "py.exe", "pyw", "python3-config", "python3.bat.exe", "python3-script.py"),
        *("pip", "pip3", "pip3.11", "pip-3.11", "Pip.EXE", "pip.cmd", "uv", "uvx", "pipx"),
        *("activate", "activate.bat", "Activate.ps1", "activate.fish", "activate_this.py"),
        *("deactivate", "deactivate.nu", "easy_install-3.9", "poetry", "conda"),
    ],
)
def test_a_script_of_an_interpreter_or_installer_is_reserved(script: str) -> None:
    assert is_reserved(fold_script(script), "acme")


@pytest.mark.parametrize(
    "script",
    [
        *("acme", "pythonic", "python-lint", "py.test", "pytest", "pip-compile", "pipdeptree"),
        *("activate-global-python-argcomplete", "activated", "uvicorn", "pyflakes", "pyproject"),
    ],
)
def test_a_script_with_a_similar_name_is_not_reserved(script: str) -> None:
    assert not is_reserved(fold_script(script), "acme")


@pytest.mark.parametrize(
    ("script", "project"),
    [("pip3.11", "pip"), ("uvx", "uv"), ("pipx", "pipx"), ("easy_install", "setuptools")],
)
def test_an_installer_may_have_its_own_scripts(script: str, project: str) -> None:
    assert not is_reserved(script, project)


@pytest.mark.parametrize("place", ["data/bin/python3", "data/Scripts/activate.bat", "data/pip.exe"])
def test_scripts_below_the_prefix_are_judged(place: str) -> None:
    (warning,) = _get_warnings(f"{DATA}/{place}")
    assert warning.startswith(f"script-name: '{DATA}/{place}' hides")


@pytest.mark.parametrize(
    "path",
    [
        *("a:b", "aux.py", "con/x", "acme/CON", "nul.tar.gz", "com1", "LPT¹", "conin$", "aux .py"),
        *("a<b", "a>b", 'a"b', "a|b", "a?b", "a*b", "a.", "a /b", "acme/.. ./x", "prn/"),
    ],
)
def test_windows_cannot_keep_a_path(path: str) -> None:
    assert find_windows_fault(path) is not None


@pytest.mark.parametrize("path", ["auxiliary.py", "console/x", "com10.py", ".x", "a b", "é.py"])
def test_windows_keeps_a_path(path: str) -> None:
    assert find_windows_fault(path) is None


@pytest.mark.parametrize(
    "content",
    [
        *(
            b"import os",
            b"import\tos",
            b"\xef\xbb\xbfimport os",
            b"x\rimport os",
            b"x\x0cimport os",
        ),
        *("x\u2028import os".encode(), b"\xff\nimport os", b"# x\r\n\r\nimport os; exec('x')"),
    ],
)
def test_an_import_line_is_code(content: bytes) -> None:
    assert any(line.is_code for line in split_lines(content))


@pytest.mark.parametrize("content", [b"", b"# import os", b" import os", b"importlib", b"acme"])
def test_other_lines_are_no_code(content: bytes) -> None:
    assert not any(line.is_code for line in split_lines(content))


@pytest.mark.parametrize(
    "content", [b"/src", b"C:\\src", b"d:/src", b"\\\\host\\src", b"../../src"]
)
def test_a_path_out_of_site_packages_is_foreign(content: bytes) -> None:
    (line,) = split_lines(content)
    assert line.is_foreign


def test_path_files_are_kept_up_to_a_number() -> None:
    files = PathFiles()
    kept = [files.visit(f"{number}.pth", 10) is not None for number in range(MAX_FILES + 1)]
    assert kept == [True] * MAX_FILES + [False]


def test_path_files_are_kept_up_to_a_size() -> None:
    files = PathFiles()
    kept = [files.visit(f"{number}.pth", 64 * 1024) is not None for number in range(17)]
    assert kept == [True] * 16 + [False]


def test_at_most_eight_startup_files_are_listed_with_their_number() -> None:
    warnings = _get_warnings(*(f"{number}.start" for number in range(12)))
    assert len(warnings) == 8
    assert "(startup code, 8 of 12)" in warnings[-1]


def test_startup_code_is_accepted_on_demand() -> None:
    policy = Policy(startup_files="accept", strict=True)
    assert _get_warnings("a.pth", content=b"import os\n", policy=policy) == ()


@pytest.mark.parametrize("startup_files", ["accept", "warn"])
def test_startup_code_is_noted_under_every_policy(startup_files: Literal["accept", "warn"]) -> None:
    members = {"a.pth": b"import os\n", "b.start": b"", "c.pth": b"c\n", "pip/x.py": b""}
    wheel = make_wheel({**FILES, **members}).build()
    verified = verify(FILENAME, [wheel], Policy(startup_files=startup_files))
    assert verified.startup_code == ("a.pth", "b.start", "pip/x.py")


def test_at_most_eight_members_with_startup_code_are_noted_and_their_names_are_shortened() -> None:
    names = [f"\u202e{'é' * 110}.start", *(f"{number}.start" for number in range(12))]
    wheel = make_wheel({**FILES, **dict.fromkeys(names, b"")}).build()
    first, *others = verify(FILENAME, [wheel], Policy()).startup_code
    assert (first, others) == (f"\\u202e{'é' * 99}…", names[1:8])


def test_packages_with_similar_names_are_not_startup_code() -> None:
    wheel = make_wheel({**FILES, "pip_tools/x.py": b"", "pip-stubs/x.pyi": b"", "wheels/x": b""})
    assert verify(FILENAME, [wheel.build()], Policy()).warnings == ()


def test_names_are_judged_for_the_platforms_of_the_wheel() -> None:
    names = ("acme/a.py", "acme/a.py.", "acme/a:b", "acme/a\u200c.py")
    assert _get_warnings(*names, platform="manylinux_2_17_x86_64") == ()
    (warning,) = _get_warnings("acme/aux.py", platform="win_amd64")
    assert warning.startswith("installed-path: Windows cannot keep")


def test_an_editable_wheel_of_hatchling_is_refused(tmp_path: Path) -> None:
    (tmp_path / "acme").mkdir()
    (tmp_path / "acme/__init__.py").write_text("")
    (tmp_path / "pyproject.toml").write_text('[project]\nname = "acme"\nversion = "1.0"\n')
    build = "from hatchling.build import build_editable; build_editable('dist')"
    subprocess.run([sys.executable, "-c", build], cwd=tmp_path, check=True)
    (path,) = (tmp_path / "dist").glob("*.whl")
    with pytest.raises(Refused) as refused:
        verify(path.name, [path.read_bytes()], Policy())
    assert refused.value.reason == Reason.EDITABLE

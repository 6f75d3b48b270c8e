"""Wheels with unusual installed files: paths in `.data`, startup code, scripts, editable wheels."""

from checks.policy import Policy
from checks.refusal import Reason
from testing.corpus.archive import Archive, Entry
from testing.corpus.case import Oddity, Refusal, make_oddity, make_refusal
from testing.corpus.wheels import DIST_INFO, FILES, WHEEL, make_wheel

DATA = "acme-1.0.data"
STRICT = Policy(strict=True)
SCRIPT = b"#!python\n"
MODULE = "acme/__init__.py"


def _add(*names: str, content: bytes = b"") -> Archive:
    return make_wheel({**FILES, **dict.fromkeys(names, content)})


INSTALLED_DIST_INFO: list[Refusal] = [
    make_refusal(Reason.DIST_INFO, title, detail, _add(name, content=b"{}"))
    for title, detail, name in (
        ("a recorded origin", "`pip freeze`", f"{DIST_INFO}/direct_url.json"),
        ("a recorded origin in capitals", "`pip freeze`", f"{DIST_INFO}/Direct_URL.json"),
        (
            "a second .dist-info in purelib",
            "a second project",
            f"{DATA}/purelib/b-2.dist-info/METADATA",
        ),
        (
            "a second .dist-info in platlib",
            "a second project",
            f"{DATA}/platlib/b-2.DIST-INFO/METADATA",
        ),
        ("its own .dist-info in purelib", "a second project", f"{DATA}/purelib/{DIST_INFO}/x"),
        ("an .egg-info in purelib", "a second project", f"{DATA}/purelib/b.egg-info/PKG-INFO"),
        ("an .egg-info file in platlib", "a second project", f"{DATA}/platlib/b-2-py3.egg-info"),
        (
            "a .dist-info below the prefix",
            "a second project",
            f"{DATA}/data/lib/python3.12/site-packages/b-2.dist-info/METADATA",
        ),
    )
]

INSTALLED_PATH: list[Refusal] = [
    make_refusal(Reason.INSTALLED_PATH, title, detail, _add(*names))
    for title, detail, names in (
        ("an unknown scheme key", "'include' is not a scheme key", [f"{DATA}/include/x.h"]),
        ("a scheme key in capitals", "'Purelib' is not a scheme key", [f"{DATA}/Purelib/x.py"]),
        ("a directory with an unknown key", "not a scheme key", [f"{DATA}/platinclude/"]),
        ("a file in .data", "directly in .data", [f"{DATA}/README"]),
        ("a file named as a scheme key", "directly in .data", [f"{DATA}/purelib"]),
        ("a .data of another project", "'acme-1.0.data'", ["b-1.0.data/purelib/x.py"]),
        ("a .data of another version", "not the .data", ["acme-2.0.data/purelib/x.py"]),
        ("a .data without a version", "not the .data", ["acme.data/purelib/x.py"]),
        ("a .data in capitals", "not the .data", ["acme-1.0.DATA/purelib/x.py"]),
        ("a top-level file .data", "not the .data", ["weights.data"]),
        ("two .data", "two .data", [f"{DATA}/data/x", "acme-1.0.0.data/data/y"]),
        ("one path in root and purelib", f"'{MODULE}'", [f"{DATA}/purelib/{MODULE}"]),
        ("one path in root and platlib", f"'{MODULE}'", [f"{DATA}/platlib/{MODULE}"]),
        ("one path in other case", f"'{MODULE}'", [f"{DATA}/purelib/Acme/__INIT__.py"]),
        (
            "one path in other composition",
            "installed as",
            ["é.py", f"{DATA}/purelib/e\N{COMBINING ACUTE ACCENT}.py"],
        ),
        (
            "one path in purelib and platlib",
            "installed as",
            [f"{DATA}/purelib/b.py", f"{DATA}/platlib/b.py"],
        ),
        ("a file through which a path leads", "installed as", [f"{DATA}/purelib/acme"]),
        ("a file with the path of a directory", "installed as", [f"{DATA}/purelib/d", "d/"]),
        ("one script twice", "installed as", [f"{DATA}/scripts/run", f"{DATA}/data/bin/run"]),
        (
            "one path below the prefix",
            f"'{MODULE}'",
            [f"{DATA}/data/lib/python3.12/site-packages/{MODULE}"],
        ),
        ("a dot that Windows drops", "'acme/a.py'", ["acme/a.py", "acme/a.py."]),
        ("a blank that Windows drops", "'acme/a.py'", ["acme/a.py", "acme/a.py "]),
        ("a default stream", "'acme/a.py'", ["acme/a.py", "acme/a.py::$DATA"]),
        ("a character that macOS ignores", "'acme/a.py'", ["acme/a.py", "acme/a\u200c.py"]),
    )
]

INSTALLED_ZIP_PATH: list[Refusal] = [
    make_refusal(
        Reason.ZIP_PATH,
        f"a drive below {key}",
        "installed as 'C:/x': the path starts with a drive",
        _add(f"{DATA}/{key}/C:/x"),
    )
    for key in ("data", "purelib", "scripts")
]

EDITABLE: list[Refusal] = [
    *(
        make_refusal(Reason.EDITABLE, f"the editable file {name}", "of an editable", _add(name))
        for name in (
            "__editable__.acme-1.0.pth",
            "__editable___acme_1_0_finder.py",
            "_editable_impl_acme.pth",
            "_acme_editable.pth",
            "acme-editable.pth",
            "_acme_editable_loader.py",
            "acme.egg-link",
            f"{DATA}/purelib/__editable__.acme-1.0.pth",
        )
    ),
    make_refusal(
        Reason.EDITABLE,
        "an editable build tag",
        "'.editable' is the mark",
        make_wheel(wheel_file=b"Build: 0.editable\n" + WHEEL),
        filename="acme-1.0-0.editable-py3-none-any.whl",
    ),
    make_refusal(
        Reason.EDITABLE,
        "a path of another machine where the policy is strict",
        "line 1: '/home/x/src'",
        _add("acme.pth", content=b"/home/x/src\n"),
        policy=STRICT,
    ),
]

STARTUP_CODE: list[Refusal] = [
    make_refusal(
        Reason.STARTUP_CODE,
        f"startup code by {policy}",
        "'a.pth' line 2: Python executes 'import acme'",
        _add("a.pth", content=b"# comment\nimport acme\n"),
        policy=policy,
    )
    for policy in (Policy(startup_files="refuse"), STRICT)
]

SCRIPT_NAME: list[Refusal] = [
    make_refusal(
        Reason.SCRIPT_NAME,
        "a script named python where the policy is strict",
        "hides an interpreter",
        _add(f"{DATA}/scripts/python", content=SCRIPT),
        policy=STRICT,
    )
]

INSTALLED_ODDITIES: list[Oddity] = [
    make_oddity(
        "all scheme keys, with directories",
        _add(
            *(f"{DATA}/{key}/b/x" for key in ("purelib", "headers", "data")),
            f"{DATA}/platlib/acme/y",
            f"{DATA}/scripts/run",
        ).add(Entry(f"{DATA}/".encode()), Entry(f"{DATA}/purelib/".encode())),
    ),
    make_oddity(
        "a directory in root and purelib",
        _add(f"{DATA}/purelib/acme/b.py").add(
            Entry(b"acme/"), Entry(f"{DATA}/purelib/acme/".encode())
        ),
    ),
    make_oddity("a .data below a package", _add("acme/b-2.data/include/x.h")),
    make_oddity("a .pth with a relative path", _add("acme.pth", content=b"# import x\nacme/lib\n")),
    make_oddity("a .pth below a package", _add("acme/model.pth", content=b"import os\n")),
    make_oddity(
        "a .data in another spelling",
        _add("ACME-1.0.data/purelib/b.py"),
        warnings=("installed-path: 'ACME-1.0.data': some installers look only for",),
    ),
    make_oddity(
        "a directory of scripts",
        _add(f"{DATA}/scripts/b/run"),
        warnings=("installed-path: 'acme-1.0.data/scripts/b/run': installers do not",),
    ),
    make_oddity(
        "names of devices",
        _add("acme/aux.py", "acme/con/x.py", "acme/nul.tar.gz", "acme/COM1"),
        warnings=("installed-path: Windows cannot keep the names of 'acme/aux.py' ('aux.py' is a",),
    ),
    make_oddity(
        "INSTALLER and REQUESTED",
        _add(f"{DIST_INFO}/INSTALLER", f"{DIST_INFO}/REQUESTED"),
        warnings=(
            "dist-info: 'acme-1.0.dist-info/INSTALLER': only installers",
            "dist-info: 'acme-1.0.dist-info/REQUESTED': only installers",
        ),
    ),
    make_oddity(
        "an .egg-info in the root",
        _add("acme.egg-info/PKG-INFO"),
        warnings=("dist-info: 'acme.egg-info' is a second project",),
    ),
    make_oddity(
        "a .pth with an absolute path",
        _add("acme.pth", content=b"/home/x/src\n"),
        warnings=("editable: 'acme.pth' line 1: '/home/x/src' is a directory",),
    ),
    make_oddity(
        "a script that is an entry point",
        make_wheel(
            {**FILES, f"{DATA}/scripts/Acme.exe": SCRIPT},
            entry_points=b"[console_scripts]\nacme = acme:main\n",
        ),
        warnings=("script-name: 'acme-1.0.data/scripts/Acme.exe' and the entry point 'acme' are",),
    ),
    make_oddity(
        "scripts named as interpreters",
        make_wheel(
            {**FILES, f"{DATA}/scripts/python3.12": SCRIPT},
            entry_points=b"[gui_scripts]\npip3.11 = acme:main\n",
        ),
        warnings=(
            "script-name: 'acme-1.0.data/scripts/python3.12' hides",
            "script-name: entry_points.txt: 'pip3.11' hides",
        ),
    ),
    make_oddity(
        "startup files",
        _add("a.pth", content=b"\xef\xbb\xbfimport acme\n"),
        warnings=("startup-code: 'a.pth' line 1: Python executes 'import acme' whenever",),
    ),
    make_oddity(
        "a .pth too large to be read",
        _add("a.pth", content=b"#" * 70_000),
        warnings=("startup-code: 'a.pth' was not read",),
    ),
    *(
        make_oddity(f"the startup file {name}", _add(name), warnings=(f"startup-code: '{name}'",))
        for name in (
            "acme.start",
            "sitecustomize.py",
            "sitecustomize/__init__.py",
            "usercustomize.cpython-312-x86_64-linux-gnu.so",
            f"{DATA}/platlib/usercustomize.py",
            f"{DATA}/data/lib/python3.12/site-packages/sitecustomize.py",
            f"{DATA}/data/Lib/os.py",
            f"{DATA}/data/pyvenv.cfg",
            "pip/_internal/x.py",
            f"{DATA}/purelib/setuptools/x.py",
        )
    ),
]

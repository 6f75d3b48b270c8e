"""Wheels with a valid archive and an invalid `.dist-info` directory."""

from collections.abc import Callable

from checks.policy import Policy
from checks.refusal import Reason
from testing.corpus.archive import Archive, Entry
from testing.corpus.case import make_refusal
from testing.corpus.wheels import (
    DIST_INFO,
    FILENAME,
    METADATA,
    WHEEL,
    Rows,
    make_metadata,
    make_record_row,
    make_wheel,
)

_OTHER = "acme-1.0-1-py3-none-any.whl"

DIST_INFOS = [
    make_refusal(Reason.DIST_INFO, title, detail, archive)
    for title, detail, archive in (
        ("no .dist-info", "no .dist-info", Archive((Entry(b"acme.py", b""),))),
        (
            "only a vendored .dist-info",
            "no .dist-info",
            Archive((Entry(b"acme/_vendor/acme-1.0.dist-info/METADATA", METADATA),)),
        ),
        (
            "two .dist-info",
            "exactly one",
            make_wheel({"Acme-1.0.dist-info/notes": b"", "acme.py": b""}),
        ),
        (
            "another .dist-info after ours",
            "exactly one",
            make_wheel({f"{DIST_INFO}/extra": b"", "evil-1.0.dist-info/METADATA": METADATA}),
        ),
        ("another project's .dist-info", "not that of", make_wheel(dist_info="evil-1.0.dist-info")),
        ("another version's .dist-info", "not that of", make_wheel(dist_info="acme-1.1.dist-info")),
        ("a .dist-info of no version", "not that of", make_wheel(dist_info="acme.dist-info")),
        ("a .dist-info of a bad version", "not that of", make_wheel(dist_info="acme-x.dist-info")),
        ("an upper-case .DIST-INFO", "not that of", make_wheel(dist_info="acme-1.0.DIST-INFO")),
    )
]

BAD_WHEEL = [
    make_refusal(Reason.BAD_WHEEL, "no WHEEL", "there is no", make_wheel(wheel_file=None)),
    *(
        make_refusal(
            Reason.BAD_WHEEL, title, detail, make_wheel(wheel_file=content), filename=filename
        )
        for title, detail, content, filename in (
            ("WHEEL in Latin-1", "not UTF-8", WHEEL + b"X: \xe9\n", FILENAME),
            ("an empty WHEEL", "there is no Wheel-Version", b"", FILENAME),
            ("WHEEL with a line that is no field", "not of the form", b"hello\n" + WHEEL, FILENAME),
            ("WHEEL with a body", "not of the form", WHEEL + b"\nhello\n", FILENAME),
            (
                "two Wheel-Versions",
                "'1.1' in line 1, but '1.0' in line 2",
                b"Wheel-Version: 1.1\n" + WHEEL,
                FILENAME,
            ),
            ("Wheel-Version 2.0", "installers support", WHEEL.replace(b"1.0", b"2.0"), FILENAME),
            (
                "Wheel-Version that is none",
                "installers support",
                WHEEL.replace(b"1.0", b"one"),
                FILENAME,
            ),
            (
                "Wheel-Version of 5000 digits",
                "installers support",
                WHEEL.replace(b"1.0", b"1" * 5000 + b".0"),
                FILENAME,
            ),
            (
                "no Root-Is-Purelib",
                "there is no Root-Is-Purelib",
                WHEEL.replace(b"Root-Is-Purelib: true\n", b""),
                FILENAME,
            ),
            (
                "Root-Is-Purelib maybe",
                "neither true nor false",
                WHEEL.replace(b"true", b"maybe"),
                FILENAME,
            ),
            (
                "a build number the file name lacks",
                "not the build number",
                b"Build: 1\n" + WHEEL,
                FILENAME,
            ),
            ("another build number", "not the build number", b"Build: 2\n" + WHEEL, _OTHER),
            (
                "two build numbers",
                "'1' in line 1, but '2'",
                b"Build: 1\nBuild: 2\n" + WHEEL,
                _OTHER,
            ),
            ("a build number that is none", "not the build number", b"Build: x\n" + WHEEL, _OTHER),
        )
    ),
]


def _disguise_requirement() -> bytes:
    """Return METADATA with an RFC 2047 encoded word next to raw UTF-8."""
    return "Requires-Dist: =?latin-1?q?=E9?= é\n".join(("", METADATA.decode())).encode()


_LONG = "x" * 17_000

BAD_METADATA = [
    make_refusal(Reason.BAD_METADATA, "no METADATA", "there is no", make_wheel(metadata=None)),
    *(
        make_refusal(Reason.BAD_METADATA, title, detail, make_wheel(metadata=content))
        for title, detail, content in (
            ("an empty METADATA", "Name", b""),
            ("METADATA in Latin-1", "not UTF-8", METADATA + b"Author: \xe9\n"),
            ("METADATA with a description in Latin-1", "not UTF-8", METADATA + b"\n\xe9\n"),
            ("METADATA with a byte order mark", "Name", b"\xef\xbb\xbf" + METADATA),
            ("a carriage return alone", "stray", make_metadata("Author: x\rRequires-Dist: y")),
            ("a NUL", "stray", make_metadata("Author: x\0")),
            (
                "a Version that folds into a field an e-mail would heed",
                "Version",
                b"Content-Type: a\n Version: 1.0\nName: acme\nMetadata-Version: 2.1\n",
            ),
            ("Name twice", "Name is there 2 times", make_metadata("Name: acme")),
            ("Version twice", "Version is there 2 times", make_metadata("Version: 1.0")),
            (
                "Metadata-Version twice",
                "Metadata-Version is",
                make_metadata("Metadata-Version: 2.1"),
            ),
            (
                "Requires-Python twice",
                "Requires-Python is",
                make_metadata(*["Requires-Python: >=3"] * 2),
            ),
            ("no Name", "Name", b"Metadata-Version: 2.1\nVersion: 1.0\n"),
            ("no Version", "Version", b"Metadata-Version: 2.1\nName: acme\n"),
            ("no Metadata-Version", "Metadata-Version", b"Name: acme\nVersion: 1.0\n"),
            ("Metadata-Version 3.0", "only 1.x and 2.x", make_metadata(version="3.0")),
            ("Metadata-Version that is none", "only 1.x and 2.x", make_metadata(version="latest")),
            ("an invalid Name", "Name", METADATA.replace(b"acme", b"-acme-")),
            ("an invalid Version", "Version", METADATA.replace(b" 1.0", b" one")),
            ("a Version of 5000 digits", "Version", METADATA.replace(b" 1.0", b" 1" + b"0" * 5000)),
            ("another Name", "not the file name's", METADATA.replace(b"acme", b"evil")),
            ("another Version", "not the file name's", METADATA.replace(b" 1.0", b" 1.1")),
            (
                "an invalid Requires-Python",
                "Requires-Python",
                make_metadata("Requires-Python: new"),
            ),
            ("an invalid Requires-Dist", "Requires-Dist", make_metadata("Requires-Dist: x (")),
            (
                "an invalid Requires-Dist in Metadata-Version 1.0",
                "Requires-Dist",
                make_metadata("Requires-Dist: x (", version="1.0"),
            ),
            ("a folded Requires-Dist", "Requires-Dist", make_metadata("Requires-Dist: x\n >1")),
            ("a Requires-Dist in Latin-1 disguise", "Requires-Dist", _disguise_requirement()),
            (
                "a Requires-Dist nested without end",
                "Requires-Dist",
                make_metadata("Requires-Dist: x; " + "(" * 5000),
            ),
            ("a Requires-Dist without end", "longer", make_metadata(f"Requires-Dist: {_LONG}")),
            ("an invalid Provides-Extra", "Provides-Extra", make_metadata("Provides-Extra: a b")),
            (
                "more fields than anyone has",
                "more than 100 different fields",
                make_metadata(*(f"X{number}: x" for number in range(101))),
            ),
            (
                "a licence file that is not there, in Metadata-Version 2.4",
                "License-File",
                make_metadata("License-File: LICENSE", version="2.4"),
            ),
            (
                "a licence file that is elsewhere, in Metadata-Version 2.7",
                "License-File",
                make_metadata("License-File: ../../acme/__init__.py", version="2.7"),
            ),
        )
    ),
]

DIRECT_URL = [
    make_refusal(
        Reason.DIRECT_URL,
        "a requirement by URL",
        "https://example.invalid",
        make_wheel(
            metadata=make_metadata(
                "Requires-Dist: x>1", "Requires-Dist: y @ https://example.invalid"
            )
        ),
    )
]


def _change_row(index: int, row: bytes | None) -> Callable[[Rows], Rows]:
    """Return a change of RECORD that replaces one row, or removes it."""
    return lambda rows: rows[:index] + ([] if row is None else [row]) + rows[index + 1 :]


def _replace(old: bytes, new: bytes) -> Callable[[Rows], Rows]:
    return lambda rows: [rows[0].replace(old, new), *rows[1:]]


def _append(*more: bytes) -> Callable[[Rows], Rows]:
    return lambda rows: [*rows, *more]


_ROW = make_record_row("acme/__init__.py", b"VALUE = 1\n" * 20)
_RECORD_CASES: tuple[tuple[str, str, Callable[[Rows], Rows]], ...] = (
    ("an empty RECORD", "but not in RECORD", lambda rows: []),
    ("RECORD in Latin-1", "not UTF-8", _append(b"\xe9,,")),
    ("RECORD with a quote that does not end", "line", _append(b'"acme')),
    ("RECORD with text after a quote", "line", _append(b'"acme"x,,')),
    ("RECORD with a carriage return within", "line", _append(b"a\rb,,")),
    ("more rows than members", "more rows", _append(*[_ROW] * 4)),
    ("a blank line", "0 columns", _append(b"")),
    ("a member that is not in RECORD", "but not in RECORD", _change_row(0, None)),
    ("a row without a member", "but not in the archive", _append(b"acme/gone.py,,")),
    ("a row with another case", "but not in the archive", _replace(b"acme/", b"Acme/")),
    ("a row with an absolute path", "absolute", _append(b"/etc/passwd,,")),
    ("a row with a parent directory", "`..`", _append(b"../../bin/sh,,")),
    ("a row with a backslash", "backslash", _replace(b"acme/", b"acme\\")),
    ("a row with a drive letter", "drive letter", _append(b"C:/a,,")),
    ("a row with an empty path", "empty component", _append(b",,")),
    ("a row of two columns", "2 columns", _append(b"acme/__init__.py,")),
    ("a row of four columns", "4 columns", _append(b"acme/__init__.py,,,")),
    ("an md5", "has to be a sha256", _replace(b"sha256=", b"md5=")),
    ("a sha1", "has to be a sha256", _replace(b"sha256=", b"sha1=")),
    ("a sha224", "has to be a sha256", _replace(b"sha256=", b"sha224=")),
    ("a sha512, which one pass cannot check", "has to be a sha256", _replace(b"256=", b"512=")),
    ("no hash", "has to be a sha256", _change_row(0, b"acme/__init__.py,,200")),
    ("another hash", "its sha256 is", _change_row(0, make_record_row("acme/__init__.py", b"evil"))),
    ("a hash that is none", "its sha256 is", _change_row(0, b"acme/__init__.py,sha256=,200")),
    ("another size", "its size is 200", _replace(b",200", b",201")),
    ("a size that is none", "its size is 200", _replace(b",200", b",-1")),
    ("a size without end", "its size is 200", _replace(b",200", b"," + b"2" * 5000)),
    ("a line without end", "longer than 8192", _append(b"a" * 9000 + b",,")),
    (
        "a field over many lines",
        "but not in the archive",
        _append(b'"a', *[b"a" * 60] * 3, b'a",,'),
    ),
    ("a field without end", "field larger", _append(b'"', *[b"a" * 8000] * 20, b'",,')),
)

BAD_RECORD = [
    make_refusal(Reason.BAD_RECORD, "no RECORD", "there is no", make_wheel(record=None)),
    *(
        make_refusal(Reason.BAD_RECORD, title, detail, make_wheel(record=change))
        for title, detail, change in _RECORD_CASES
    ),
]

BAD_ENTRY_POINTS = [
    make_refusal(
        Reason.BAD_ENTRY_POINTS, title, detail, make_wheel(entry_points=content.encode("latin-1"))
    )
    for title, detail, content in (
        ("entry points in Latin-1", "not UTF-8", "[é]\n"),
        ("entry points in no group", "not an INI", "run = acme:main\n"),
        ("entry points without a value", "not an INI", "[console_scripts]\nrun\n"),
        ("a group twice", "not an INI", "[a]\n[a]\n"),
        ("an entry point twice", "not an INI", "[a]\nb = c\nb = d\n"),
        (
            "a script in another directory",
            "not the name of a script",
            "[console_scripts]\n../run = acme:main\n",
        ),
        (
            "a script that is the parent directory",
            "not the name of a script",
            "[gui_scripts]\n.. = acme:main\n",
        ),
        (
            "a script with a blank in its name",
            "not the name of a script",
            "[console_scripts]\nrun it = acme:main\n",
        ),
        ("a script that calls nothing", "needs an object", "[console_scripts]\nrun = acme\n"),
        ("a script with blanks", "needs an object", "[console_scripts]\nrun = acme : main\n"),
        ("entry points for all groups", "every other group", "[Default]\na = b\n"),
        ("a reference that is none", "not an object reference", "[a]\nb = import os\n"),
        ("a reference to a number", "not an object reference", "[a]\nb = acme:1\n"),
        ("a reference over two lines", "not an object reference", "[a]\nb = c\n d\n"),
        ("a reference with extras open", "not an object reference", "[a]\nb = c [d\n"),
        ("a reference full of blanks", "not an object", "[a]\nb = c [" + " " * 900 + "!\n"),
        ("a line without end", "longer than 1000", "[a]\nb" + " " * 60_000 + "c\n"),
    )
]


STRICT = [
    make_refusal(
        Reason.BAD_METADATA,
        "a warning where the policy is strict",
        "License-File",
        make_wheel(metadata=make_metadata("License-File: LICENSE")),
        policy=Policy(strict=True),
    )
]

"""Wheels that look unusual and are right: refusing one would break an honest build."""

from dataclasses import replace

from testing.corpus.archive import (
    MAX16,
    MAX32,
    STORED,
    UTF8,
    Archive,
    Central,
    Entry,
    deflate,
    extra_field,
    unicode_path,
    zip64_extra,
)
from testing.corpus.case import Oddity, odd
from testing.corpus.wheels import DIST_INFO, FILES, METADATA, MODULE, RECORD, WHEEL, metadata, wheel

BASE = wheel()
CONTENT = FILES["acme/__init__.py"]
PACKED = len(deflate(CONTENT))


def _reordered() -> bytes:
    """The two halves of the directory, swapped; lengths stay the same."""
    data = BASE.build()
    start, end = data.index(b"PK\x01\x02"), data.index(b"PK\x05\x06")
    second = data.index(b"PK\x01\x02", start + 4)
    return data[:start] + data[second:end] + data[start:second] + data[end:]


def _last_line_open() -> Archive:
    content = BASE.entries[-1].content.rstrip(b"\n")
    return BASE.amend(RECORD, content=content)


def _quoted(rows: list[bytes]) -> list[bytes]:
    path, digest, size = rows[0].rsplit(b",", 2)
    return [b'"%s",%s,%s' % (path.replace(b'"', b'""'), digest, size), *rows[1:]]


_ENDS = {
    "entries_on_disk": MAX16,
    "entries": MAX16,
    "size": MAX32,
    "offset": MAX32,
}

ZIP_ODDITIES = [
    odd("an ordinary wheel", BASE),
    odd("stored members", Archive(tuple(replace(e, method=STORED) for e in BASE.entries))),
    odd("ZIP64 end records that are not needed", replace(BASE, zip64={})),
    odd("ZIP64 end records that are referred to", replace(BASE, zip64={}, end=_ENDS)),
    odd(
        "ZIP64 sizes in the local header only",
        BASE.amend(
            MODULE,
            packed=MAX32,
            unpacked=MAX32,
            extra=zip64_extra(len(CONTENT), PACKED),
            central=Central(packed=PACKED, unpacked=len(CONTENT)),
        ),
    ),
    odd(
        "ZIP64 sizes and offset everywhere",
        BASE.amend(
            MODULE,
            packed=MAX32,
            unpacked=MAX32,
            extra=zip64_extra(len(CONTENT), PACKED),
            central=Central(offset=MAX32, extra=zip64_extra(len(CONTENT), PACKED, 0)),
        ),
    ),
    odd(
        "a ZIP64 field beside sizes that would have fitted",
        BASE.amend(MODULE, extra=zip64_extra(len(CONTENT), PACKED)),
    ),
    odd(
        "a central ZIP64 field for the size only",
        BASE.amend(MODULE, central=Central(unpacked=MAX32, extra=zip64_extra(len(CONTENT)))),
    ),
    odd(
        "extra fields of others",
        BASE.amend(
            MODULE,
            extra=extra_field(0x5455, b"\1\0\0\0\0"),
            central=Central(extra=extra_field(0x7875, b"")),
        ),
    ),
    odd(
        "a Unicode Path that repeats the name",
        BASE.amend(MODULE, extra=unicode_path(MODULE, of=MODULE)),
    ),
    odd("a deflater that tried hard", BASE.amend(MODULE, flags=2)),
    odd("an ASCII name flagged as UTF-8", BASE.amend(MODULE, flags=UTF8)),
    odd("no mode bits", BASE.amend(MODULE, central=Central(attributes=0))),
    odd(
        "a central directory in another order",
        _reordered,
    ),
    odd(
        "directory entries",
        BASE.add(
            Entry(b"acme/", method=STORED, central=Central(attributes=0o040755 << 16 | 0x10)),
            Entry(f"{DIST_INFO}/".encode(), central=Central(attributes=0o100644 << 16)),
        ),
    ),
]


FILE_ODDITIES = [
    odd("empty files", wheel({"acme/__init__.py": b"", "acme/py.typed": b""})),
    odd("names that are not ASCII", wheel({"acme/größe.py": b"", "acme/文.txt": b"x"})),
    odd("a name of 511 bytes", wheel({"/".join(["a" * 127] * 4): b"", "b" * 255: b""})),
    odd("file names of 255 bytes", wheel({"a" * 255 + "/" + "b" * 255: b"", "é" * 127 + "c": b""})),
    odd(
        "a directory and a file beside it that starts alike",
        wheel({"acme/a/b.py": b"", "acme/a.py": b"", "acme/a-b.py": b""}).add(Entry(b"acme/a/")),
    ),
    odd("a name with a colon and a comma", wheel({"acme/a:b.txt": b""})),
    odd(
        "data directories",
        wheel({"acme-1.0.data/scripts/run": b"#!python\n", "acme-1.0.data/data/etc/x": b""}),
    ),
    odd(
        "vendored .dist-info",
        wheel({"acme/_vendor/other-2.0.dist-info/METADATA": b"\xff", "acme/_vendor/o.py": b""}),
    ),
    odd("a member larger than a piece", wheel({"acme/large": bytes(range(256)) * 2048})),
    odd("zeros under 64 MiB at 500 to 1", wheel({"acme/zeros": bytes(1 << 20)})),
]


RECORD_ODDITIES = [
    odd("RECORD with CRLF", wheel(newline=b"\r\n")),
    odd("RECORD that does not list itself", wheel(record=lambda rows: rows[:-1])),
    odd("RECORD with a row twice", wheel(record=lambda rows: [*rows, rows[0]])),
    odd(
        "RECORD with a directory entry",
        wheel(record=lambda rows: [*rows, b"acme/,,"]).add(Entry(b"acme/")),
    ),
    odd(
        "RECORD with padded hashes",
        wheel(record=lambda rows: [rows[0].replace(b",2", b"=,2"), *rows[1:]]),
    ),
    odd(
        "RECORD without sizes", wheel(record=lambda rows: [rows[0].removesuffix(b"200"), *rows[1:]])
    ),
    odd(
        "RECORD without a line feed at its end",
        _last_line_open(),
    ),
    odd(
        "RECORD that is not the last member",
        Archive(BASE.entries[-1:] + BASE.entries[:-1]),
    ),
    odd(
        "RECORD.jws and RECORD.p7s",
        wheel(record=lambda rows: [*rows, f"{DIST_INFO}/RECORD.jws,,".encode()]).add(
            Entry(f"{DIST_INFO}/RECORD.jws".encode(), b"{}"),
            Entry(f"{DIST_INFO}/RECORD.p7s".encode(), b"\x30"),
        ),
    ),
    odd(
        "RECORD with a quoted name",
        wheel({'acme/a"b,c.txt': b""}, record=_quoted),
    ),
]


METADATA_ODDITIES = [
    *(
        odd(f"Metadata-Version {version}", wheel(metadata=metadata(version=version)))
        for version in ("1.0", "1.1", "1.2", "2.1", "2.2", "2.3", "2.4", "2.5", "2.6")
    ),
    odd(
        "Metadata-Version 2.7 with a field unknown today",
        wheel(metadata=metadata("Tomorrow: yes", version="2.7")),
    ),
    odd(
        "Metadata-Version 2.0, which never was",
        wheel(metadata=metadata(version="2.0")),
        warnings=("bad-metadata: core metadata: '2.0' is not a valid",),
    ),
    odd(
        "License-File before Metadata-Version 2.4, beside METADATA",
        wheel({f"{DIST_INFO}/LICENSE": b""}, metadata=metadata("License-File: LICENSE")),
        warnings=("bad-metadata: core metadata: license-file introduced",),
    ),
    odd(
        "License-File before Metadata-Version 2.4, nowhere",
        wheel(metadata=metadata("License-File: LICENSE", version="2.3")),
        warnings=(
            "bad-metadata: License-File 'LICENSE' is not in",
            "bad-metadata: core metadata: license-file introduced",
        ),
    ),
    odd(
        "License-File of Metadata-Version 2.4",
        wheel(
            {f"{DIST_INFO}/licenses/a/LICENSE": b""},
            metadata=metadata("License-File: a/LICENSE", version="2.4"),
        ),
    ),
    odd(
        "Summary twice",
        wheel(metadata=METADATA + b"Summary: Another\n"),
        warnings=("bad-metadata: core metadata: summary: cannot be read",),
    ),
    odd(
        "Project-URL twice under one label",
        wheel(metadata=metadata("Project-URL: a, b", "Project-URL: a, c")),
        warnings=("bad-metadata: core metadata: project-url: cannot be read",),
    ),
    odd(
        "a line that is no field",
        wheel(metadata=METADATA + b"License: none\nwhatsoever\nAuthor: x\n"),
        warnings=("bad-metadata: core metadata: line 6 is no field",),
    ),
    odd(
        "a content type that nests without end",
        wheel(metadata=metadata("Description-Content-Type: " + "(" * 2000)),
        warnings=("bad-metadata: core metadata: maximum recursion",),
    ),
    odd(
        "a content type without end",
        wheel(metadata=metadata("Description-Content-Type: text/plain" + ";" * 3000)),
        warnings=("bad-metadata: core metadata: description_content_type: too long",),
    ),
    odd(
        "fields that an e-mail would heed",
        wheel(metadata=metadata("Content-Type: multipart/x; boundary=y") + b"\nHello\n"),
    ),
    odd(
        "two descriptions",
        wheel(metadata=METADATA + b"Description: one\n\ntwo\n"),
        warnings=("bad-metadata: core metadata: description: there is one",),
    ),
    odd(
        "a description with anything in it",
        wheel(metadata=METADATA + "\nName: evil\r\rß\nRequires-Dist: (\n".encode()),
    ),
    odd("METADATA with CRLF", wheel(metadata=METADATA.replace(b"\n", b"\r\n") + b"\r\nHi\r\n")),
    odd("Version in another spelling", wheel(metadata=METADATA.replace(b" 1.0", b" v1"))),
    odd("Name in another spelling", wheel(metadata=METADATA.replace(b"acme", b"ACME"))),
]

PAPER_ODDITIES = [
    odd("an entry_points.txt that is empty", wheel(entry_points=b"")),
    odd(
        "entry points of all kinds",
        wheel(
            entry_points=(
                "; a comment\n[console_scripts]\nRun-it.3 = acme.cli:Main.run [fast,more]\n"
                "größe=acme:größe\n[acme.plugins]\nany thing! = acme\n"
                "b = acme.b : c [ d ]\n[empty]\n"
            ).encode()
        ),
    ),
    odd("WHEEL of a newer minor version", wheel(wheel_file=WHEEL.replace(b"1.0", b"1.9"))),
    odd("WHEEL with CRLF", wheel(wheel_file=WHEEL.replace(b"\n", b"\r\n"))),
    odd(
        "WHEEL with tags the file name lacks",
        wheel(wheel_file=WHEEL.replace(b"py3-none", b"py2.py3-none")),
        warnings=("bad-wheel: WHEEL: Tag 'py2.py3-none-any' is not in",),
    ),
    odd(
        "WHEEL with a tag that is none",
        wheel(wheel_file=WHEEL.replace(b"py3-none", b"py3")),
        warnings=("bad-wheel: WHEEL: Tag 'py3-any' is not in",),
    ),
    odd(
        "WHEEL with a tag that expands without end",
        wheel(wheel_file=WHEEL.replace(b"py3-none-any", b"-".join([b".".join([b"a"] * 99)] * 3))),
        warnings=("bad-wheel: WHEEL: Tag 'a.a.a.",),
    ),
    odd(
        "WHEEL without tags",
        wheel(wheel_file=WHEEL.replace(b"Tag: py3-none-any\n", b"")),
        warnings=("bad-wheel: WHEEL: no Tag line for py3-none-any",),
    ),
]


def _release(version: str, filename: str, wheel_file: bytes = WHEEL, name: str = "acme") -> Oddity:
    fields = METADATA.replace(b"Version: 1.0", b"Version: " + version.encode())
    fields = fields.replace(b"acme", name.encode())
    dist_info = "-".join(filename.split("-")[:2]) + ".dist-info"
    archive = wheel(metadata=fields, dist_info=dist_info, wheel_file=wheel_file)
    return odd(filename, archive, filename=filename)


_PLATFORMS = WHEEL.replace(b"py3-none-any", b"py2-none-win32\nTag: py3-none-win32")

NAME_ODDITIES = [
    _release("2!1.0", "acme-2!1.0-py3-none-any.whl"),
    _release("1.0+acme.3", "acme-1.0+acme.3-py3-none-any.whl"),
    _release("1.0.post1.dev2", "acme-1.0.post1.dev2-py3-none-any.whl"),
    _release("1.0", "acme-1.0-py2.py3-none-win32.whl", _PLATFORMS),
    _release("1.0", "acme-1.0-7local-py3-none-any.whl", b"Build: 7local\n" + WHEEL),
    _release("1.0", "a_c_m_e-1.0-py3-none-any.whl", name="a.c-m_e"),
    replace(
        _release("1.0", "acme-1.0-7-py3-none-any.whl"),
        warnings=("bad-wheel: WHEEL: no Build line",),
    ),
    replace(
        _release("1.0", "ACME-1.0-py3-none-any.whl", name="ACME"),
        warnings=("bad-filename: ACME-1.0-py3-none-any.whl: the normalised form",),
    ),
    replace(
        _release("1.0", "ac.me-1.0-py3-none-any.whl", name="ac.me"),
        warnings=("bad-filename: ac.me-1.0-py3-none-any.whl: the normalised form",),
    ),
    replace(
        _release("3.02", "acme-3.02-py3-none-any.whl"),
        warnings=("bad-filename: acme-3.02-py3-none-any.whl: the normalised form",),
    ),
]

WHEEL_ODDITIES = [
    *ZIP_ODDITIES,
    *FILE_ODDITIES,
    *RECORD_ODDITIES,
    *METADATA_ODDITIES,
    *PAPER_ODDITIES,
    *NAME_ODDITIES,
]

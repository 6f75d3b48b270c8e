"""Unusual wheels that are valid; to refuse one would break a correct build."""

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
from testing.corpus.case import Oddity, make_oddity
from testing.corpus.wheels import (
    DIST_INFO,
    FILES,
    METADATA,
    MODULE,
    RECORD,
    WHEEL,
    make_metadata,
    make_wheel,
)

BASE = make_wheel()
CONTENT = FILES["acme/__init__.py"]
PACKED = len(deflate(CONTENT))


def _swap_headers() -> bytes:
    """Return the archive with its two central headers swapped; lengths stay the same."""
    data = BASE.build()
    start, end = data.index(b"PK\x01\x02"), data.index(b"PK\x05\x06")
    second = data.index(b"PK\x01\x02", start + 4)
    return data[:start] + data[second:end] + data[start:second] + data[end:]


def _strip_last_newline() -> Archive:
    content = BASE.entries[-1].content.rstrip(b"\n")
    return BASE.amend(RECORD, content=content)


def _quote_path(rows: list[bytes]) -> list[bytes]:
    path, digest, size = rows[0].rsplit(b",", 2)
    return [b'"%s",%s,%s' % (path.replace(b'"', b'""'), digest, size), *rows[1:]]


_ENDS = {"entries_on_disk": MAX16, "entries": MAX16, "size": MAX32, "offset": MAX32}

ZIP_ODDITIES = [
    make_oddity("an ordinary wheel", BASE),
    make_oddity("stored members", Archive(tuple(replace(e, method=STORED) for e in BASE.entries))),
    make_oddity("ZIP64 end records that are not needed", replace(BASE, zip64={})),
    make_oddity("ZIP64 end records that are referred to", replace(BASE, zip64={}, end=_ENDS)),
    make_oddity(
        "ZIP64 sizes in the local header only",
        BASE.amend(
            MODULE,
            packed=MAX32,
            unpacked=MAX32,
            extra=zip64_extra(len(CONTENT), PACKED),
            central=Central(packed=PACKED, unpacked=len(CONTENT)),
        ),
    ),
    make_oddity(
        "ZIP64 sizes and offset everywhere",
        BASE.amend(
            MODULE,
            packed=MAX32,
            unpacked=MAX32,
            extra=zip64_extra(len(CONTENT), PACKED),
            central=Central(offset=MAX32, extra=zip64_extra(len(CONTENT), PACKED, 0)),
        ),
    ),
    make_oddity(
        "a ZIP64 field beside sizes that would have fitted",
        BASE.amend(MODULE, extra=zip64_extra(len(CONTENT), PACKED)),
    ),
    make_oddity(
        "a central ZIP64 field for the size only",
        BASE.amend(MODULE, central=Central(unpacked=MAX32, extra=zip64_extra(len(CONTENT)))),
    ),
    make_oddity(
        "extra fields of others",
        BASE.amend(
            MODULE,
            extra=extra_field(0x5455, b"\1\0\0\0\0"),
            central=Central(extra=extra_field(0x7875, b"")),
        ),
    ),
    make_oddity(
        "a Unicode Path that repeats the name",
        BASE.amend(MODULE, extra=unicode_path(MODULE, of=MODULE)),
    ),
    make_oddity("a deflater that tried hard", BASE.amend(MODULE, flags=2)),
    make_oddity("an ASCII name flagged as UTF-8", BASE.amend(MODULE, flags=UTF8)),
    make_oddity("no mode bits", BASE.amend(MODULE, central=Central(attributes=0))),
    make_oddity("a central directory in another order", _swap_headers),
    make_oddity(
        "directory entries",
        BASE.add(
            Entry(b"acme/", method=STORED, central=Central(attributes=0o040755 << 16 | 0x10)),
            Entry(f"{DIST_INFO}/".encode(), central=Central(attributes=0o100644 << 16)),
        ),
    ),
]


FILE_ODDITIES = [
    make_oddity("empty files", make_wheel({"acme/__init__.py": b"", "acme/py.typed": b""})),
    make_oddity(
        "names that are not ASCII", make_wheel({"acme/größe.py": b"", "acme/文.txt": b"x"})
    ),
    make_oddity(
        "a name of 511 bytes", make_wheel({"/".join(["a" * 127] * 4): b"", "b" * 255: b""})
    ),
    make_oddity(
        "file names of 255 bytes",
        make_wheel({"a" * 255 + "/" + "b" * 255: b"", "é" * 127 + "c": b""}),
    ),
    make_oddity(
        "a directory and a file beside it that starts alike",
        make_wheel({"acme/a/b.py": b"", "acme/a.py": b"", "acme/a-b.py": b""}).add(
            Entry(b"acme/a/")
        ),
    ),
    make_oddity(
        "a name with a colon and a comma",
        make_wheel({"acme/a:b.txt": b""}),
        warnings=("installed-path: Windows cannot keep the names of 'acme/a:b.txt'",),
    ),
    make_oddity(
        "data directories",
        make_wheel({"acme-1.0.data/scripts/run": b"#!python\n", "acme-1.0.data/data/etc/x": b""}),
    ),
    make_oddity(
        "vendored .dist-info",
        make_wheel(
            {"acme/_vendor/other-2.0.dist-info/METADATA": b"\xff", "acme/_vendor/o.py": b""}
        ),
    ),
    make_oddity(
        "a member larger than a piece", make_wheel({"acme/large": bytes(range(256)) * 2048})
    ),
    make_oddity("zeros under 64 MiB at 500 to 1", make_wheel({"acme/zeros": bytes(1 << 20)})),
]


RECORD_ODDITIES = [
    make_oddity("RECORD with CRLF", make_wheel(newline=b"\r\n")),
    make_oddity("RECORD that does not list itself", make_wheel(record=lambda rows: rows[:-1])),
    make_oddity("RECORD with a row twice", make_wheel(record=lambda rows: [*rows, rows[0]])),
    make_oddity(
        "RECORD with a directory entry",
        make_wheel(record=lambda rows: [*rows, b"acme/,,"]).add(Entry(b"acme/")),
    ),
    make_oddity(
        "RECORD with padded hashes",
        make_wheel(record=lambda rows: [rows[0].replace(b",2", b"=,2"), *rows[1:]]),
    ),
    make_oddity(
        "RECORD without sizes",
        make_wheel(record=lambda rows: [rows[0].removesuffix(b"200"), *rows[1:]]),
    ),
    make_oddity("RECORD without a line feed at its end", _strip_last_newline()),
    make_oddity(
        "RECORD that is not the last member", Archive(BASE.entries[-1:] + BASE.entries[:-1])
    ),
    make_oddity(
        "RECORD.jws and RECORD.p7s",
        make_wheel(record=lambda rows: [*rows, f"{DIST_INFO}/RECORD.jws,,".encode()]).add(
            Entry(f"{DIST_INFO}/RECORD.jws".encode(), b"{}"),
            Entry(f"{DIST_INFO}/RECORD.p7s".encode(), b"\x30"),
        ),
    ),
    make_oddity(
        "RECORD with a quoted name",
        make_wheel({'acme/a"b,c.txt': b""}, record=_quote_path),
        warnings=("installed-path: Windows cannot keep the names of 'acme/a\"b,c.txt'",),
    ),
]


METADATA_ODDITIES = [
    *(
        make_oddity(
            f"Metadata-Version {version}", make_wheel(metadata=make_metadata(version=version))
        )
        for version in ("1.0", "1.1", "1.2", "2.1", "2.2", "2.3", "2.4", "2.5", "2.6")
    ),
    make_oddity(
        "Metadata-Version 2.7 with a field unknown today",
        make_wheel(metadata=make_metadata("Tomorrow: yes", version="2.7")),
    ),
    make_oddity(
        "Metadata-Version 2.0, which never was",
        make_wheel(metadata=make_metadata(version="2.0")),
        warnings=("bad-metadata: core metadata: '2.0' is not a valid",),
    ),
    make_oddity(
        "License-File before Metadata-Version 2.4, beside METADATA",
        make_wheel({f"{DIST_INFO}/LICENSE": b""}, metadata=make_metadata("License-File: LICENSE")),
        warnings=("bad-metadata: core metadata: license-file introduced",),
    ),
    make_oddity(
        "License-File before Metadata-Version 2.4, nowhere",
        make_wheel(metadata=make_metadata("License-File: LICENSE", version="2.3")),
        warnings=(
            "bad-metadata: License-File 'LICENSE' is not in",
            "bad-metadata: core metadata: license-file introduced",
        ),
    ),
    make_oddity(
        "License-File of Metadata-Version 2.4",
        make_wheel(
            {f"{DIST_INFO}/licenses/a/LICENSE": b""},
            metadata=make_metadata("License-File: a/LICENSE", version="2.4"),
        ),
    ),
    make_oddity(
        "Summary twice",
        make_wheel(metadata=METADATA + b"Summary: Another\n"),
        warnings=("bad-metadata: core metadata: summary: cannot be read",),
    ),
    make_oddity(
        "Project-URL twice under one label",
        make_wheel(metadata=make_metadata("Project-URL: a, b", "Project-URL: a, c")),
        warnings=("bad-metadata: core metadata: project-url: cannot be read",),
    ),
    make_oddity(
        "a line that is no field",
        make_wheel(metadata=METADATA + b"License: none\nwhatsoever\nAuthor: x\n"),
        warnings=("bad-metadata: core metadata: line 6 is no field",),
    ),
    make_oddity(
        "a content type that nests without end",
        make_wheel(metadata=make_metadata("Description-Content-Type: " + "(" * 2000)),
        warnings=("bad-metadata: core metadata: maximum recursion",),
    ),
    make_oddity(
        "a content type without end",
        make_wheel(metadata=make_metadata("Description-Content-Type: text/plain" + ";" * 3000)),
        warnings=("bad-metadata: core metadata: description_content_type: too long",),
    ),
    make_oddity(
        "fields that an e-mail would heed",
        make_wheel(metadata=make_metadata("Content-Type: multipart/x; boundary=y") + b"\nHello\n"),
    ),
    make_oddity(
        "two descriptions",
        make_wheel(metadata=METADATA + b"Description: one\n\ntwo\n"),
        warnings=("bad-metadata: core metadata: description: there is one",),
    ),
    make_oddity(
        "a description with anything in it",
        make_wheel(metadata=METADATA + "\nHello\r\rß\nName: evil\n".encode()),
    ),
    make_oddity(
        "a field after the blank line",
        make_wheel(metadata=METADATA + b"\nRequires-Dist: x\n"),
        warnings=("bad-metadata: core metadata: line 6 is 'Requires-Dist: x', but the blank",),
    ),
    make_oddity(
        "METADATA with CRLF", make_wheel(metadata=METADATA.replace(b"\n", b"\r\n") + b"\r\nHi\r\n")
    ),
    make_oddity(
        "Version in another spelling", make_wheel(metadata=METADATA.replace(b" 1.0", b" v1"))
    ),
    make_oddity(
        "Name in another spelling", make_wheel(metadata=METADATA.replace(b"acme", b"ACME"))
    ),
]

DIST_INFO_ODDITIES = [
    make_oddity("an entry_points.txt that is empty", make_wheel(entry_points=b"")),
    make_oddity(
        "entry points of all kinds",
        make_wheel(
            entry_points=(
                "; a comment\n[console_scripts]\nRun-it.3 = acme.cli:Main.run [fast,more]\n"
                "größe=acme:größe\n[acme.plugins]\nany thing! = acme\n"
                "b = acme.b : c [ d ]\n[empty]\n"
            ).encode()
        ),
    ),
    make_oddity(
        "WHEEL of a newer minor version", make_wheel(wheel_file=WHEEL.replace(b"1.0", b"1.9"))
    ),
    make_oddity("WHEEL with CRLF", make_wheel(wheel_file=WHEEL.replace(b"\n", b"\r\n"))),
    make_oddity(
        "WHEEL with tags the file name lacks",
        make_wheel(wheel_file=WHEEL.replace(b"py3-none", b"py2.py3-none")),
        warnings=("bad-wheel: WHEEL: Tag 'py2.py3-none-any' is not in",),
    ),
    make_oddity(
        "WHEEL with a tag that is none",
        make_wheel(wheel_file=WHEEL.replace(b"py3-none", b"py3")),
        warnings=("bad-wheel: WHEEL: Tag 'py3-any' is not in",),
    ),
    make_oddity(
        "WHEEL with a tag that expands without end",
        make_wheel(
            wheel_file=WHEEL.replace(b"py3-none-any", b"-".join([b".".join([b"a"] * 99)] * 3))
        ),
        warnings=("bad-wheel: WHEEL: Tag 'a.a.a.",),
    ),
    make_oddity(
        "WHEEL with a blank line",
        make_wheel(wheel_file=WHEEL.replace(b"Tag", b"\nTag")),
        warnings=("bad-wheel: WHEEL: line 4 is blank",),
    ),
    make_oddity(
        "WHEEL with a field twice",
        make_wheel(wheel_file=b"Wheel-Version: 1.0\n" + WHEEL),
        warnings=("bad-wheel: WHEEL: Wheel-Version is there 2 times",),
    ),
    make_oddity(
        "WHEEL without tags",
        make_wheel(wheel_file=WHEEL.replace(b"Tag: py3-none-any\n", b"")),
        warnings=("bad-wheel: WHEEL: no Tag line for py3-none-any",),
    ),
]


def _release(version: str, filename: str, wheel_file: bytes = WHEEL, name: str = "acme") -> Oddity:
    fields = METADATA.replace(b"Version: 1.0", b"Version: " + version.encode())
    fields = fields.replace(b"acme", name.encode())
    dist_info = "-".join(filename.split("-")[:2]) + ".dist-info"
    archive = make_wheel(metadata=fields, dist_info=dist_info, wheel_file=wheel_file)
    return make_oddity(filename, archive, filename=filename)


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
    *DIST_INFO_ODDITIES,
    *NAME_ODDITIES,
]

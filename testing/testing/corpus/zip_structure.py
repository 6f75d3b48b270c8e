"""Ambiguous archives, which readers could interpret differently, and files that are no archives."""

from dataclasses import replace

from checks.refusal import Reason
from testing.corpus.archive import (
    MAX16,
    MAX32,
    Archive,
    Central,
    Entry,
    end_record,
    extra_field,
    unicode_path,
    zip64_end_record,
    zip64_extra,
)
from testing.corpus.case import Refusal, make_refusal
from testing.corpus.wheels import FILES, MODULE, RECORD, make_wheel

BASE = make_wheel()
BYTES = BASE.build()
DIRECTORY = BYTES.index(b"PK\x01\x02")
END = BYTES.index(b"PK\x05\x06")
SIZE = len(FILES["acme/__init__.py"])
PACKED = len(Entry(MODULE, FILES["acme/__init__.py"]).pack_data())


def _amend_module(**changes: object) -> Archive:
    return BASE.amend(MODULE, **changes)


def _set_central(**changes: object) -> Archive:
    return _amend_module(central=replace(Central(), **changes))  # type: ignore[arg-type] # keywords are field names


def _make_polyglot() -> bytes:
    """Return a ZIP with a stored member that completes a tar header with the correct checksum."""
    data = bytearray(BASE.add(Entry(b"a", bytes(600), method=0)).build())
    data[148:156] = b" " * 8
    data[148:156] = b"%06o\0 " % sum(data[:512])
    return bytes(data)


def _make_entries(*names: str) -> list[Entry]:
    return [Entry(name.encode()) for name in names]


_NO_ZIPS: list[tuple[str, str, Archive | bytes]] = [
    ("an empty file", "does not start", b""),
    ("a text", "does not start", b"#!/bin/sh\nexit 0\n"),
    ("an archive without members", "does not start", Archive(()).build()),
    ("a program ahead of the archive", "does not start", replace(BASE, prefix=b"MZ")),
    ("cut off in a signature", "without an end record", BYTES[:2] + BYTES[2:4]),
    ("cut off in a local header", "without an end record", BYTES[:20]),
    ("cut off in a member", "without an end record", BYTES[:60]),
    ("cut off before the directory", "without an end record", BYTES[:DIRECTORY]),
    ("cut off in the directory", "without an end record", BYTES[: DIRECTORY + 50]),
    ("no end record", "without an end record", BYTES[:END]),
    ("cut off in the end record", "without an end record", BYTES[:-1]),
    ("a byte after the end record", "bytes follow", replace(BASE, trailing=b"\0")),
    ("another archive after it", "bytes follow", BYTES + BYTES),
    ("a tar as well", "tar archive as well", _make_polyglot()),
]

NOT_A_ZIP = [make_refusal(Reason.NOT_A_ZIP, *no_zip) for no_zip in _NO_ZIPS]

_UNACCOUNTED = [
    ("bytes between members", "neither a member", BASE.amend(RECORD, before=b"gap!")),
    ("bytes ahead of the directory", "neither a member", replace(BASE, before_directory=b"gap!")),
    ("bytes after the directory", "neither a member", replace(BASE, after_directory=b"gap!")),
    ("a digital signature", "neither a member", replace(BASE, after_directory=b"PK\x05\x05\0\0")),
    ("an archive extra data record", "neither", replace(BASE, before_directory=b"PK\x06\x08\0\0")),
    ("a member after the directory", "neither", replace(BASE, after_directory=BYTES[:DIRECTORY])),
    (
        "bytes between the ZIP64 locator and the end record",
        "no end record follows",
        replace(BASE, zip64={}, before_end=b"gap!"),
    ),
]

_ENDS = [
    (
        "two ZIP64 end records",
        "no locator follows",
        replace(BASE, after_directory=zip64_end_record(4, 0, 0, {}), zip64={}),
    ),
    (
        "an end record inside the directory",
        "signature of an end record",
        _set_central(extra=extra_field(0xCAFE, end_record(4, 0, 0, {}, b""))),
    ),
    (
        "a ZIP64 locator where the directory ends",
        "signature of an end record",
        BASE.amend(RECORD, central=Central(extra=extra_field(0xCAFE, b"PK\x06\x07" + bytes(16)))),
    ),
    (
        "a ZIP64 end record inside the directory",
        "signature of an end record",
        _set_central(extra=extra_field(0xCAFE, zip64_end_record(4, 0, 0, {}))),
    ),
    (
        "an end signature inside the ZIP64 end record",
        "signature of an end record",
        replace(BASE, zip64={"made": 0x4B50, "needed": 0x0605}),
    ),
    (
        "an end signature inside the ZIP64 locator",
        "signature of an end record",
        replace(BASE, zip64={}, locator={"disk": 0x06054B50}),
    ),
    (
        "an end signature inside the end record",
        "signature of an end record",
        replace(BASE, end={"size": 0x06054B50}),
    ),
    *(
        (
            f"the end record's {name} is {value}",
            "end record: its values are",
            replace(BASE, end=end),
        )
        for end in (
            {"disk": 1},
            {"directory_disk": 1},
            {"entries_on_disk": 3},
            {"entries": 3},
            {"entries": 5},
            {"entries": MAX16},
            {"size": 1},
            {"size": MAX32},
            {"offset": DIRECTORY - 1},
            {"offset": MAX32},
        )
        for name, value in end.items()
    ),
    *(
        (f"the ZIP64 end record's {name} is {value}", detail, replace(BASE, zip64=changes))
        for detail, changes in (
            ("its size is 45", {"record_size": 45}),
            ("ZIP64 end record: its values are", {"disk": 1}),
            ("ZIP64 end record: its values are", {"directory_disk": 1}),
            ("ZIP64 end record: its values are", {"entries_on_disk": 3}),
            ("ZIP64 end record: its values are", {"entries": 3}),
            ("ZIP64 end record: its values are", {"size": 1}),
            ("ZIP64 end record: its values are", {"offset": 1}),
        )
        for name, value in changes.items()
    ),
    *(
        (f"the ZIP64 locator's {name} is {value}", "its locator is", archive)
        for changes in ({"disk": 1}, {"offset": 1}, {"disks": 2})
        for name, value in changes.items()
        for archive in [replace(BASE, zip64={}, locator=changes)]
    ),
    ("no ZIP64 locator", "no locator follows", replace(BASE, zip64={}, locator=None)),
    (
        "an end record that differs from the ZIP64 one",
        "end record: its values are",
        replace(BASE, zip64={}, end={"entries": 3}),
    ),
]

_HEADERS = [
    (
        "a central name of no member",
        "no member of that name",
        _set_central(name=b"acme/__main__.py"),
    ),
    ("another central method", "its method is 0", _set_central(method=0)),
    ("other central flags", "its flags is 2", _set_central(flags=2)),
    ("another central CRC", "its CRC is 1", _set_central(crc=1)),
    ("another central compressed size", "its compressed size is 1", _set_central(packed=1)),
    ("another central size", "its size is 1", _set_central(unpacked=1)),
    ("another central offset", "its offset is 1", _set_central(offset=1)),
    ("a central header on another disk", "its disk is 1", _set_central(disk=1)),
    (
        "another central size in ZIP64",
        "its size is 1",
        _set_central(unpacked=MAX32, extra=zip64_extra(1)),
    ),
    ("a member that is only local", "not in the central directory", _set_central(times=0)),
    ("a central header twice", "a second central header", _set_central(times=2)),
    ("a member that is only central", "no member of that name", _amend_module(local=False)),
]

_DUPLICATES = [
    (f"a name {how}", "another member has that name", BASE.add(*map(Entry, names)))
    for how, names in (
        ("that is there twice", (b"a.py", b"a.py")),
        ("in upper case and lower case", (b"a.py", b"A.py")),
        ("composed and decomposed", ("é.py".encode(), "e\u0301.py".encode())),
        ("in two cases of another script", ("Straße".encode(), b"STRASSE")),
        ("of both a directory and a file", (b"a/", b"a")),
    )
]

_NESTED = [
    ("a file that is a directory too", "a file", BASE.add(Entry(b"acme"))),
    ("a path through a file", "member that is a file", BASE.add(*_make_entries("a", "a/b.py"))),
    ("a path through a file far up", "that is a file", BASE.add(*_make_entries("a", "a/b/c/d.py"))),
    (
        "a path through a file in another case",
        "is a file",
        BASE.add(*_make_entries("é", "E\u0301/b")),
    ),
    (
        "a path through a file, the other way",
        "leads through it",
        BASE.add(*_make_entries("a/b", "A")),
    ),
]

_FIELDS = [
    ("a data descriptor", "data descriptor", _amend_module(flags=8)),
    (
        "a data descriptor with no sizes",
        "data descriptor",
        _amend_module(flags=8, packed=0, unpacked=0),
    ),
    ("a flag for patched data", "flags that mean nothing", _amend_module(flags=1 << 5)),
    ("a reserved flag", "flags that mean nothing", _amend_module(flags=1 << 15)),
    ("a member that needs a newer reader", "needs version 64", _amend_module(needed=64)),
    ("a central header that needs one", "needs version 276", _set_central(needed=256 + 20)),
    (
        "a local extra field that overruns",
        "longer than the room",
        _amend_module(extra=b"\1\0\xff\0"),
    ),
    ("a local extra field that is cut off", "longer than the room", _amend_module(extra=b"\0\0\0")),
    (
        "a central extra field that overruns",
        "longer than the room",
        _set_central(extra=b"\xfe\xca\x05\0\0"),
    ),
    (
        "an extra field twice",
        "0x5455 is there twice",
        _amend_module(extra=extra_field(0x5455, b"") * 2),
    ),
    (
        "the ZIP64 field twice",
        "0x0001 is there twice",
        _amend_module(extra=zip64_extra(SIZE, PACKED) * 2),
    ),
    (
        "the Unicode Path twice",
        "0x7075 is there twice",
        _amend_module(extra=unicode_path(MODULE, of=MODULE) * 2),
    ),
    (
        "a Unicode Path of another name",
        "gives another name",
        _amend_module(extra=unicode_path(b"evil.py", of=MODULE)),
    ),
    (
        "a central Unicode Path of another name",
        "gives another name",
        _set_central(extra=unicode_path(b"evil.py", of=MODULE)),
    ),
    (
        "a Unicode Path whose CRC is of another name",
        "gives another name",
        _amend_module(extra=unicode_path(MODULE, of=b"evil.py")),
    ),
    (
        "a Unicode Path of no bytes",
        "gives another name",
        _amend_module(extra=extra_field(0x7075, b"")),
    ),
    (
        "a local size in a ZIP64 field that is not there",
        "that is not there",
        _amend_module(unpacked=MAX32),
    ),
    (
        "a local ZIP64 field without the compressed size",
        "8 bytes instead of 16",
        _amend_module(unpacked=MAX32, extra=zip64_extra(SIZE)),
    ),
    (
        "a local header that contradicts its ZIP64 field",
        "not those of its ZIP64",
        _amend_module(unpacked=SIZE - 1, extra=zip64_extra(SIZE, PACKED)),
    ),
    (
        "a local header that contradicts its ZIP64 field's compressed size",
        "not those of its ZIP64",
        _amend_module(packed=PACKED - 1, extra=zip64_extra(SIZE, PACKED)),
    ),
    *(
        (
            f"a local header that refers to its ZIP64 field for its {size} size only",
            "for one size only",
            _amend_module(**{size: MAX32}, extra=zip64_extra(SIZE, PACKED)),
        )
        for size in ("packed", "unpacked")
    ),
    (
        "a central size in a ZIP64 field that is not there",
        "does not hold",
        _set_central(unpacked=MAX32),
    ),
    (
        "a central ZIP64 field nothing refers to",
        "does not hold",
        _set_central(extra=zip64_extra(SIZE)),
    ),
    (
        "a central ZIP64 field that is too short",
        "does not hold",
        _set_central(unpacked=MAX32, packed=MAX32, extra=zip64_extra(SIZE)),
    ),
    ("a member's comment", "it has a comment", _set_central(comment=b"hello")),
    ("the archive's comment", "the archive has a comment", replace(BASE, comment=b"hello")),
    (
        "the archive's comment, cut off",
        "the archive has a comment",
        replace(BASE, end={"comment_length": 9}),
    ),
    ("a name that is not UTF-8", "not UTF-8", BASE.add(Entry(b"\xff.py", flags=1 << 11))),
    ("a surrogate in a name", "not UTF-8", BASE.add(Entry(b"\xed\xa0\x80", flags=1 << 11))),
    ("a NUL in a name", "control characters", BASE.add(Entry(b"a.py\0.txt"))),
    ("a line feed in a name", "control characters", BASE.add(Entry(b"a\n.py"))),
    ("a C1 control in a name", "control characters", BASE.add(Entry("a\x85.py".encode()))),
    ("a name of 513 bytes", "513 bytes", BASE.add(Entry(b"a" * 513))),
    (
        "a UTF-8 name not flagged as such",
        "not flagged as UTF-8",
        BASE.add(Entry("é.py".encode(), flags=0)),
    ),
]

ZIP_STRUCTURE: list[Refusal] = [
    make_refusal(Reason.ZIP_STRUCTURE, title, detail, build)
    for title, detail, build in (*_UNACCOUNTED, *_ENDS, *_HEADERS, *_DUPLICATES, *_NESTED, *_FIELDS)
]

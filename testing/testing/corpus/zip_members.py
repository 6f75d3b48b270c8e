"""Wheels with encrypted, misplaced, oversized or wrongly declared members."""

import stat
from functools import partial

from checks.policy import GIB, MIB, Policy
from checks.refusal import Reason
from testing.corpus.archive import MAX32, STORED, Central, Entry, deflate, zip64_extra
from testing.corpus.case import make_refusal
from testing.corpus.wheels import DIST_INFO, FILES, MODULE, make_wheel

BASE = make_wheel()
CONTENT = FILES["acme/__init__.py"]

ZIP_ENCRYPTED = [
    make_refusal(Reason.ZIP_ENCRYPTED, title, "is encrypted", BASE.amend(MODULE, flags=flags))
    for title, flags in (
        ("an encrypted member", 1),
        ("a strongly encrypted member", 1 | 1 << 6),
        ("a member whose header is masked", 1 << 13),
    )
]

ZIP_METHOD = [
    make_refusal(Reason.ZIP_METHOD, f"a member compressed by {name}", f"method {method}", archive)
    for name, method in (("Deflate64", 9), ("bzip2", 12), ("LZMA", 14), ("zstd", 93), ("AES", 99))
    for archive in [BASE.amend(MODULE, method=method)]
]

_PATHS = (
    ("an absolute path", "absolute", "/etc/passwd"),
    ("a drive letter", "drive letter", "C:/a.py"),
    ("a drive letter without a slash", "drive letter", "c:a.py"),
    ("a backslash", "backslash", "a\\b.py"),
    ("a parent directory", "`..`", "../a.py"),
    ("a parent directory within", "`..`", "acme/../../a.py"),
    ("a parent directory last", "`..`", "acme/.."),
    ("a directory entry of the parent", "`..`", "acme/../"),
    ("a current directory", "`.`", "./a.py"),
    ("an empty component", "empty component", "acme//a.py"),
    ("an empty component last", "empty component", "acme//"),
    ("an empty name", "empty component", ""),
    ("a slash alone", "absolute", "/"),
    ("a file name of 256 bytes", "more than 255 bytes", "acme/" + "a" * 256),
    ("a directory name of 256 bytes", "more than 255 bytes", "a" * 256 + "/b.py"),
    ("a file name of 128 characters in 256 bytes", "more than 255 bytes", "é" * 128),
)

_MODES = (
    ("a symbolic link", stat.S_IFLNK),
    ("a block device", stat.S_IFBLK),
    ("a character device", stat.S_IFCHR),
    ("a FIFO", stat.S_IFIFO),
    ("a socket", stat.S_IFSOCK),
    ("a directory by its mode, a file by its name", stat.S_IFDIR),
)

ZIP_PATH = [
    *(
        make_refusal(Reason.ZIP_PATH, title, detail, BASE.add(Entry(name.encode(), b"")))
        for title, detail, name in _PATHS
    ),
    make_refusal(
        Reason.ZIP_PATH,
        "a directory entry with content",
        "but it has content",
        BASE.add(Entry(b"acme/", b"hello")),
    ),
    *(
        make_refusal(
            Reason.ZIP_PATH,
            title,
            "by its mode",
            BASE.amend(MODULE, central=Central(attributes=(mode | 0o777) << 16)),
        )
        for title, mode in _MODES
    ),
]


def _make_zeros(size: int) -> bytes:
    return make_wheel({"acme/zeros": bytes(size)}).build()


def _declare_size(size: int, name: str) -> bytes:
    """Return an archive with a wrong size in the headers of its first member."""
    extra = zip64_extra(size, 1000)
    entry = Entry(name.encode(), data=bytes(1000), unpacked=MAX32, packed=MAX32, extra=extra)
    return BASE.add(entry).build()


ZIP_BOMB = [
    make_refusal(
        Reason.ZIP_BOMB,
        "too many members",
        "more than 3 members",
        BASE,
        policy=Policy(max_members=3),
    ),
    make_refusal(
        Reason.ZIP_BOMB,
        "too much unpacked in one member",
        "MAX_UNPACKED_SIZE",
        BASE,
        policy=Policy(max_unpacked_size=len(CONTENT) - 1),
    ),
    make_refusal(
        Reason.ZIP_BOMB,
        "too much unpacked in all members",
        "MAX_UNPACKED_SIZE",
        BASE,
        policy=Policy(max_unpacked_size=len(CONTENT) + 1),
    ),
    make_refusal(
        Reason.ZIP_BOMB,
        "a member over 64 MiB at 1000 to 1",
        "50 times",
        partial(_make_zeros, 64 * MIB),
    ),
    make_refusal(
        Reason.ZIP_BOMB,
        "a member that declares 10 GB",
        "50 times",
        partial(_declare_size, 10 * 10**9, "acme/zeros"),
    ),
    make_refusal(
        Reason.ZIP_BOMB,
        "a member that declares 17 GiB",
        "MAX_UNPACKED_SIZE",
        partial(_declare_size, 17 * GIB, "acme/zeros"),
    ),
    *(
        make_refusal(
            Reason.ZIP_BOMB,
            f"{filename} of {limit + 1} bytes",
            f"more than {limit}",
            partial(_declare_size, limit + 1, f"{DIST_INFO}/{filename}"),
        )
        for filename, limit in (
            ("METADATA", 1 * MIB),
            ("WHEEL", 64 * 1024),
            ("entry_points.txt", 64 * 1024),
            ("RECORD", 32 * MIB),
        )
    ),
]

ZIP_CORRUPT = [
    make_refusal(Reason.ZIP_CORRUPT, title, detail, BASE.amend(MODULE, **changes))
    for title, detail, changes in (
        ("a CRC of something else", "the CRC it declares", {"crc": 1}),
        ("a stored member's CRC of something else", "the CRC", {"crc": 1, "method": STORED}),
        ("less content than declared", "another size", {"unpacked": len(CONTENT) + 1}),
        ("more content than declared", "another size", {"unpacked": len(CONTENT) - 1}),
        ("content where none is declared", "another size", {"unpacked": 0}),
        (
            "a stored member of two sizes",
            "declares two sizes",
            {"unpacked": len(CONTENT) + 1, "method": STORED},
        ),
        ("no deflate stream", "not a deflate stream", {"data": b"\xff" * 40}),
        ("a deflate stream that is cut off", "ends before", {"data": deflate(CONTENT)[:-3]}),
        ("an empty deflate stream", "ends before", {"data": b""}),
        ("bytes after the deflate stream", "goes on after", {"data": deflate(CONTENT) + b"x"}),
        (
            "much after the deflate stream",
            "goes on after",
            {"data": deflate(CONTENT) + bytes(500_000)},
        ),
    )
]

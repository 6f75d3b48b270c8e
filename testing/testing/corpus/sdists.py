"""Source distributions: hostile ones, and unusual ones that are right."""

import gzip
from functools import partial

from checks.policy import MIB, Policy
from checks.refusal import Reason
from testing.corpus.case import odd, refused
from testing.corpus.tarball import BLOCK, END, GNU, V7, Tar, long_name, pax, tarball
from testing.corpus.wheels import METADATA, metadata

FILENAME = "acme-1.0.tar.gz"
PKG_INFO = Tar(b"acme-1.0/PKG-INFO", metadata(version="2.2"))
MODULE = Tar(b"acme-1.0/acme.py", b"VALUE = 1\n")
BYTES = tarball(PKG_INFO, MODULE)
LONG = b"acme-1.0/" + b"a" * 200 + b"/b.py"

SDIST_GZIP = [
    refused(Reason.SDIST_GZIP, title, detail, build, filename=FILENAME)
    for title, detail, build in (
        ("an empty file", "cut off", b""),
        ("a text", "not a gzip stream", b"hello"),
        ("a tar that is not compressed", "not a gzip stream", PKG_INFO.build() + END),
        ("a gzip stream that is cut off", "cut off", BYTES[:-9]),
        ("a gzip trailer that is cut off", "cut off", BYTES[:-1]),
        ("another CRC", "not a gzip stream", BYTES[:-8] + b"evil" + BYTES[-4:]),
        ("another size", "not a gzip stream", BYTES[:-4] + b"evil"),
        ("a second gzip member", "something follows", BYTES + gzip.compress(b"", mtime=0)),
        ("a byte after the stream", "something follows", BYTES + b"\0"),
        ("a method other than deflate", "not a gzip stream", BYTES[:2] + b"\7" + BYTES[3:]),
    )
]

SDIST_STRUCTURE = [
    refused(Reason.SDIST_STRUCTURE, title, detail, build, filename=FILENAME)
    for title, detail, build in (
        ("no end blocks", "two end blocks", tarball(PKG_INFO, end=b"")),
        ("one end block", "two end blocks", tarball(PKG_INFO, end=bytes(BLOCK))),
        (
            "a header after one end block",
            "not followed",
            tarball(PKG_INFO, end=bytes(BLOCK) + MODULE.build() + END),
        ),
        (
            "a member that is cut off",
            "two end blocks",
            tarball(Tar(MODULE.name, size=b"00000007777\0"), end=b""),
        ),
        (
            "a member after the end",
            "something follows",
            tarball(PKG_INFO, end=END + MODULE.build()),
        ),
        (
            "something in the padding",
            "in the padding",
            tarball(Tar(MODULE.name, b"x", padding=b"y" * 511)),
        ),
        ("another checksum", "its checksum", tarball(Tar(MODULE.name, checksum=b"000000\0 "))),
        (
            "a checksum that is none",
            "its checksum",
            tarball(Tar(MODULE.name, checksum=b"evilevil")),
        ),
        ("a header of 1979", "neither a POSIX nor a GNU", tarball(Tar(MODULE.name, magic=V7))),
        (
            "a GNU header with a prefix",
            "neither a POSIX",
            tarball(Tar(b"b", magic=GNU, prefix=b"a")),
        ),
        ("a size that is none", "not an octal", tarball(Tar(MODULE.name, size=b"0000000000x\0"))),
        (
            "a size of decimal digits",
            "not an octal",
            tarball(Tar(MODULE.name, size=b"00000000008\0")),
        ),
        ("a size of no digits", "not an octal", tarball(Tar(MODULE.name, size=b" " * 12))),
        ("a size in base 256", "not an octal", tarball(Tar(MODULE.name, size=b"\x80" + bytes(11)))),
        ("two top-level directories", "in one directory", tarball(PKG_INFO, Tar(b"evil-1.0/a.py"))),
        ("another top-level directory", "in one directory", tarball(Tar(b"evil-1.0/PKG-INFO"))),
        ("another version's directory", "in one directory", tarball(Tar(b"acme-1.1/PKG-INFO"))),
        (
            "a directory in another spelling beside it",
            "in one directory",
            tarball(PKG_INFO, Tar(b"acme-1.0.0/a.py")),
        ),
        ("a file at the top level", "in one directory", tarball(PKG_INFO, Tar(b"setup.py"))),
        ("a name twice", "another member", tarball(PKG_INFO, MODULE, MODULE)),
        ("a name in two cases", "another member", tarball(MODULE, Tar(b"acme-1.0/ACME.py"))),
        (
            "a directory named as a file",
            "another member",
            tarball(MODULE, Tar(MODULE.name, kind=b"5")),
        ),
        (
            "a file that is a directory too",
            "leads through it",
            tarball(MODULE, Tar(b"acme-1.0/a/b"), Tar(b"acme-1.0/a")),
        ),
        (
            "a path through a file",
            "another member that is a file",
            tarball(MODULE, Tar(b"acme-1.0/ACME.py/b")),
        ),
        ("a name that is not UTF-8", "not UTF-8", tarball(Tar(b"acme-1.0/\xff"))),
        ("a control character in a name", "control", tarball(Tar(b"acme-1.0/\n"))),
        ("a NUL in a long name", "control", tarball(long_name(b"acme-1.0/a\0b"), MODULE)),
        ("a directory with content", "has content", tarball(Tar(b"acme-1.0/", b"x", b"5"))),
        (
            "two pax headers for one member",
            "already",
            tarball(pax(b"path=a"), pax(b"path=b"), MODULE),
        ),
        ("two kinds of long name", "already", tarball(long_name(b"a"), pax(b"path=b"), MODULE)),
        ("a pax header for no member", "does not follow", tarball(PKG_INFO, pax(b"path=a"))),
        (
            "a pax header of 64 KiB",
            "extends the next",
            tarball(pax(b"comment=" + b"x" * 65_536), MODULE),
        ),
        (
            "a pax record that is none",
            "not of the form",
            tarball(Tar(b"x", b"hello\n", b"x"), MODULE),
        ),
        (
            "a pax record without a value",
            "not of the form",
            tarball(Tar(b"x", b"7 path\n", b"x"), MODULE),
        ),
        (
            "a pax record that overruns",
            "not of the form",
            tarball(Tar(b"x", b"99 path=a\n", b"x"), MODULE),
        ),
        (
            "a pax record without a line feed",
            "not of the form",
            tarball(Tar(b"x", b"8 path=a", b"x"), MODULE),
        ),
        ("a pax record twice", "there twice", tarball(pax(b"path=a", b"path=b"), MODULE)),
        ("an empty pax path", "path is empty", tarball(pax(b"path="), MODULE)),
        ("an empty long name", "name is empty", tarball(long_name(b""), MODULE)),
        ("another pax size", "its size is 10", tarball(pax(b"size=99"), MODULE)),
        ("a pax size in another form", "its size is 10", tarball(pax(b"size=010"), MODULE)),
        ("a pax size for no member", "does not follow", tarball(PKG_INFO, pax(b"size=10"))),
        ("an empty pax size", "size is empty", tarball(pax(b"size="), MODULE)),
        ("two pax sizes", "already", tarball(pax(b"size=10"), pax(b"size=10"), MODULE)),
        ("a pax character set", "hdrcharset", tarball(pax(b"hdrcharset=BINARY"), MODULE)),
        ("a pax link", "linkpath", tarball(pax(b"linkpath=a"), MODULE)),
        ("a pax path for all members", "path", tarball(pax(b"path=a", kind=b"g"), MODULE)),
        ("a pax size for all members", "size", tarball(pax(b"size=99", kind=b"g"), MODULE)),
    )
]

SDIST_MEMBER = [
    *(
        refused(
            Reason.SDIST_MEMBER,
            f"{what}",
            "a link, a device",
            tarball(PKG_INFO, Tar(b"acme-1.0/x", kind=kind)),
            filename=FILENAME,
        )
        for what, kind in (
            ("a hard link", b"1"),
            ("a symbolic link", b"2"),
            ("a character device", b"3"),
            ("a block device", b"4"),
            ("a FIFO", b"6"),
            ("a contiguous file", b"7"),
            ("a long link name", b"K"),
            ("a GNU sparse file", b"S"),
            ("a member of no known type", b"Z"),
        )
    ),
    refused(
        Reason.SDIST_MEMBER,
        "a pax sparse file",
        "sparse",
        tarball(pax(b"GNU.sparse.major=1"), MODULE),
        filename=FILENAME,
    ),
]

SDIST_PATH = [
    refused(Reason.SDIST_PATH, title, detail, tarball(*members), filename=FILENAME)
    for title, detail, members in (
        ("an absolute path", "absolute", [Tar(b"/etc/passwd")]),
        ("an absolute path by pax", "absolute", [pax(b"path=/etc/passwd"), MODULE]),
        ("an absolute path by a long name", "absolute", [long_name(b"/etc/passwd"), MODULE]),
        ("an absolute path by the prefix", "absolute", [Tar(b"passwd", prefix=b"/etc")]),
        ("a parent directory", "`..`", [Tar(b"acme-1.0/../../x")]),
        ("a current directory", "`.`", [Tar(b"./acme-1.0/x")]),
        ("a backslash", "backslash", [Tar(b"acme-1.0\\x")]),
        ("an empty component", "empty", [Tar(b"acme-1.0//x")]),
        (
            "a component of 256 bytes",
            "more than 255 bytes",
            [pax(b"path=acme-1.0/" + b"a" * 256), MODULE],
        ),
        ("a file named as a directory", "named as a directory", [Tar(b"acme-1.0/x/")]),
    )
]

SDIST_BOMB = [
    refused(
        Reason.SDIST_BOMB,
        "too many members",
        "more than 2 members",
        tarball(PKG_INFO, MODULE, Tar(b"acme-1.0/x")),
        filename=FILENAME,
        policy=Policy(max_members=2),
    ),
    refused(
        Reason.SDIST_BOMB,
        "too much unpacked",
        "MAX_UNPACKED_SIZE",
        tarball(PKG_INFO, Tar(b"acme-1.0/x", bytes(10_000))),
        filename=FILENAME,
        policy=Policy(max_unpacked_size=9_000),
    ),
    refused(
        Reason.SDIST_BOMB,
        "a member that declares 8 GiB",
        "50 times",
        tarball(Tar(b"acme-1.0/x", size=b"77777777777\0")),
        filename=FILENAME,
    ),
    refused(
        Reason.SDIST_BOMB,
        "70 MiB of padding at 1000 to 1",
        "50 times",
        partial(gzip.compress, bytes(70 * MIB), mtime=0),
        filename=FILENAME,
    ),
    refused(
        Reason.SDIST_BOMB,
        "PKG-INFO over 1 MiB",
        "PKG-INFO has",
        tarball(Tar(PKG_INFO.name, METADATA + bytes(MIB))),
        filename=FILENAME,
    ),
]

SDIST_METADATA = [
    refused(Reason.SDIST_METADATA, title, detail, build, filename=FILENAME)
    for title, detail, build in (
        ("no PKG-INFO", "no PKG-INFO", tarball(MODULE)),
        ("no members", "no PKG-INFO", tarball()),
        ("PKG-INFO deeper down", "no PKG-INFO", tarball(Tar(b"acme-1.0/acme.egg-info/PKG-INFO"))),
        ("PKG-INFO of 2.1", "Metadata-Version 2.1", tarball(Tar(PKG_INFO.name, METADATA))),
        ("PKG-INFO in Latin-1", "not UTF-8", tarball(Tar(PKG_INFO.name, b"\xe9"))),
        (
            "PKG-INFO of another project",
            "Name evil",
            tarball(Tar(PKG_INFO.name, PKG_INFO.content.replace(b"acme", b"evil"))),
        ),
        (
            "PKG-INFO of another version",
            "Version 1.1",
            tarball(Tar(PKG_INFO.name, PKG_INFO.content.replace(b" 1.0", b" 1.1"))),
        ),
    )
] + [
    refused(
        Reason.DIRECT_URL,
        "an sdist that requires a URL",
        "https://example.invalid",
        tarball(
            Tar(
                PKG_INFO.name, metadata("Requires-Dist: x @ https://example.invalid", version="2.2")
            )
        ),
        filename=FILENAME,
    )
]


def _base256() -> bytes:
    octal = Tar(PKG_INFO.name, PKG_INFO.content).build()[148:154]
    return b"\x80" + int(octal, 8).to_bytes(7, "big")


SDIST_ODDITIES = [
    odd(title, build, filename=FILENAME, warnings=warnings)
    for title, build, warnings in (
        ("an ordinary sdist", BYTES, ()),
        (
            "directory entries",
            tarball(Tar(b"acme-1.0/", kind=b"5"), Tar(b"acme-1.0/a", kind=b"5"), PKG_INFO),
            (),
        ),
        ("GNU headers", tarball(Tar(PKG_INFO.name, PKG_INFO.content, magic=GNU)), ()),
        (
            "a checksum in base 256",
            tarball(Tar(PKG_INFO.name, PKG_INFO.content, checksum=_base256())),
            (),
        ),
        ("an old file type", tarball(Tar(PKG_INFO.name, PKG_INFO.content, kind=b"\0")), ()),
        ("a name by pax", tarball(PKG_INFO, pax(b"path=" + LONG, b"mtime=1.5"), Tar(LONG)), ()),
        ("a pax size as in the header", tarball(PKG_INFO, pax(b"size=10"), MODULE), ()),
        ("a name by GNU", tarball(PKG_INFO, long_name(LONG), Tar(LONG)), ()),
        ("a name with a prefix", tarball(PKG_INFO, Tar(b"b.py", prefix=LONG[:100])), ()),
        (
            "the commit, as git archive notes it",
            tarball(pax(b"comment=beef", kind=b"g"), PKG_INFO),
            (),
        ),
        ("padding to a tape record", tarball(PKG_INFO, end=bytes(20 * BLOCK)), ()),
        ("a name that is not ASCII", tarball(PKG_INFO, Tar("acme-1.0/größe".encode())), ()),
        ("a member larger than a piece", tarball(PKG_INFO, Tar(b"acme-1.0/x", bytes(600_000))), ()),
        (
            "a directory in another spelling",
            tarball(Tar(b"Acme-1.0.0/PKG-INFO", PKG_INFO.content)),
            (),
        ),
        (
            "a warning",
            tarball(Tar(PKG_INFO.name, metadata("License-File: x", version="2.2"))),
            ("sdist-metadata: core metadata: license-file introduced",),
        ),
    )
]

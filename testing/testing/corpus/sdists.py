"""Source distributions: hostile ones, and unusual ones that are valid."""

import gzip
from functools import partial

from checks.policy import MIB, Policy
from checks.refusal import Reason
from testing.corpus.case import make_oddity, make_refusal
from testing.corpus.tarball import BLOCK, END, GNU, V7, Tar, make_long_name, make_pax, pack_tar
from testing.corpus.wheels import METADATA, make_metadata

FILENAME = "acme-1.0.tar.gz"
PKG_INFO = Tar(b"acme-1.0/PKG-INFO", make_metadata(version="2.2"))
MODULE = Tar(b"acme-1.0/acme.py", b"VALUE = 1\n")
BYTES = pack_tar(PKG_INFO, MODULE)
LONG = b"acme-1.0/" + b"a" * 200 + b"/b.py"

SDIST_GZIP = [
    make_refusal(Reason.SDIST_GZIP, title, detail, build, filename=FILENAME)
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
    make_refusal(Reason.SDIST_STRUCTURE, title, detail, build, filename=FILENAME)
    for title, detail, build in (
        ("no end blocks", "two end blocks", pack_tar(PKG_INFO, end=b"")),
        ("one end block", "two end blocks", pack_tar(PKG_INFO, end=bytes(BLOCK))),
        (
            "a header after one end block",
            "not followed",
            pack_tar(PKG_INFO, end=bytes(BLOCK) + MODULE.build() + END),
        ),
        (
            "a member that is cut off",
            "two end blocks",
            pack_tar(Tar(MODULE.name, size=b"00000007777\0"), end=b""),
        ),
        (
            "a member after the end",
            "something follows",
            pack_tar(PKG_INFO, end=END + MODULE.build()),
        ),
        (
            "something in the padding",
            "in the padding",
            pack_tar(Tar(MODULE.name, b"x", padding=b"y" * 511)),
        ),
        ("another checksum", "its checksum", pack_tar(Tar(MODULE.name, checksum=b"000000\0 "))),
        (
            "a checksum that is none",
            "its checksum",
            pack_tar(Tar(MODULE.name, checksum=b"evilevil")),
        ),
        ("a header of 1979", "neither a POSIX nor a GNU", pack_tar(Tar(MODULE.name, magic=V7))),
        (
            "a GNU header with a prefix",
            "neither a POSIX",
            pack_tar(Tar(b"b", magic=GNU, prefix=b"a")),
        ),
        ("a size that is none", "not an octal", pack_tar(Tar(MODULE.name, size=b"0000000000x\0"))),
        (
            "a size of decimal digits",
            "not an octal",
            pack_tar(Tar(MODULE.name, size=b"00000000008\0")),
        ),
        ("a size of no digits", "not an octal", pack_tar(Tar(MODULE.name, size=b" " * 12))),
        (
            "a size in base 256",
            "not an octal",
            pack_tar(Tar(MODULE.name, size=b"\x80" + bytes(11))),
        ),
        (
            "two top-level directories",
            "in one directory",
            pack_tar(PKG_INFO, Tar(b"evil-1.0/a.py")),
        ),
        ("another top-level directory", "in one directory", pack_tar(Tar(b"evil-1.0/PKG-INFO"))),
        ("another version's directory", "in one directory", pack_tar(Tar(b"acme-1.1/PKG-INFO"))),
        (
            "a directory in another spelling beside it",
            "in one directory",
            pack_tar(PKG_INFO, Tar(b"acme-1.0.0/a.py")),
        ),
        ("a file at the top level", "in one directory", pack_tar(PKG_INFO, Tar(b"setup.py"))),
        ("a name twice", "another member", pack_tar(PKG_INFO, MODULE, MODULE)),
        ("a name in two cases", "another member", pack_tar(MODULE, Tar(b"acme-1.0/ACME.py"))),
        (
            "a directory named as a file",
            "another member",
            pack_tar(MODULE, Tar(MODULE.name, kind=b"5")),
        ),
        (
            "a file that is a directory too",
            "leads through it",
            pack_tar(MODULE, Tar(b"acme-1.0/a/b"), Tar(b"acme-1.0/a")),
        ),
        (
            "a path through a file",
            "another member that is a file",
            pack_tar(MODULE, Tar(b"acme-1.0/ACME.py/b")),
        ),
        ("a name that is not UTF-8", "not UTF-8", pack_tar(Tar(b"acme-1.0/\xff"))),
        ("a control character in a name", "control", pack_tar(Tar(b"acme-1.0/\n"))),
        ("a NUL in a long name", "control", pack_tar(make_long_name(b"acme-1.0/a\0b"), MODULE)),
        ("a directory with content", "has content", pack_tar(Tar(b"acme-1.0/", b"x", b"5"))),
        (
            "two pax headers for one member",
            "already",
            pack_tar(make_pax(b"path=a"), make_pax(b"path=b"), MODULE),
        ),
        (
            "two kinds of long name",
            "already",
            pack_tar(make_long_name(b"a"), make_pax(b"path=b"), MODULE),
        ),
        ("a pax header for no member", "does not follow", pack_tar(PKG_INFO, make_pax(b"path=a"))),
        (
            "a pax header of 64 KiB",
            "extends the next",
            pack_tar(make_pax(b"comment=" + b"x" * 65_536), MODULE),
        ),
        (
            "a pax record that is none",
            "not of the form",
            pack_tar(Tar(b"x", b"hello\n", b"x"), MODULE),
        ),
        (
            "a pax record without a value",
            "not of the form",
            pack_tar(Tar(b"x", b"7 path\n", b"x"), MODULE),
        ),
        (
            "a pax record that overruns",
            "not of the form",
            pack_tar(Tar(b"x", b"99 path=a\n", b"x"), MODULE),
        ),
        (
            "a pax record without a line feed",
            "not of the form",
            pack_tar(Tar(b"x", b"8 path=a", b"x"), MODULE),
        ),
        ("a pax record twice", "there twice", pack_tar(make_pax(b"path=a", b"path=b"), MODULE)),
        ("an empty pax path", "path is empty", pack_tar(make_pax(b"path="), MODULE)),
        ("an empty long name", "name is empty", pack_tar(make_long_name(b""), MODULE)),
        ("another pax size", "its size is 10", pack_tar(make_pax(b"size=99"), MODULE)),
        ("a pax size in another form", "its size is 10", pack_tar(make_pax(b"size=010"), MODULE)),
        ("a pax size for no member", "does not follow", pack_tar(PKG_INFO, make_pax(b"size=10"))),
        ("an empty pax size", "size is empty", pack_tar(make_pax(b"size="), MODULE)),
        ("two pax sizes", "already", pack_tar(make_pax(b"size=10"), make_pax(b"size=10"), MODULE)),
        ("a pax character set", "hdrcharset", pack_tar(make_pax(b"hdrcharset=BINARY"), MODULE)),
        ("a pax link", "linkpath", pack_tar(make_pax(b"linkpath=a"), MODULE)),
        ("a pax path for all members", "path", pack_tar(make_pax(b"path=a", kind=b"g"), MODULE)),
        ("a pax size for all members", "size", pack_tar(make_pax(b"size=99", kind=b"g"), MODULE)),
    )
]

SDIST_MEMBER = [
    *(
        make_refusal(
            Reason.SDIST_MEMBER,
            title,
            "a link, a device",
            pack_tar(PKG_INFO, Tar(b"acme-1.0/x", kind=kind)),
            filename=FILENAME,
        )
        for title, kind in (
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
    make_refusal(
        Reason.SDIST_MEMBER,
        "a pax sparse file",
        "sparse",
        pack_tar(make_pax(b"GNU.sparse.major=1"), MODULE),
        filename=FILENAME,
    ),
]

SDIST_PATH = [
    make_refusal(Reason.SDIST_PATH, title, detail, pack_tar(*members), filename=FILENAME)
    for title, detail, members in (
        ("an absolute path", "absolute", [Tar(b"/etc/passwd")]),
        ("an absolute path by pax", "absolute", [make_pax(b"path=/etc/passwd"), MODULE]),
        ("an absolute path by a long name", "absolute", [make_long_name(b"/etc/passwd"), MODULE]),
        ("an absolute path by the prefix", "absolute", [Tar(b"passwd", prefix=b"/etc")]),
        ("a parent directory", "`..`", [Tar(b"acme-1.0/../../x")]),
        ("a current directory", "`.`", [Tar(b"./acme-1.0/x")]),
        ("a backslash", "backslash", [Tar(b"acme-1.0\\x")]),
        ("an empty component", "empty", [Tar(b"acme-1.0//x")]),
        (
            "a component of 256 bytes",
            "more than 255 bytes",
            [make_pax(b"path=acme-1.0/" + b"a" * 256), MODULE],
        ),
        ("a file named as a directory", "named as a directory", [Tar(b"acme-1.0/x/")]),
    )
]

SDIST_BOMB = [
    make_refusal(
        Reason.SDIST_BOMB,
        "too many members",
        "more than 2 members",
        pack_tar(PKG_INFO, MODULE, Tar(b"acme-1.0/x")),
        filename=FILENAME,
        policy=Policy(max_members=2),
    ),
    make_refusal(
        Reason.SDIST_BOMB,
        "too much unpacked",
        "MAX_UNPACKED_SIZE",
        pack_tar(PKG_INFO, Tar(b"acme-1.0/x", bytes(10_000))),
        filename=FILENAME,
        policy=Policy(max_unpacked_size=9_000),
    ),
    make_refusal(
        Reason.SDIST_BOMB,
        "a member that declares 8 GiB",
        "50 times",
        pack_tar(Tar(b"acme-1.0/x", size=b"77777777777\0")),
        filename=FILENAME,
    ),
    make_refusal(
        Reason.SDIST_BOMB,
        "70 MiB of padding at 1000 to 1",
        "50 times",
        partial(gzip.compress, bytes(70 * MIB), mtime=0),
        filename=FILENAME,
    ),
    make_refusal(
        Reason.SDIST_BOMB,
        "PKG-INFO over 1 MiB",
        "PKG-INFO has",
        pack_tar(Tar(PKG_INFO.name, METADATA + bytes(MIB))),
        filename=FILENAME,
    ),
]

SDIST_METADATA = [
    make_refusal(Reason.SDIST_METADATA, title, detail, build, filename=FILENAME)
    for title, detail, build in (
        ("no PKG-INFO", "no PKG-INFO", pack_tar(MODULE)),
        ("no members", "no PKG-INFO", pack_tar()),
        ("PKG-INFO deeper down", "no PKG-INFO", pack_tar(Tar(b"acme-1.0/acme.egg-info/PKG-INFO"))),
        ("PKG-INFO in Latin-1", "not UTF-8", pack_tar(Tar(PKG_INFO.name, b"\xe9"))),
        (
            "PKG-INFO of another project",
            "Name evil",
            pack_tar(Tar(PKG_INFO.name, PKG_INFO.content.replace(b"acme", b"evil"))),
        ),
        (
            "PKG-INFO of another version",
            "Version 1.1",
            pack_tar(Tar(PKG_INFO.name, PKG_INFO.content.replace(b" 1.0", b" 1.1"))),
        ),
    )
] + [
    make_refusal(
        Reason.DIRECT_URL,
        "an sdist that requires a URL",
        "https://example.invalid",
        pack_tar(
            Tar(
                PKG_INFO.name,
                make_metadata("Requires-Dist: x @ https://example.invalid", version="2.2"),
            )
        ),
        filename=FILENAME,
    )
]


def _encode_base256() -> bytes:
    octal = Tar(PKG_INFO.name, PKG_INFO.content).build()[148:154]
    return b"\x80" + int(octal, 8).to_bytes(7, "big")


SDIST_ODDITIES = [
    make_oddity(title, build, filename=FILENAME, warnings=warnings)
    for title, build, warnings in (
        ("an ordinary sdist", BYTES, ()),
        (
            "directory entries",
            pack_tar(Tar(b"acme-1.0/", kind=b"5"), Tar(b"acme-1.0/a", kind=b"5"), PKG_INFO),
            (),
        ),
        ("GNU headers", pack_tar(Tar(PKG_INFO.name, PKG_INFO.content, magic=GNU)), ()),
        (
            "a checksum in base 256",
            pack_tar(Tar(PKG_INFO.name, PKG_INFO.content, checksum=_encode_base256())),
            (),
        ),
        ("an old file type", pack_tar(Tar(PKG_INFO.name, PKG_INFO.content, kind=b"\0")), ()),
        (
            "a name by pax",
            pack_tar(PKG_INFO, make_pax(b"path=" + LONG, b"mtime=1.5"), Tar(LONG)),
            (),
        ),
        ("a pax size as in the header", pack_tar(PKG_INFO, make_pax(b"size=10"), MODULE), ()),
        ("a name by GNU", pack_tar(PKG_INFO, make_long_name(LONG), Tar(LONG)), ()),
        ("a name with a prefix", pack_tar(PKG_INFO, Tar(b"b.py", prefix=LONG[:100])), ()),
        (
            "the commit, as git archive notes it",
            pack_tar(make_pax(b"comment=beef", kind=b"g"), PKG_INFO),
            (),
        ),
        ("padding to a tape record", pack_tar(PKG_INFO, end=bytes(20 * BLOCK)), ()),
        ("a name that is not ASCII", pack_tar(PKG_INFO, Tar("acme-1.0/größe".encode())), ()),
        (
            "a member larger than a piece",
            pack_tar(PKG_INFO, Tar(b"acme-1.0/x", bytes(600_000))),
            (),
        ),
        (
            "a directory in another spelling",
            pack_tar(Tar(b"Acme-1.0.0/PKG-INFO", PKG_INFO.content)),
            (),
        ),
        (
            "a warning",
            pack_tar(Tar(PKG_INFO.name, make_metadata("License-File: x", version="2.2"))),
            (
                "sdist-metadata: License-File 'x' is not in acme-1.0/",
                "sdist-metadata: core metadata: license-file introduced",
            ),
        ),
    )
]

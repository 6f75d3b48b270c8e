"""Mutated wheels and sdists: refused, or read by `zipfile` and `tarfile` with equal results."""

import gzip
import io
import tarfile
import zipfile
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import replace

from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from checks.distribution import VerifiedFile, read_core_metadata, verify
from checks.policy import Policy
from checks.refusal import Refused
from testing.corpus.archive import MAX32, STORED, Archive, Central, Entry, split_chunks, zip64_extra
from testing.corpus.oddities import BASE, WHEEL_ODDITIES
from testing.corpus.readers import compute_digest, read_by_walk, read_by_zipfile
from testing.corpus.sdists import FILENAME as SDIST
from testing.corpus.sdists import SDIST_ODDITIES
from testing.corpus.wheels import FILENAME, METADATA, WHEEL, Rows, make_wheel

THOROUGH = settings(
    max_examples=300,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)

SMALL = 4096
WHEELS = [case.build() for case in WHEEL_ODDITIES if case.filename == FILENAME]
WHEELS = [data for data in WHEELS if len(data) < SMALL]
TARS = [gzip.decompress(case.build()) for case in SDIST_ODDITIES]
TARS = [data for data in TARS if len(data) < 3 * SMALL]

Edit = Callable[[bytes], bytes]


def _edit(data: bytes) -> st.SearchStrategy[bytes]:
    """Change, delete, insert or move some of the bytes."""
    places = st.integers(0, len(data))
    lengths = st.integers(1, 40)
    pieces = st.one_of(
        st.binary(min_size=1, max_size=8),
        st.sampled_from([b"PK\3\4", b"PK\1\2", b"PK\5\6", b"PK\6\6", b"\xff" * 4, bytes(4)]),
    )
    edit = st.one_of(
        st.builds(lambda at, new: lambda d: d[:at] + new + d[at + len(new) :], places, pieces),
        st.builds(lambda at, new: lambda d: d[:at] + new + d[at:], places, pieces),
        st.builds(lambda at, n: lambda d: d[:at] + d[at + n :], places, lengths),
        st.builds(lambda a, b, n: lambda d: d[:b] + d[a : a + n] + d[b:], places, places, lengths),
        st.builds(lambda at: lambda d: d[:at], places),
    )
    return st.lists(edit, min_size=1, max_size=3).map(lambda edits: _apply(data, edits))


def _apply(data: bytes, edits: Iterable[Edit]) -> bytes:
    for edit in edits:
        data = edit(data)
    return data


def _verify(filename: str, data: bytes, chunk_size: int = 1000) -> VerifiedFile | None:
    """Return the facts of a file, or None if it is refused; other exceptions are bugs."""
    try:
        return verify(filename, split_chunks(data, chunk_size), Policy(), len(data))
    except Refused:
        return None


def _expect_the_same(data: bytes) -> None:
    walked = read_by_walk(data)
    if walked is not None:
        assert walked == read_by_zipfile(data)
    verified = _verify(FILENAME, data)
    if verified is not None:
        assert walked is not None
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            assert archive.read("acme-1.0.dist-info/METADATA") == verified.metadata
        assert verified.sha256 == compute_digest(data)


def test_every_unusual_wheel_reads_the_same_with_zipfile() -> None:
    for data in WHEELS:
        assert read_by_walk(data) == read_by_zipfile(data)


@THOROUGH
@given(st.sampled_from(WHEELS).flatmap(_edit))
def test_a_wheel_with_bytes_changed_is_refused_or_reads_the_same(data: bytes) -> None:
    _expect_the_same(data)


_NAMES = st.sampled_from([b"a", b"a/", b"A", b"a/b", "é".encode(), b"acme/__init__.py"])
_NUMBERS = st.one_of(st.none(), st.sampled_from([0, 1, 2, 3, 20, MAX32 - 1, MAX32]))
_FLAGS = st.one_of(st.none(), st.sampled_from([0, 1, 2, 4, 6, 8, 1 << 11, 1 << 11 | 2, 1 << 15]))
_EXTRAS = st.one_of(
    st.just(b""),
    st.binary(max_size=6),
    st.lists(st.sampled_from([0, 1, 3, 20]), max_size=3).map(lambda v: zip64_extra(*v)),
)
_CENTRALS = st.builds(
    Central,
    name=st.one_of(st.none(), _NAMES),
    flags=_FLAGS,
    method=st.sampled_from([None, 0, 8]),
    crc=_NUMBERS,
    packed=_NUMBERS,
    unpacked=_NUMBERS,
    offset=_NUMBERS,
    extra=_EXTRAS,
    times=st.sampled_from([1, 1, 1, 0, 2]),
)
_ENTRIES = st.builds(
    Entry,
    name=_NAMES,
    content=st.binary(max_size=20),
    method=st.sampled_from([0, 8]),
    flags=_FLAGS,
    crc=st.sampled_from([None, None, 0]),
    packed=_NUMBERS,
    unpacked=_NUMBERS,
    extra=_EXTRAS,
    central=st.one_of(st.just(Central()), _CENTRALS),
)
_ENDS = st.dictionaries(
    st.sampled_from(["disk", "entries_on_disk", "entries", "size", "offset"]),
    st.sampled_from([0, 1, 2, 0xFFFF]),
    max_size=2,
)
_ARCHIVES = st.builds(
    Archive,
    st.lists(_ENTRIES, min_size=1, max_size=3).map(tuple),
    zip64=st.one_of(st.none(), st.just({}), _ENDS),
    end=st.one_of(st.just({}), _ENDS),
    before_end=st.sampled_from([b"", b"", b"x"]),
    trailing=st.sampled_from([b"", b"", b"x"]),
)


@THOROUGH
@given(_ARCHIVES)
def test_an_archive_with_headers_changed_is_refused_or_reads_the_same(archive: Archive) -> None:
    _expect_the_same(archive.build())


@THOROUGH
@given(st.sampled_from(WHEELS), st.integers(1, 5000))
def test_chunk_boundaries_change_nothing(data: bytes, size: int) -> None:
    assert _verify(FILENAME, data, size) == _verify(FILENAME, data, len(data))


_TOKENS = [
    "Metadata-Version", "Name", "Version", "Requires-Dist", "Requires-Python", "Provides-Extra",
    "License-File", "License-Expression", "Project-URL", "Description-Content-Type", "Dynamic",
    "Content-Type", "Content-Transfer-Encoding", "MIME-Version", "Import-Name", "Summary", ": ",
    ": ", ": ", "\n", "\n", "\n", "\n\n", "\r\n", "\r", " ", "\t", "acme", "1.0", "2.1", "2.4",
    "3", ">=", "==", "===", "@", "https://x", ";", "os_name", "'", "\"", "(", ")", "[", "]", ",",
    "..", "/", "\\", "*", "=?utf-8?q?=FF?=", "=?x?b?!?=", "\xe9", "\x00", "\x85", "\u2028",
    "multipart/x", "; boundary*0*=", "; boundary=x", "base64", "message/rfc822", "text/plain; x*",
    "MIT", "OR", "AND", "WITH", "+", "LicenseRef-x", "9999",
]  # fmt: skip
_TEXTS = st.lists(st.sampled_from(_TOKENS), max_size=30).map("".join)
_PAPERS = st.one_of(_TEXTS.map(str.encode), st.binary(max_size=200))


@THOROUGH
@given(_PAPERS)
@example(b"License-Expression: " + b"(" * 5000)
@example(b"Content-Type: multipart/x; boundary*" + b"9" * 5000 + b"*=x")
def test_no_metadata_breaks_the_parser(text: bytes) -> None:
    for data in (text, METADATA + text):
        with suppress(Refused):
            assert len((read_core_metadata(data).summary or "").encode()) <= 512


_WHEEL_TOKENS = ["Wheel-Version", "Tag", "Build", "Root-Is-Purelib", ": ", "\n", "1", ".", "-", "x"]


@THOROUGH
@given(st.one_of(st.binary(max_size=60), st.lists(st.sampled_from(_WHEEL_TOKENS)).map("".join)))
def test_no_wheel_file_breaks_the_parser(text: bytes | str) -> None:
    data = text.encode() if isinstance(text, str) else text
    _verify(FILENAME, make_wheel(wheel_file=WHEEL + data).build())
    _verify("acme-1.0-1-py3-none-any.whl", make_wheel(wheel_file=data + WHEEL).build())


@THOROUGH
@given(st.one_of(st.binary(max_size=60), st.text("[]=:.,#; \n\tab%DEFAULT", max_size=60)))
def test_no_entry_points_break_the_parser(text: bytes | str) -> None:
    data = text.encode() if isinstance(text, str) else text
    for content in (data, b"[console_scripts]\n" + data):
        _verify(FILENAME, make_wheel(entry_points=content).build())


@THOROUGH
@given(st.integers(0, 4), st.one_of(st.binary(max_size=60), st.text('",=\r\n\\/.a0', max_size=60)))
def test_no_record_breaks_the_parser(place: int, text: bytes | str) -> None:
    row = text.encode() if isinstance(text, str) else text

    def insert(rows: Rows) -> Rows:
        return [*rows[:place], row, *rows[place:]]

    _verify(FILENAME, make_wheel(record=insert).build())


@THOROUGH
@given(st.sampled_from(TARS).flatmap(_edit))
def test_an_sdist_with_bytes_changed_is_refused_or_reads_the_same(tar: bytes) -> None:
    data = gzip.compress(tar, 1, mtime=0)
    if _verify(SDIST, data) is None:
        return
    with tarfile.open(fileobj=io.BytesIO(data)) as archive:
        members = archive.getmembers()
        assert {member.name.split("/")[0].lower()[:6] for member in members} == {"acme-1"}
        assert all(member.isreg() or member.isdir() for member in members)
        for member in members:
            if file := archive.extractfile(member):
                assert len(file.read()) == member.size


@THOROUGH
@given(st.sampled_from(SDIST_ODDITIES).map(lambda case: case.build()[:SMALL]).flatmap(_edit))
def test_a_gzip_stream_with_bytes_changed_raises_only_refusals(data: bytes) -> None:
    _verify(SDIST, data)


def test_stored_members_read_the_same() -> None:
    stored = Archive(tuple(replace(entry, method=STORED) for entry in BASE.entries))
    _expect_the_same(stored.build())

"""Comparison of the ZIP reader with ``zipfile``, ``installer`` and uv, for all accepted wheels.

uv reads a local file by seeking, and a response as a stream. Each read needs a process, so by
default a wheel is read in one way, and few wheels are generated. ``FUZZ=full`` (``make
judge-wheels``) reads each wheel in both ways, and generates hundreds.
"""

import importlib.util
import os
from collections.abc import Collection
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from checks.distribution import verify
from checks.policy import Policy
from checks.refusal import Refused
from testing.corpus.archive import (
    MAX32,
    STORED,
    Archive,
    Central,
    split_chunks,
    unicode_path,
    zip64_extra,
)
from testing.corpus.case import Oddity
from testing.corpus.oddities import WHEEL_ODDITIES
from testing.corpus.readers import (
    drop_directories,
    drop_record,
    read_by_installer,
    read_by_uv,
    read_by_walk,
    read_by_zipfile,
    serve_wheels,
)
from testing.corpus.wheels import FILENAME, MODULE, make_wheel

FULL = os.environ.get("FUZZ") == "full"
WAYS = ("seeking", "streaming")
INSTALLER = importlib.util.find_spec("installer") is not None


def _choose_ways(number: int) -> Collection[str]:
    return WAYS if FULL else (WAYS[number % 2],)


def _read_with_all(filename: str, data: bytes, directory: Path, ways: Collection[str]) -> None:
    """Assert that all readers give equal results; uv reads only wheels for this machine."""
    walked = read_by_walk(data)
    assert walked is not None
    assert walked == read_by_zipfile(data)
    directory.mkdir(parents=True, exist_ok=True)
    path = directory / filename
    path.write_bytes(data)
    expected = drop_directories(walked)
    if INSTALLER:
        assert read_by_installer(path) == expected
    if "seeking" in ways and filename.endswith("-any.whl"):
        assert read_by_uv(str(path)) == drop_record(expected)
    if "streaming" in ways and filename.endswith("-any.whl"):
        with serve_wheels({filename: data}) as url:
            streamed = read_by_uv(f"{filename.split('-')[0]} @ {url}/{filename}")
        assert streamed == drop_record(expected)


def _is_accepted(data: bytes) -> bool:
    try:
        verify(FILENAME, split_chunks(data, 1000), Policy(), len(data))
    except Refused:
        return False
    return True


def test_every_unusual_wheel_is_read_alike(tmp_path: Path) -> None:
    def read(number: int) -> None:
        case: Oddity = WHEEL_ODDITIES[number]
        try:
            _read_with_all(
                case.filename, case.build(), tmp_path / str(number), _choose_ways(number)
            )
        except AssertionError as error:
            raise AssertionError(f"{case.title}: {error}") from error

    with ThreadPoolExecutor(2) as pool:
        list(pool.map(read, range(len(WHEEL_ODDITIES))))


_NAMES = st.sampled_from(
    [
        "a.py",
        "A.py",
        "a/b.py",
        "a/b/c.py",
        "é.py",
        "e\u0301.py",
        "ß",
        "ss",
        "a b",
        "a",
        "CON",
        "x:y",
    ]
)
_FILES = st.dictionaries(_NAMES, st.binary(max_size=30), min_size=1, max_size=3)
_FLAGS = st.sampled_from([None, None, 0, 2, 4, 6, 1 << 11, 1, 8])
_SIZES = st.sampled_from([None, None, 0, 1, MAX32])


@st.composite
def _draw_wheel(draw: st.DrawFn) -> bytes:
    """Generate a wheel with a correct RECORD and unusual headers."""
    archive = make_wheel({"acme/__init__.py": b"VALUE = 1\n" * 20, **draw(_FILES)})
    module = next(entry for entry in archive.entries if entry.name == MODULE).resolve()
    unpacked, packed = module.unpacked or 0, module.packed or 0
    extra = st.sampled_from(
        [
            b"",
            zip64_extra(unpacked, packed),
            zip64_extra(unpacked),
            zip64_extra(unpacked, packed, 0),
            unicode_path(MODULE, of=MODULE),
            unicode_path(b"evil.py", of=MODULE),
            b"\xfe\xca\0\0",
        ]
    )
    central = Central(
        packed=draw(_SIZES),
        unpacked=draw(_SIZES),
        extra=draw(extra),
        needed=draw(st.just(20) | st.just(63)),
    )
    changes = {"flags": draw(_FLAGS), "unpacked": draw(_SIZES), "extra": draw(extra)}
    if draw(st.booleans()):
        archive = archive.amend(MODULE, central=central, **changes)
    if draw(st.booleans()):
        archive = Archive(tuple(replace(entry, method=STORED) for entry in archive.entries))
    return replace(archive, zip64=draw(st.sampled_from([None, {}, {"made": 20}]))).build()


@pytest.fixture(scope="module")
def directory(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("wheels")


@settings(
    max_examples=300 if FULL else 12,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
)
@given(_draw_wheel().filter(_is_accepted))
def test_every_wheel_that_is_accepted_is_read_alike(directory: Path, data: bytes) -> None:
    _read_with_all(FILENAME, data, directory, _choose_ways(len(data)))

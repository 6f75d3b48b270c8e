"""Validation of RECORD (recording installed projects): sha256 and size of every member."""

import csv
import re
from base64 import urlsafe_b64encode
from collections.abc import Iterator
from typing import Never

from checks.archive.member_names import find_path_fault, quote_name
from checks.refusal import Reason, Refused, quote
from checks.zip.members import Members

ALGORITHM = "sha256"
"""The only accepted hash algorithm.

The specification also allows stronger ones, but no build tool writes them. RECORD is the last
member, so a single pass has to choose the algorithm before it reads RECORD.
"""
MAX_LINE_LENGTH = 8192
"""Maximum length of a line, in bytes."""
SURPLUS_ROWS = 3
"""Number of rows without a member: for RECORD, RECORD.jws and RECORD.p7s."""

_SIZE = re.compile(r"[0-9]{0,20}", re.ASCII)


def check_record(record: bytearray, members: Members, dist_info: str) -> None:
    """Compare RECORD with the members, line by line."""
    exempt = _list_exempt_names(dist_info)
    listed = bytearray(len(members))
    for number, row in enumerate(_read_rows(record), start=1):
        if number > len(members) + SURPLUS_ROWS:
            _refuse(f"it has more rows than the archive has members ({len(members)})")
        listed[_check_row(row, members, exempt)] = True
    for index, name in enumerate(members.iterate_names()):
        if not listed[index] and name not in exempt and not name.endswith(b"/"):
            _refuse(f"{quote_name(name)} is in the archive, but not in RECORD")


def _list_exempt_names(dist_info: str) -> frozenset[bytes]:
    """Return the files without a digest in RECORD: RECORD itself and its signatures."""
    return frozenset(f"{dist_info}/RECORD{end}".encode() for end in ("", ".jws", ".p7s"))


def _check_row(row: list[str], members: Members, exempt: frozenset[bytes]) -> int:
    """Check one row; return the index of its member."""
    if len(row) != 3:
        # A blank line has no columns; pip fails on it.
        _refuse(f"{quote_name(','.join(row))}: the row has {len(row)} columns instead of 3")
    path, digest, size = row
    if fault := find_path_fault(path):
        _refuse(f"{quote_name(path)}: {fault}")
    index = members.find_index(path.encode())
    if index is None:
        _refuse(f"{quote_name(path)} is in RECORD, but not in the archive")
    if path.encode() not in exempt and not path.endswith("/"):
        _check_digest(digest, members[index].sha256, path)
        _check_size(size, members[index].unpacked, path)
    return index


def _check_size(written: str, size: int, path: str) -> None:
    if not _SIZE.fullmatch(written) or (written and int(written) != size):
        _refuse(f"{quote_name(path)}: its size is {size}, but {quote(written)} in RECORD")


def _check_digest(written: str, sha256: bytes, path: str) -> None:
    algorithm, _, digest = written.partition("=")
    if algorithm != ALGORITHM:
        _refuse(f"{quote_name(path)}: its hash has to be a {ALGORITHM}, not {quote(algorithm)}")
    actual = urlsafe_b64encode(sha256).decode().rstrip("=")
    if digest.rstrip("=") != actual:
        _refuse(f"{quote_name(path)}: its {ALGORITHM} is {actual}, but {quote(digest)} in RECORD")


def _read_rows(record: bytearray) -> Iterator[list[str]]:
    reader = csv.reader(_decode_lines(record), strict=True)
    try:
        yield from reader
    except csv.Error as error:
        _refuse(f"line {reader.line_num}: {error}")


def _decode_lines(record: bytearray) -> Iterator[str]:
    """Decode RECORD line by line; one string could take four times its size."""
    start = 0
    while start < len(record):
        end = record.find(b"\n", start, start + MAX_LINE_LENGTH) + 1
        if not end and start + MAX_LINE_LENGTH < len(record):
            _refuse(f"the line at byte {start} is longer than {MAX_LINE_LENGTH} bytes")
        line = record[start : end or len(record)]
        try:
            yield line.decode("utf-8")
        except UnicodeDecodeError as error:
            _refuse(f"it is not UTF-8 at byte {start + error.start}")
        start += len(line)


def _refuse(fault: str) -> Never:
    raise Refused(Reason.BAD_RECORD, f"RECORD: {fault}. Pack the wheel again with `wheel pack`.")

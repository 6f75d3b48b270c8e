"""RECORD (recording installed projects): every member of the wheel with its sha256 and size."""

import csv
import re
from base64 import urlsafe_b64encode
from collections.abc import Iterator
from typing import Never

from checks.archive.member_names import objection_to_path, shown
from checks.refusal import Reason, Refused, quoted
from checks.zip.members import Members

ALGORITHM = "sha256"
"""The specification also allows stronger ones. Nothing writes them, and in one pass over the
members, of which RECORD is the last, only one can be computed."""
MAX_LINE_LENGTH = 8192
SURPLUS_ROWS = 3
"""For RECORD, RECORD.jws and RECORD.p7s."""

_SIZE = re.compile(r"[0-9]{0,20}", re.ASCII)


def check_record(record: bytearray, members: Members, dist_info: str) -> None:
    """Hold RECORD against the members; it is read line by line."""
    exempt = _exempt(dist_info)
    listed = bytearray(len(members))
    for number, row in enumerate(_rows(record), start=1):
        if number > len(members) + SURPLUS_ROWS:
            _bad(f"more rows than the {len(members)} members of the archive account for")
        listed[_check_row(row, members, exempt)] = True
    for index, name in enumerate(members.names()):
        if not listed[index] and name not in exempt and not name.endswith(b"/"):
            _bad(f"{shown(name)} is in the archive, but not in RECORD")


def _exempt(dist_info: str) -> frozenset[bytes]:
    """RECORD cannot hold its own digest, nor that of what signs it."""
    return frozenset(f"{dist_info}/RECORD{end}".encode() for end in ("", ".jws", ".p7s"))


def _check_row(row: list[str], members: Members, exempt: frozenset[bytes]) -> int:
    """Judge one row; answers with the place of its member."""
    if len(row) != 3:
        # Blank lines too: pip stumbles over them.
        _bad(f"{shown(','.join(row))}: {len(row)} columns instead of 3")
    path, digest, size = row
    if objection := objection_to_path(path):
        _bad(f"{shown(path)}: {objection}")
    index = members.index(path.encode())
    if index is None:
        _bad(f"{shown(path)} is in RECORD, but not in the archive")
    if path.encode() not in exempt and not path.endswith("/"):
        member = members[index]
        _check_digest(digest, member.sha256, path)
        if not _SIZE.fullmatch(size) or (size and int(size) != member.unpacked):
            _bad(f"{shown(path)}: its size is {member.unpacked}, not {quoted(size)}")
    return index


def _check_digest(written: str, sha256: bytes, path: str) -> None:
    algorithm, _, digest = written.partition("=")
    if algorithm != ALGORITHM:
        _bad(f"{shown(path)}: its hash has to be a {ALGORITHM}, not {quoted(algorithm)}")
    found = urlsafe_b64encode(sha256).decode().rstrip("=")
    if digest.rstrip("=") != found:
        _bad(f"{shown(path)}: its {ALGORITHM} is {found}, not {quoted(digest)}")


def _rows(record: bytearray) -> Iterator[list[str]]:
    reader = csv.reader(_lines(record), strict=True)
    try:
        yield from reader
    except csv.Error as error:
        _bad(f"line {reader.line_num}: {error}")


def _lines(record: bytearray) -> Iterator[str]:
    """Decode line by line: as one string RECORD could take four times its size."""
    start = 0
    while start < len(record):
        end = record.find(b"\n", start, start + MAX_LINE_LENGTH) + 1
        if not end and start + MAX_LINE_LENGTH < len(record):
            _bad(f"the line at byte {start} is longer than {MAX_LINE_LENGTH} bytes")
        line = record[start : end or len(record)]
        try:
            yield line.decode("utf-8")
        except UnicodeDecodeError as error:
            _bad(f"it is not UTF-8 at byte {start + error.start}")
        start += len(line)


def _bad(what: str) -> Never:
    raise Refused(Reason.BAD_RECORD, f"RECORD: {what}")

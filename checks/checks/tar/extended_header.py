"""Values for the next member from an extended header: pax records or a GNU long name."""

from typing import NamedTuple

from checks.refusal import Reason, Refused
from checks.tar import blocks
from checks.tar.blocks import refuse_structure

KINDS = (blocks.PAX, blocks.GLOBAL_PAX, blocks.GNU_LONG_NAME)
"""Types of the extended headers."""

_CRITICAL_KEYS = (b"path", b"size", b"linkpath", b"hdrcharset")
"""Keys of pax records that change a member."""
_SUPPORTED_KEYS = (b"path", b"size")
"""Keys that are accepted for one member. The size has to be that of its header."""
_SPARSE_PREFIX = b"GNU.sparse."


class Extension(NamedTuple):
    """Values for the next member from an extended header; empty if absent."""

    path: bytes = b""
    size: bytes = b""


NO_EXTENSION = Extension()


def parse_extension(kind: bytes, data: bytes, where: str) -> Extension:
    """Parse the data of an extended header; return its values for the next member."""
    if kind == blocks.GNU_LONG_NAME:
        return Extension(data.rstrip(b"\0") or refuse_structure(where, "the long name is empty"))
    records = blocks.parse_pax_records(data, where)
    supported = () if kind == blocks.GLOBAL_PAX else _SUPPORTED_KEYS
    for key in records:
        _expect_supported(key, supported, where)
    for key in _SUPPORTED_KEYS:
        if records.get(key) == b"":
            refuse_structure(where, f"the pax {key.decode('ascii')} is empty")
    return Extension(records.get(b"path", b""), records.get(b"size", b""))


def _expect_supported(key: bytes, supported: tuple[bytes, ...], where: str) -> None:
    if key.startswith(_SPARSE_PREFIX):
        raise Refused(
            Reason.SDIST_MEMBER,
            f"{where}: the next member is a sparse file. Pack it as an ordinary file.",
        )
    if key in _CRITICAL_KEYS and key not in supported:
        refuse_structure(where, f"the pax record {key.decode('ascii')!a} is not accepted here")

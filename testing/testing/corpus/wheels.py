"""A small valid wheel; tests replace its parts one at a time."""

from base64 import urlsafe_b64encode
from collections.abc import Callable, Mapping
from hashlib import sha256

from testing.corpus.archive import Archive, Entry

FILENAME = "acme-1.0-py3-none-any.whl"
DIST_INFO = "acme-1.0.dist-info"
WHEEL = b"Wheel-Version: 1.0\nGenerator: corpus\nRoot-Is-Purelib: true\nTag: py3-none-any\n\n"
METADATA = b"Metadata-Version: 2.1\nName: acme\nVersion: 1.0\nSummary: An example\n"
MODULE = b"acme/__init__.py"
RECORD = f"{DIST_INFO}/RECORD".encode()
FILES = {"acme/__init__.py": b"VALUE = 1\n" * 20}

Rows = list[bytes]


def make_wheel(
    files: Mapping[str, bytes] = FILES,
    *,
    metadata: bytes | None = METADATA,
    wheel_file: bytes | None = WHEEL,
    entry_points: bytes | None = None,
    dist_info: str = DIST_INFO,
    record: Callable[[Rows], Rows] | None = lambda rows: rows,
    newline: bytes = b"\n",
) -> Archive:
    """Return a wheel of these parts; its RECORD is correct unless `record` changes the rows."""
    parts = {"METADATA": metadata, "WHEEL": wheel_file, "entry_points.txt": entry_points}
    contents = dict(files) | {
        f"{dist_info}/{name}": content for name, content in parts.items() if content is not None
    }
    entries = [Entry(name.encode(), content) for name, content in contents.items()]
    if record is not None:
        rows = [make_record_row(name, content) for name, content in contents.items()]
        rows.append(f"{dist_info}/RECORD,,".encode())
        content = b"".join(row + newline for row in record(rows))
        entries.append(Entry(f"{dist_info}/RECORD".encode(), content))
    return Archive(tuple(entries))


def make_record_row(name: str, content: bytes) -> bytes:
    digest = urlsafe_b64encode(sha256(content).digest()).rstrip(b"=")
    return b"%s,sha256=%s,%d" % (name.encode(), digest, len(content))


def make_metadata(*lines: str, version: str = "2.1") -> bytes:
    """Return METADATA of `acme` 1.0 with additional fields."""
    fields = (f"Metadata-Version: {version}", "Name: acme", "Version: 1.0", *lines)
    return "".join(f"{line}\n" for line in fields).encode()

"""Files of a source, and the interface of all sources."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from types import MappingProxyType
from typing import Protocol
from urllib.parse import urlsplit, urlunsplit

from pypi_simple import UnparsableFilenameError, parse_filename

from schemas.names import try_normalize_project

NO_DIGESTS: Mapping[str, str] = MappingProxyType({})
CHUNK = 1 << 20
"""Bytes of one read."""


class SourceFailure(Exception):
    """File or page that the source does not give. The message has the place and the cause."""


@dataclass(frozen=True, slots=True)
class SourceFile:
    """One file of a source. A value is None if the source does not state it."""

    filename: str
    locator: str
    """Path of the file, name of its object, or URL. A URL can have a signature in its query."""
    project: str | None
    """Normalised project; None if the file name has no project."""
    digests: Mapping[str, str] = field(default_factory=lambda: NO_DIGESTS)
    """Hexadecimal digests by the name of their algorithm, as in :mod:`hashlib`."""
    upload_time: datetime | None = None
    yanked: str | None = None
    """Reason of a yanked file, possibly empty; None if it is not yanked."""
    requires_python: str | None = None

    @property
    def place(self) -> str:
        """Locator for messages: a URL without credentials, query and fragment."""
        parts = urlsplit(self.locator)
        if parts.scheme not in ("https", "http"):
            return self.locator
        plain = parts._replace(netloc=parts.netloc.rpartition("@")[2], query="", fragment="")
        return urlunsplit(plain)

    @property
    def sha256(self) -> str | None:
        """SHA-256 in lower case, if the source states it."""
        stated = self.digests.get("sha256")
        return stated.lower() if stated else None


@dataclass(frozen=True, slots=True)
class SourceListing:
    """All files of a source, or of the selected projects."""

    files: Sequence[SourceFile]
    statuses: Mapping[str, str] = field(default_factory=dict)
    """Status marker (PEP 792) of each project that is not active."""
    failures: Mapping[str, str] = field(default_factory=dict)
    """Cause by project, for each project without a readable page."""


class ImportSource(Protocol):
    """Files to import. The methods are called from several threads."""

    @property
    def address(self) -> str:
        """The source as the operator wrote it, without credentials."""
        ...

    def read_listing(self, globs: Sequence[str]) -> SourceListing:
        """List the files of the projects that match a glob; an empty sequence is all.

        :raises CommandFailure: if the source does not answer, or has no such project.
        """
        ...

    def fetch(self, file: SourceFile, folder: Path) -> Path:
        """Return the path of the bytes, named by the file name; download them into ``folder``.

        :raises SourceFailure: if the bytes are not available.
        """
        ...


def guess_project(filename: str, page: str | None = None) -> str | None:
    """Return the normalised project of a file of any kind, also of an egg or an installer.

    :param page: project of the page that lists the file.
    """
    try:
        name = parse_filename(filename, page)[0]
    except UnparsableFilenameError:
        return try_normalize_project(page) if page else None
    return try_normalize_project(name)


def verify_digests(file: SourceFile, path: Path) -> str:
    """Compare the bytes with the stated digests of known algorithms; return the SHA-256.

    :raises SourceFailure: if a digest differs.
    """
    stated = {n: d for n, d in file.digests.items() if n in hashlib.algorithms_guaranteed}
    found = {name: hashlib.new(name) for name in {*stated, "sha256"} if "shake" not in name}
    with path.open("rb") as content:
        while chunk := content.read(CHUNK):
            for digest in found.values():
                digest.update(chunk)
    for name, digest in found.items():
        if stated.get(name, digest.hexdigest()).lower() != digest.hexdigest():
            raise SourceFailure(
                f"{file.place} has {name} {digest.hexdigest()}, its page states {stated[name]}: "
                "repair the file at the source, and import again"
            )
    return found["sha256"].hexdigest()

"""Why a file is refused: the stable codes, and the one exception that carries them.

::

    Exception
    └── Refused(reason, detail)     whatever is wrong with what was uploaded
"""

from enum import StrEnum

from schemas.events import MAX_DETAIL_LENGTH


class Reason(StrEnum):
    """The stable codes, in the order in which they take precedence."""

    UNREADABLE_MESSAGE = "unreadable-message"
    """The message is not JSON, not an object, or names no bucket or object."""
    NOT_ALLOWED = "not-allowed"
    """Another bucket than the incoming one, or a project the publisher was not granted."""
    NOT_FOUND = "not-found"
    """Neither that object generation nor a file promoted from it is there."""
    TOO_LARGE = "too-large"
    """The file is larger than MAX_FILE_SIZE."""
    CONTENT_ENCODED = "content-encoded"
    """The object carries a Content-Encoding, so what is served is not what was stored."""
    DIGEST_MISMATCH = "digest-mismatch"
    """A sha256 that was claimed is not the file's."""
    BAD_FILENAME = "bad-filename"
    """Not the file name of a wheel (binary distribution format, "File name convention")."""
    SDIST_FILENAME = "sdist-filename"
    """A `.tar.gz` whose name is not a normalised PEP 625 name."""
    RESERVED_NAME = "reserved-name"
    """The project is outside ALLOWED_PROJECTS, or is a module of the standard library."""
    PROJECT_CLOSED = "project-closed"
    """The project is archived or quarantined, or the release takes no more files."""
    NOT_A_ZIP = "not-a-zip"
    """No local header first, no end record last, bytes after it, or a tar as well."""
    ZIP_STRUCTURE = "zip-structure"
    """Readers could disagree about what the archive holds."""
    ZIP_ENCRYPTED = "zip-encrypted"
    """A member is encrypted."""
    ZIP_METHOD = "zip-method"
    """A member is neither stored nor deflated."""
    ZIP_PATH = "zip-path"
    """A member would be written outside the directory it is unpacked in, or is a link."""
    ZIP_BOMB = "zip-bomb"
    """Too many members, or too much to unpack."""
    ZIP_CORRUPT = "zip-corrupt"
    """A member's content is not what its header declares."""
    DIST_INFO = "dist-info"
    """Not exactly one `.dist-info` directory, or not the one of the file name."""
    BAD_WHEEL = "bad-wheel"
    """WHEEL is missing, malformed, of another major version, or of another build."""
    BAD_TAG = "bad-tag"
    """A platform tag that no installer takes from an index (STRICT_PLATFORM_TAGS)."""
    BAD_METADATA = "bad-metadata"
    """METADATA is missing, malformed, or of another project or version."""
    DIRECT_URL = "direct-url"
    """A requirement names a URL instead of a version (ALLOW_DIRECT_URLS)."""
    BAD_RECORD = "bad-record"
    """RECORD is missing, malformed, or not what the archive holds."""
    BAD_ENTRY_POINTS = "bad-entry-points"
    """entry_points.txt does not read, or names what is no script or no object."""
    SDIST_GZIP = "sdist-gzip"
    """Not one whole gzip stream (RFC 1952), or bytes after it."""
    SDIST_STRUCTURE = "sdist-structure"
    """Not a well-formed tar, or not exactly one top-level directory of the right name."""
    SDIST_MEMBER = "sdist-member"
    """A link, device, sparse file or other member that is neither file nor directory."""
    SDIST_PATH = "sdist-path"
    """A member would be written outside the directory it is unpacked in."""
    SDIST_BOMB = "sdist-bomb"
    """Too many members, or too much to unpack."""
    SDIST_METADATA = "sdist-metadata"
    """PKG-INFO is missing, malformed, older than 2.2, or of another project or version."""
    EXISTS = "exists"
    """The file name is taken by other bytes."""

    def precedes(self, other: "Reason") -> bool:
        """Whether this is the reason given, where there are both."""
        order = list(Reason)
        return order.index(self) < order.index(other)


MAX_QUOTE_LENGTH = 100
"""In characters."""


def printable(sentence: str) -> str:
    """The sentence fit for a log: it may quote what was uploaded."""
    if len(sentence) > MAX_DETAIL_LENGTH:
        sentence = sentence[:MAX_DETAIL_LENGTH] + "…"
    if sentence.isprintable():
        return sentence
    return "".join(char if char.isprintable() else ascii(char)[1:-1] for char in sentence)


def quoted(value: str) -> str:
    """The value, or the start of it, as it may stand within a sentence."""
    return ascii(value if len(value) <= MAX_QUOTE_LENGTH else f"{value[:MAX_QUOTE_LENGTH]}…")


class Refused(Exception):
    """The upload can never be accepted as it is.

    `reason` is stable; `detail` is a sentence for whoever uploaded: what is wrong, where, and
    what to do about it where that is not obvious.
    """

    def __init__(self, reason: Reason, detail: str) -> None:
        self.reason = reason
        self.detail = printable(detail)
        super().__init__(f"{reason}: {self.detail}")

"""Stable reason codes of refusals, and the exception `Refused`."""

from enum import StrEnum

from schemas.types import MAX_DETAIL_LENGTH


class Reason(StrEnum):
    """Stable reason codes, in order of precedence."""

    UNREADABLE_MESSAGE = "unreadable-message"
    """The message is not JSON, not an object, or has no bucket or object name."""
    NOT_ALLOWED = "not-allowed"
    """The bucket is not the incoming bucket, or the uploader may not upload the project."""
    NOT_FOUND = "not-found"
    """The message names an absent object generation, and no file was promoted from it."""
    TOO_LARGE = "too-large"
    """The file is larger than MAX_FILE_SIZE."""
    CONTENT_ENCODED = "content-encoded"
    """The object has a Content-Encoding, so readers get other bytes than were stored."""
    BAD_UPLOAD_TIME = "bad-upload-time"
    """The upload time of an imported file is not a time, or is in the future."""
    DIGEST_MISMATCH = "digest-mismatch"
    """A stated sha256 is not that of the file."""
    BAD_FILENAME = "bad-filename"
    """The name is not a wheel's (binary distribution format, "File name convention")."""
    SDIST_FILENAME = "sdist-filename"
    """The name of the `.tar.gz` has no valid project and version, or is ambiguous (PEP 625)."""
    BAD_COMMAND = "bad-command"
    """The name or the content of a `.command.json` is not that of a command."""
    RESERVED_NAME = "reserved-name"
    """The project is outside ALLOWED_PROJECTS, or has the name of a standard library module."""
    PROJECT_CLOSED = "project-closed"
    """The project is archived or quarantined, or the release is quarantined or closed."""
    PROJECT_TOO_LARGE = "project-too-large"
    """The record of the project is larger than 12 MiB."""
    NOT_A_ZIP = "not-a-zip"
    """No local header at the start, no end record at the end, or the file is also a tar."""
    ZIP_STRUCTURE = "zip-structure"
    """Readers could disagree about the content of the archive."""
    ZIP_ENCRYPTED = "zip-encrypted"
    """A member is encrypted."""
    ZIP_METHOD = "zip-method"
    """A member is neither stored nor deflated."""
    ZIP_PATH = "zip-path"
    """A member is a link, or its path leads out of the target directory."""
    ZIP_BOMB = "zip-bomb"
    """The archive has too many members, or unpacks to too many bytes."""
    ZIP_CORRUPT = "zip-corrupt"
    """The content of a member differs from its header."""
    DIST_INFO = "dist-info"
    """Not exactly one `.dist-info` directory, or one of another release."""
    INSTALLED_PATH = "installed-path"
    """A member of `.data` is not installed, or two members have one installed path."""
    EDITABLE = "editable"
    """The wheel is editable (PEP 660)."""
    STARTUP_CODE = "startup-code"
    """Python executes code of the wheel before the program (STARTUP_FILES)."""
    BAD_WHEEL = "bad-wheel"
    """WHEEL is missing, malformed, of another major version, or has another build number."""
    BAD_TAG = "bad-tag"
    """The platform tag does not state a compatibility (STRICT_PLATFORM_TAGS)."""
    BAD_METADATA = "bad-metadata"
    """METADATA is missing, malformed, or of another release."""
    DIRECT_URL = "direct-url"
    """A requirement has a URL instead of a version (ALLOW_DIRECT_URLS)."""
    BAD_RECORD = "bad-record"
    """RECORD is missing, malformed, or does not match the archive."""
    BAD_ENTRY_POINTS = "bad-entry-points"
    """entry_points.txt is malformed, or has an invalid script name or object reference."""
    SCRIPT_NAME = "script-name"
    """A script has the name of an interpreter, an installer or another script (STRICT)."""
    SDIST_GZIP = "sdist-gzip"
    """The file is not exactly one complete gzip stream (RFC 1952)."""
    SDIST_STRUCTURE = "sdist-structure"
    """The tar is malformed, or does not have exactly one directory `{name}-{version}`."""
    SDIST_MEMBER = "sdist-member"
    """A member is neither a file nor a directory, but a link, device or sparse file."""
    SDIST_PATH = "sdist-path"
    """The path of a member leads out of the target directory."""
    SDIST_BOMB = "sdist-bomb"
    """The archive has too many members, or unpacks to too many bytes."""
    SDIST_METADATA = "sdist-metadata"
    """PKG-INFO is missing, malformed, or of another release."""
    EXISTS = "exists"
    """The file name is in use for other bytes."""

    def precedes(self, other: str) -> bool:
        """Return whether this reason has precedence over the other one."""
        order = list(Reason)
        return order.index(self) < order.index(Reason(other))


MAX_QUOTE_LENGTH = 100
"""Maximum length of a quoted value, in characters."""


def escape_unprintable(sentence: str) -> str:
    """Shorten and escape a sentence for a log; it can quote the uploaded file."""
    if len(sentence) > MAX_DETAIL_LENGTH:
        sentence = sentence[:MAX_DETAIL_LENGTH] + "…"
    if sentence.isprintable():
        return sentence
    return "".join(char if char.isprintable() else ascii(char)[1:-1] for char in sentence)


def quote(value: str) -> str:
    """Quote a value, or the beginning of it, for a message."""
    return ascii(value if len(value) <= MAX_QUOTE_LENGTH else f"{value[:MAX_QUOTE_LENGTH]}…")


class Refused(Exception):
    """Permanent refusal of an upload.

    `reason` is a stable code: a `Reason`, or another text in the stored verdict of a newer release.
    `detail` is for the uploader: error, place and remedy, in one or two sentences.
    """

    def __init__(self, reason: str, detail: str) -> None:
        self.reason = reason
        self.detail = escape_unprintable(detail)
        super().__init__(f"{reason}: {self.detail}")

"""Names of the stored objects, built from parsed and normalised parts.

Only this module builds object names.
"""

from collections.abc import Mapping
from hashlib import sha256
from urllib.parse import quote

from schemas.names import Filename, ProjectName, normalize_project

ROOT_HTML = "simple/index.html"
ROOT_JSON = "simple/index.v1.json"
HOME = "index.html"
BLOCKED = "blocked.json"
RECORDS = "projects/"
COMMAND_VERDICTS = "commands/"
"""Prefix of the verdicts on commands."""
USED_ID_TOKENS = "jti/"
"""Prefix of the objects of ID tokens that were exchanged for minted tokens."""
MAX_RUN_SIZE = 128
"""Maximum size of a recorded run id, in bytes of UTF-8."""
COMMAND_SUFFIX = ".command.json"
"""Suffix of the name of an incoming object that is a command."""
OPERATORS = "operators"
"""First path segment of the commands of operators: ``operators/<name>/<any>.command.json``."""
IMPORT = "import"
"""First path segment of imported files: ``import/<run id>/<file>``. Only operators create there."""
UPLOAD = "upload"
"""First path segment of files from the upload service: ``upload/<uploader>/<run id>/<file>``."""
_PRIVILEGED = frozenset({OPERATORS, IMPORT, UPLOAD})
"""Names that no uploader has."""
METADATA_SUFFIX = ".metadata"
"""Suffix of the name of a file's core metadata (PEP 658) or PKG-INFO."""

SHA256 = "sha256"
"""Custom metadata of an incoming and of a promoted object: SHA-256 of the file."""
UPLOAD_TIME = "upload-time"
"""Custom metadata of a promoted object: creation time of the incoming object.

An imported object has the upload time of its source, and the promoted object the same.
"""
UPLOADER = "uploader"
"""Custom metadata of a promoted object: the uploader."""
HOLDER = "holder"
"""Custom metadata of an incoming object: name of the holder of the upload's credential.

Only the upload service sets it. A promoted object has it percent-encoded.
"""
SOURCE_GENERATION = "source-generation"
"""Custom metadata of a promoted object: generation of the incoming object."""
RUN = "run"
"""Custom metadata of a promoted object: the run id, percent-encoded; absent if there is none."""
FILE_RULES = "file-rules"
"""Custom metadata of a promoted object: version of the rules for the files of a release.

Absent if the file was promoted before the rule "one file per release and tag set".
"""
WARNINGS = "warnings"
"""Custom metadata of a promoted object: warnings of the verdict, a JSON array in ASCII."""
STARTUP_CODE = "startup-code"
"""Custom metadata of a promoted object: members with startup code, a JSON array in ASCII."""
RECORD_REVISION = "record-revision"
"""Custom metadata of a record and of a page: revision of the record."""


def split_incoming_name(name: str) -> tuple[str, str]:
    """Split the name of an incoming object into uploader and file name.

    The uploader is the first path segment, or the second one after :data:`UPLOAD`. The file name is
    the last segment. The uploader is the empty string if the name has too few slashes, or if an
    upload through the service claims one of the prefixes :data:`OPERATORS` and :data:`IMPORT`.
    """
    uploader, slash, rest = _remove_service(name).partition("/")
    if not slash or (is_of_upload_service(name) and uploader in _PRIVILEGED):
        return "", name.rsplit("/", 1)[-1]
    return uploader, rest.rsplit("/", 1)[-1]


def split_run(name: str) -> str | None:
    """Return the run id in the name of an incoming object: the segment after the uploader.

    Return None if it is absent, empty, or longer than 128 bytes.
    """
    _, *segments = _remove_service(name).split("/")
    run = segments[0] if len(segments) > 1 else ""
    return run if 0 < len(run.encode(errors="replace")) <= MAX_RUN_SIZE else None


def is_of_upload_service(name: str) -> bool:
    """Return whether an incoming object was created through the upload service."""
    return name.startswith(f"{UPLOAD}/")


def _remove_service(name: str) -> str:
    """Return the name of an incoming object from its uploader on."""
    return name.removeprefix(f"{UPLOAD}/")


def locate_upload(uploader: str, run: str, filename: str) -> str:
    """Return the name of an incoming object of the upload service."""
    return f"{UPLOAD}/{uploader}/{run}/{filename}"


def is_command_name(name: str) -> bool:
    """Return whether an object is a command: ``<uploader>/<run id>/<any>.command.json``."""
    return name.endswith(COMMAND_SUFFIX) and _remove_service(name).count("/") > 1


def split_author(name: str) -> str:
    """Return the author in the name of a command's object.

    It is the uploader, or ``operators/<name>`` for an object under the prefix of an operator. The
    object of the upload service has the uploader in its second segment, and never an operator.
    """
    first, _, rest = _remove_service(name).partition("/")
    is_operators = first == OPERATORS and not is_of_upload_service(name)
    return f"{first}/{rest.partition('/')[0]}" if is_operators else first


def is_operator(author: str | None) -> bool:
    """Return whether the author of a command is an operator.

    Only operators can publish messages on ``project-command``, which have no author (None).
    """
    return author is None or author.startswith(f"{OPERATORS}/")


def derive_command_id(name: str, generation: int) -> str:
    """Return the id of the command in one generation of an incoming object.

    It is ``<uploader>.<first 32 hexadecimal digits of the SHA-256 of "<name>#<generation>">``, so
    that an uploader can read the answers to its own commands only. For an operator, ``operators``
    is in place of the uploader.
    """
    digest = sha256(f"{name}#{generation}".encode()).hexdigest()
    return f"{_remove_service(name).partition('/')[0]}.{digest[:32]}"


def locate_core_metadata(filename: Filename) -> str:
    """Return the name of the object with the exact METADATA (PEP 658) or PKG-INFO of a file."""
    return f"{filename}{METADATA_SUFFIX}"


def locate_verdict(incoming_name: str, generation: int) -> str:
    """Return the name of the verdict on one generation of an incoming object."""
    return f"{incoming_name}/{generation}.json"


def locate_message_verdict(message_id: str) -> str:
    """Return the name of the verdict on a message that is unreadable or names a wrong object."""
    return f"messages/{message_id}.json"


def locate_command_verdict(command_id: str) -> str:
    """Return the name of the verdict on a command."""
    return f"{COMMAND_VERDICTS}{command_id}.json"


def locate_used_id_token(issuer: str, jti: str) -> str:
    """Return the name of the object of an exchanged ID token.

    :param issuer: the claim ``iss``, which has no line break.
    :param jti: the claim ``jti``, any text.
    """
    digest = sha256(f"{issuer}\n{jti}".encode(errors="replace")).hexdigest()
    return f"{USED_ID_TOKENS}{digest}"


def locate_record(project: ProjectName) -> str:
    """Return the name of a project's record."""
    return f"{RECORDS}{project}.json"


def parse_record_name(name: str) -> ProjectName:
    """Return the normalised project in the name of a record.

    :raises ValueError: if the name has no valid project name.
    """
    return normalize_project(name.removeprefix(RECORDS).removesuffix(".json"))


def read_record_revision(metadata: Mapping[str, str]) -> int | None:
    """Return the revision in the custom metadata of a record or a page, or None."""
    revision = metadata.get(RECORD_REVISION, "")
    return int(revision) if revision.isdecimal() else None


def locate_project_pages(project: ProjectName) -> str:
    """Return the prefix of a project's pages of the simple API."""
    return f"simple/{project}/"


def locate_project_html(project: ProjectName) -> str:
    """Return the name of a project's HTML page (PEP 503)."""
    return f"{locate_project_pages(project)}index.html"


def locate_project_json(project: ProjectName) -> str:
    """Return the name of a project's JSON page (PEP 691)."""
    return f"{locate_project_pages(project)}index.v1.json"


def locate_legacy_json(project: ProjectName) -> str:
    """Return the name of a project's page of PyPI's older JSON API."""
    return f"pypi/{project}/json"


def format_file_path(filename: Filename) -> str:
    """Return the URL path of a file at the proxy, percent-encoded (``+``, ``!``)."""
    return f"/packages/{quote(filename)}"


def format_file_link(filename: Filename) -> str:
    """Return the relative URL of a file, for ``/simple/<project>/`` and ``/pypi/<project>/json``.

    The URL is relative, so that the index works under any host name and path prefix.
    """
    return f"../..{format_file_path(filename)}"

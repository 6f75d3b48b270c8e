"""From a request to the operation it asks for, on which object, and how it is carried out."""

from collections.abc import Callable
from dataclasses import dataclass

from testing.storage import errors
from testing.storage.errors import StorageError
from testing.storage.http import masks
from testing.storage.http.wire import Answer, Request, json_answer, json_error
from testing.storage.objects import Resource

_CONDITIONS = {
    f"if{source}{number}{way}"
    for source in ("", "Source")
    for number in ("Generation", "Metageneration")
    for way in ("Match", "NotMatch")
}
_LISTING = {
    "delimiter",
    "endOffset",
    "maxResults",
    "pageToken",
    "prefix",
    "startOffset",
    "versions",
}
_REWRITE = {"maxBytesRewrittenPerCall", "rewriteToken", "sourceGeneration"}
_UPLOAD = {"name", "uploadType", "upload_id"}
_SERVED = {"alt", "fields", "generation"} | _CONDITIONS | _LISTING | _REWRITE | _UPLOAD
_NOTHING_HERE = {"key", "prettyPrint", "project", "projection", "quotaUser", "userProject"}


@dataclass(frozen=True, slots=True)
class Call:
    """:param operation: its name in counts, faults and hooks: the method of the JSON API, but
    ``objects.download`` for ``alt=media``, ``uploads.*`` for what comes before the last request
    of a resumable upload, and ``xml.*``.
    """

    operation: str
    bucket: str
    name: str
    run: Callable[[], Answer]
    explain: Callable[[StorageError], Answer] = json_error


def refuse_unserved(request: Request) -> None:
    """:raises StorageError: 400, for a parameter that would otherwise be ignored in silence."""
    if unknown := request.query.keys() - _SERVED - _NOTHING_HERE:
        raise errors.not_served(", ".join(sorted(unknown)))


def selected(request: Request, resource: Resource) -> Answer:
    """Answer with the parts of ``resource`` that ``fields`` names."""
    mask = masks.parse(request.query["fields"]) if "fields" in request.query else {}
    return json_answer(masks.select(resource, mask))

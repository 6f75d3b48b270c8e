"""Calls of the API: operation, object and implementation of a request."""

from collections.abc import Callable
from dataclasses import dataclass

from local.stand_ins.storage import errors
from local.stand_ins.storage.errors import StorageError
from local.stand_ins.storage.http import masks
from local.stand_ins.storage.http.wire import Request, WireResponse, json_error, json_response
from local.stand_ins.storage.objects import Resource

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
_SUPPORTED = {"alt", "fields", "generation"} | _CONDITIONS | _LISTING | _REWRITE | _UPLOAD
_WITHOUT_EFFECT = {
    *("key", "prettyPrint", "project", "projection", "quotaUser", "userProject"),
    "includeFoldersAsPrefixes",  # there are no managed folders
}
_KNOWN = _SUPPORTED | _WITHOUT_EFFECT


@dataclass(frozen=True, slots=True)
class Call:
    """Call of the API.

    :param operation: name in counts, faults and hooks. It is the method of the JSON API, with three
        exceptions: ``objects.download`` for ``alt=media``, ``uploads.*`` for all requests of a
        resumable upload except the last, and ``xml.*``.
    """

    operation: str
    bucket: str
    name: str
    run: Callable[[], WireResponse]
    explain: Callable[[StorageError], WireResponse] = json_error


def refuse_unsupported(request: Request) -> None:
    """Refuse unsupported parameters, so that none is ignored silently.

    :raises StorageError: 400, for an unsupported parameter.
    """
    if unknown := request.query.keys() - _KNOWN:
        raise errors.not_supported(", ".join(sorted(unknown)))


def select_fields(request: Request, resource: Resource) -> WireResponse:
    """Respond with the parts of ``resource`` in the parameter ``fields``."""
    mask = masks.parse(request.query["fields"]) if "fields" in request.query else {}
    return json_response(masks.select(resource, mask))

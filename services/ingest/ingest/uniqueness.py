"""Rules for new files that the project's record decides.

A release has one file per build number and tag set, and a quarantined release gets no new files.
"""

import json
from collections.abc import Callable, Collection
from dataclasses import dataclass

from checks.distribution import ParsedName
from checks.refusal import Reason, Refused
from cloud.ports import Bucket
from schemas import layout
from schemas.equivalence import find_equivalent
from schemas.names import ProjectName, normalize_release
from schemas.types import require_known_version

RequireUnique = Callable[[ParsedName], None]
"""Function that refuses a new file if its release is quarantined or has an equivalent file."""


class UnreadableRecord(Exception):
    """Record from which the names of the files cannot be read. The message is delivered again."""


def accept_equivalent_files(name: ParsedName) -> None:
    """Refuse nothing."""


@dataclass(frozen=True, slots=True)
class UniqueFiles:
    """Names of the files and quarantined releases of all projects, read from their records."""

    metadata: Bucket

    def require_unique(self, name: ParsedName) -> None:
        """Refuse a new file of a quarantined release, or with an equivalent file in the record.

        Removed files count. Two files that are promoted at the same time both pass. Then the
        indexer decides.

        :raises Refused: if the release is quarantined, or if there is an equivalent file with
            any bytes.
        """
        record = self.metadata.read(layout.locate_record(ProjectName(name.project)))
        if record is None:
            return
        outline = read_outline(record.data)
        if normalize_release(str(name.version)) in outline.quarantined:
            raise Refused(
                Reason.PROJECT_CLOSED,
                f"{name.project} {name.version} is quarantined: publish a new version, or ask an "
                "operator to make the release active (set-status with the version)",
            )
        if taken := find_equivalent(name.filename, outline.filenames):
            same = "release" if name.kind == "sdist" else "release, build number and tag set"
            raise Refused(
                Reason.EXISTS,
                f"{name.filename} has the same {same} as {taken}, which {name.project} has, and "
                "the bytes of a release never change: publish a new version"
                + ("" if name.kind == "sdist" else " or build number"),
            )


@dataclass(frozen=True, slots=True)
class RecordOutline:
    """Names in a record that decide about new files."""

    filenames: Collection[str] = ()
    """Names of the files, removed files included."""
    quarantined: Collection[str] = ()
    """Quarantined releases, in their normal form (:data:`schemas.types.Release`)."""


def read_outline(record: bytes) -> RecordOutline:
    """Return the outline of a record, without the validation of the facts of its files.

    :raises UnreadableRecord: if the document or its ``files`` is not a JSON object.
    :raises NewerSchemaVersion: if a newer release wrote the record in a newer form.
    """
    try:
        document = json.loads(record, object_pairs_hook=_reduce)
    except ValueError as error:
        raise UnreadableRecord(f"the record is not JSON: {error}") from error
    if isinstance(document, tuple):
        return RecordOutline()
    if not isinstance(document, dict):
        raise UnreadableRecord("the record is not a JSON object")
    require_known_version("ProjectRecord", document.get("schema_version"))
    files, releases = document.get("files", ()), document.get(_RELEASES, ())
    if not isinstance(files, tuple) or not isinstance(releases, tuple):
        raise UnreadableRecord("the record is not an object with a map of files")
    return RecordOutline(files, releases if isinstance(releases, _Quarantined) else ())


_RELEASES = "release_status"
_KEPT = ("schema_version", "files", _RELEASES)


class _Quarantined(tuple[str, ...]):
    """Keys of those values of an object that have the value ``quarantined``."""

    __slots__ = ()


_QUARANTINED = _Quarantined()
"""Reduced form of a register (an object with ``issued_at``) with the value ``quarantined``."""


def _reduce(pairs: list[tuple[str, object]]) -> object:
    """Reduce a record to :data:`_KEPT`, and any other object to a tuple of its keys.

    So the memory for a large record is little more than that of its bytes.
    """
    if any(key == "issued_at" for key, _ in pairs):
        return _QUARANTINED if ("value", "quarantined") in pairs else ()
    if kept := {key: value for key, value in pairs if key in _KEPT}:
        return kept
    if any(value is _QUARANTINED for _, value in pairs):
        return _Quarantined(key for key, value in pairs if value is _QUARANTINED)
    return tuple(key for key, _ in pairs)

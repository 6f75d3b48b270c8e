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
from schemas.names import ProjectName, normalize_release
from schemas.releases.equivalence import find_equivalent
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
        document = json.loads(record, object_pairs_hook=_omit_facts)
    except ValueError as error:
        raise UnreadableRecord(f"the record is not JSON: {error}") from error
    if not isinstance(document, dict):
        raise UnreadableRecord("the record is not a JSON object")
    require_known_version("ProjectRecord", document.get("schema_version"))
    files, releases = document.get("files", {}), document.get("release_status", {})
    if not isinstance(files, dict) or not isinstance(releases, dict):
        raise UnreadableRecord("the record is not an object with a map of files")
    quarantined = (name for name, status in releases.items() if _is_quarantined(status))
    return RecordOutline(tuple(files), tuple(quarantined))


def _omit_facts(pairs: list[tuple[str, object]]) -> dict[str, object]:
    """Return an object; in place of the facts of a file, return an empty object.

    So the memory for a large record is little more than that of its bytes.
    """
    values = dict(pairs)
    return {} if "filename" in values else values


def _is_quarantined(status: object) -> bool:
    return isinstance(status, dict) and status.get("value") == "quarantined"

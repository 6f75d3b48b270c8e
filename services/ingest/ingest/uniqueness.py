"""Rule "one file per release and tag set", decided from the names in the project's record."""

import json
from collections.abc import Callable, Collection
from dataclasses import dataclass

from checks.distribution import ParsedName
from checks.refusal import Reason, Refused
from cloud.ports import Bucket
from schemas import layout
from schemas.equivalence import find_equivalent
from schemas.names import ProjectName
from schemas.types import require_known_version

RequireUnique = Callable[[ParsedName], None]
"""Function that refuses a new file if the project has an equivalent file."""


class UnreadableRecord(Exception):
    """Record from which the names of the files cannot be read. The message is delivered again."""


def accept_equivalent_files(name: ParsedName) -> None:
    """Refuse nothing."""


@dataclass(frozen=True, slots=True)
class UniqueFiles:
    """Names of the files of all projects, read from their records."""

    metadata: Bucket

    def require_unique(self, name: ParsedName) -> None:
        """Refuse a new file if the record has an equivalent one, removed files included.

        Two files that are promoted at the same time both pass. Then the indexer decides.

        :raises Refused: if there is an equivalent file, whatever its bytes.
        """
        record = self.metadata.read(layout.locate_record(ProjectName(name.project)))
        if record is None:
            return
        if taken := find_equivalent(name.filename, read_filenames(record.data)):
            same = "release" if name.kind == "sdist" else "release, build number and tag set"
            raise Refused(
                Reason.EXISTS,
                f"{name.filename} has the same {same} as {taken}, which {name.project} has, and "
                "the bytes of a release never change: publish a new version"
                + ("" if name.kind == "sdist" else " or build number"),
            )


def read_filenames(record: bytes) -> Collection[str]:
    """Return the names of the files in a record, without the validation of their facts.

    :raises UnreadableRecord: if the document or its ``files`` is not a JSON object.
    :raises NewerSchemaVersion: if a newer release wrote the record in a newer form.
    """
    try:
        document = json.loads(record, object_pairs_hook=_keep_names)
    except ValueError as error:
        raise UnreadableRecord(f"the record is not JSON: {error}") from error
    files = ()
    if isinstance(document, dict):
        require_known_version("ProjectRecord", document.get("schema_version"))
        files = document.get("files", ())
    if not isinstance(document, dict | tuple) or not isinstance(files, tuple):
        raise UnreadableRecord("the record is not an object with a map of files")
    return files


def _keep_names(pairs: list[tuple[str, object]]) -> object:
    """Reduce an object to its ``files`` and version; one with neither to a tuple of its keys.

    So the memory for a large record is little more than that of its bytes.
    """
    kept = {key: value for key, value in pairs if key in ("files", "schema_version")}
    return kept or tuple(key for key, _ in pairs)

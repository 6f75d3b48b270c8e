"""Refusals of files that the pages do not list, because an equivalent file is listed.

Ingest refuses a new file if it finds an equivalent file in the record. Two equivalent files
that are promoted at the same time pass this check, so the indexer refuses one of them.
"""

from collections.abc import Iterable, Iterator

from schemas.events import FileRefused
from schemas.names import Filename, ProjectName
from schemas.records import ProjectRecord
from schemas.releases.equivalence import find_unlisted

REASON = "exists"
"""Reason code, the same as ingest's for an equivalent file."""


def build_refusals(record: ProjectRecord, committed: Iterable[Filename]) -> Iterator[FileRefused]:
    """Yield the refusals that follow from the files of a commit.

    A committed file is refused if it is not listed. A committed file that is listed displaces its
    equivalent files, which were possibly listed before; they are refused too. The result does not
    depend on earlier refusals, so the redelivery of a message repeats a lost refusal.
    """
    names = set(committed)
    if not names:
        return
    for filename, listed in sorted(find_unlisted(record.files.values()).items()):
        if filename in names or listed in names:
            yield _refuse(filename, listed, record.project)


def _refuse(filename: Filename, listed: Filename, project: ProjectName) -> FileRefused:
    return FileRefused(
        reason=REASON,
        detail=f"{filename} has the same release, build number and tag set as {listed}, "
        f"which was promoted earlier: the pages of {project} list only {listed}, and {filename} "
        "is served only by its name; publish a new version or build number",
        filename=filename,
    )

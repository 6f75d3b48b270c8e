"""Comparison of an entry of ``blocked.json`` with the record of its project.

After the restoration of an older record the entry has a higher revision than the record. It then
tells the operator which removals and quarantines the record lost.
"""

from publisher import blocked
from schemas.records import Blocked, ProjectRecord
from schemas.releases import get_status, list_blocked_filenames, list_quarantined_releases


def describe_difference(document: Blocked, record: ProjectRecord) -> str | None:
    """Return a sentence about the entry of the record; None if the entry is right.

    An entry that blocks the same files is also right with a higher revision: the next commit of
    the record has a higher one again.
    """
    known = document.projects.get(record.project)
    if known is None or known.revision <= record.revision:
        same = blocked.merge_records(document, [record]) is None
    else:
        entry = blocked.build_entry(record)
        same = entry == known.model_copy(update={"revision": entry.revision})
    if same:
        return None
    detail = f"its entry differs from the record of {record.project}"
    lost = list_lost_blocks(document, record)
    return f"{detail}, which does not block {', '.join(lost)}" if lost else detail


def list_lost_blocks(document: Blocked, record: ProjectRecord) -> list[str]:
    """Return what the document blocks and the record does not: the project, releases, files."""
    known = document.projects.get(record.project)
    if known is None:
        return []
    is_lost = known.quarantined and get_status(record) != "quarantined"
    releases = sorted(set(known.releases) - set(list_quarantined_releases(record)))
    files = sorted(set(known.filenames) - set(list_blocked_filenames(record)))
    projects = ["the whole project"] if is_lost else []
    return [*projects, *(f"release {each}" for each in releases), *files]

"""Lists of projects and of the releases of a project (``gcpypi list``)."""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

from gcpypi.browsing.release_groups import (
    describe_project,
    find_latest,
    format_minute,
    format_status,
    group_releases,
)
from gcpypi.connection.index_client import IndexClient
from gcpypi.connection.page_lookup import require_project
from gcpypi.output import (
    create_console,
    escape_control,
    escape_unprintable,
    print_json,
    print_table,
)

PARALLEL = 16
"""Number of pages that are requested at a time."""


def list_projects(index: IndexClient, *, with_versions: bool, as_json: bool) -> None:
    """Print the projects that the credentials can read.

    :param with_versions: true to read the page of each project, for its latest release.
    """
    names = index.list_projects()
    versions = _find_versions(index, names) if with_versions else [None] * len(names)
    rows = list(zip(names, versions, strict=True))
    if as_json:
        key = "latest_version"
        print_json([{"project": name, **({key: v} if with_versions else {})} for name, v in rows])
    elif with_versions:
        print_table(create_console(), ["project", "latest"], [(n, v or "-") for n, v in rows])
    else:
        console = create_console()
        for name in names:
            console.print(escape_unprintable(name))
    if not names:
        text = f"{index.url} has no project that these credentials can read"
        create_console(stderr=True).print(text, markup=False)


def _find_versions(index: IndexClient, names: Sequence[str]) -> list[str | None]:
    def find_version(name: str) -> str | None:
        page = index.find_project(name)
        latest = find_latest(group_releases(page)) if page else None
        return latest.version if latest else None

    with ThreadPoolExecutor(PARALLEL) as pool:
        return list(pool.map(find_version, names))


def list_releases(index: IndexClient, project: str, *, as_json: bool) -> None:
    """Print the releases of a project, the newest first.

    :raises CommandFailure: if the index has no such project.
    """
    page = require_project(index, project)
    releases = group_releases(page)
    if as_json:
        listed = [release.describe() for release in releases]
        print_json({**describe_project(page), "releases": listed})
        return
    notes = create_console(stderr=True)
    if (status := format_status(page)) != "active":
        notes.print(escape_control(f"{page.project} is {status}"), markup=False)
    if not releases:
        notes.print(f"the page of {page.project} lists no files", markup=False)
        return
    headings = ["version", "files", "size", "uploaded (UTC)", ""]
    rows = [
        (each.version, str(len(each.files)), each.size, format_minute(each.uploaded), each.mark)
        for each in releases
    ]
    print_table(create_console(), headings, rows)

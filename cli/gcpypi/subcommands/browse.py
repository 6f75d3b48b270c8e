"""Commands ``gcpypi list``, ``gcpypi show`` and ``gcpypi log``."""

from typing import Annotated

import typer

from gcpypi.arguments import IndexUrl, Json, Project, Uploader, Version


def list_(
    project: Annotated[
        str | None, typer.Argument(metavar="PROJECT", help="list the releases of this project")
    ] = None,
    versions: Annotated[
        bool, typer.Option("--versions", help="list the latest release of each project as well")
    ] = False,
    json: Json = False,
    index_url: IndexUrl = None,
) -> None:
    """List the projects, or the releases of one.

    Exit codes: 0 done, 2 wrong usage or name, 4 no access.

    \b
    Examples:
      gcpypi list --versions
      gcpypi list acme-widgets --json
    """
    from gcpypi.browsing.project_list import list_projects, list_releases
    from gcpypi.connection.index_connection import IndexConnection
    from gcpypi.settings import load_settings

    index = IndexConnection(load_settings(index_url=index_url)).index
    if project:
        list_releases(index, project, as_json=json)
    else:
        list_projects(index, with_versions=versions, as_json=json)


def show(
    project: Project, version: Version = None, json: Json = False, index_url: IndexUrl = None
) -> None:
    """Show a release: its files, digests, dependencies and status. Default: the latest one.

    Exit codes: 0 done, 2 wrong usage or name, 4 no access.

    \b
    Examples:
      gcpypi show acme-widgets
      gcpypi show acme-widgets 1.3 --json
    """
    from gcpypi.browsing.release_details import show_release
    from gcpypi.connection.index_connection import IndexConnection
    from gcpypi.settings import load_settings

    index = IndexConnection(load_settings(index_url=index_url)).index
    show_release(index, project, version, as_json=json)


def log(
    filename: Annotated[str, typer.Argument(metavar="FILE", help="name of a wheel or sdist")],
    uploader: Uploader = None,
    json: Json = False,
    index_url: IndexUrl = None,
) -> None:
    """Log the story of a file: uploads, verdicts, promotion, yanks, and its place on the page.

    The command prints as much as the caller may read, and says which parts it may not.

    Exit codes: 0 done, 2 wrong usage or name, 4 no access.

    \b
    Examples:
      gcpypi log acme_widgets-1.3-py3-none-any.whl
      gcpypi log acme_widgets-1.3.tar.gz --as acme --json
    """
    from gcpypi.browsing.file_log import log_file
    from gcpypi.connection.index_connection import IndexConnection
    from gcpypi.settings import load_settings

    settings = load_settings(index_url=index_url, uploader=uploader)
    log_file(IndexConnection(settings), filename, as_json=json)

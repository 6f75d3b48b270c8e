"""Commands ``gcpypi yank`` and ``gcpypi unyank``."""

from typing import Annotated

import typer

from gcpypi.arguments import (
    CommandOptions,
    Filename,
    IndexUrl,
    NoWait,
    Operator,
    Project,
    Reason,
    Timeout,
    Uploader,
    Version,
)


def yank(
    project: Project,
    version: Version = None,
    file: Filename = None,
    reason: Reason = None,
    uploader: Uploader = None,
    operator: Operator = None,
    no_wait: NoWait = False,
    timeout: Timeout = None,
    index_url: IndexUrl = None,
) -> None:
    """Yank a release or a file: installers choose it only if it is pinned (PEP 592).

    Exit codes: 0 done, 1 refused, 2 wrong usage or name, 3 no answer in time, 4 no access.

    \b
    Examples:
      gcpypi yank acme-widgets 1.3 --reason "broken on Windows" --as acme
      gcpypi yank acme-widgets --file acme_widgets-1.3.tar.gz --operator ada
    """
    from gcpypi.commanding.command_execution import execute_command

    options = CommandOptions(uploader, operator, index_url, timeout, no_wait)
    execute_command(
        options, action="yank", project=project, version=version, filename=file, reason=reason
    )


def unyank(
    project: Project,
    version: Version = None,
    file: Filename = None,
    of_uploaders: Annotated[
        bool, typer.Option("--of-uploaders", help="lift the yank of uploaders, as an operator")
    ] = False,
    uploader: Uploader = None,
    operator: Operator = None,
    no_wait: NoWait = False,
    timeout: Timeout = None,
    index_url: IndexUrl = None,
) -> None:
    """Lift the yank of a release or a file.

    Operators and uploaders have separate yanks, and a file is yanked while either holds. If the
    other one still holds, the command says so, and its exit code is 1.

    Exit codes: 0 done, 1 refused or still yanked, 2 wrong usage or name, 3 no answer in time,
    4 no access.

    \b
    Examples:
      gcpypi unyank acme-widgets 1.3 --as acme
      gcpypi unyank acme-widgets 1.3 --operator ada --of-uploaders
    """
    from gcpypi.commanding.command_execution import execute_command

    options = CommandOptions(uploader, operator, index_url, timeout, no_wait)
    execute_command(
        options,
        action="unyank",
        project=project,
        version=version,
        filename=file,
        of_uploaders=of_uploaders,
    )

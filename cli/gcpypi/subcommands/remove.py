"""Commands ``gcpypi remove`` and ``gcpypi restore``."""

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
    Yes,
)


def remove(
    project: Project,
    version: Version = None,
    file: Filename = None,
    reason: Reason = None,
    yes: Yes = False,
    uploader: Uploader = None,
    operator: Operator = None,
    no_wait: NoWait = False,
    timeout: Timeout = None,
    index_url: IndexUrl = None,
) -> None:
    """Remove a release or a file from the pages and the downloads. Its file names stay taken.

    Exit codes: 0 done, 1 refused, 2 wrong usage or name, 3 no answer in time, 4 no access.

    \b
    Examples:
      gcpypi remove acme-widgets 1.3 --reason poisoned --operator ada
      gcpypi remove acme-widgets --file acme_widgets-1.3.tar.gz --operator ada --yes
    """
    from gcpypi.commanding.command_execution import execute_command

    options = CommandOptions(uploader, operator, index_url, timeout, no_wait)
    execute_command(
        options,
        ask=not yes,
        action="remove",
        project=project,
        version=version,
        filename=file,
        reason=reason,
    )


def restore(
    project: Project,
    version: Version = None,
    file: Filename = None,
    uploader: Uploader = None,
    operator: Operator = None,
    no_wait: NoWait = False,
    timeout: Timeout = None,
    index_url: IndexUrl = None,
) -> None:
    """Restore a removed release or file.

    The pages do not list it, so a wrong VERSION is refused only after some minutes.

    Exit codes: 0 done, 1 refused or still hidden, 2 wrong usage or name, 3 no answer in time,
    4 no access.

    \b
    Examples:
      gcpypi restore acme-widgets 1.3 --operator ada
    """
    from gcpypi.commanding.command_execution import execute_command

    options = CommandOptions(uploader, operator, index_url, timeout, no_wait)
    execute_command(options, action="restore", project=project, version=version, filename=file)

"""Commands for the status of a project (PEP 792): quarantine, archive, deprecate, activate."""

from gcpypi.arguments import (
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


def quarantine(
    project: Project,
    version: Version = None,
    reason: Reason = None,
    yes: Yes = False,
    uploader: Uploader = None,
    operator: Operator = None,
    no_wait: NoWait = False,
    timeout: Timeout = None,
    index_url: IndexUrl = None,
) -> None:
    """Quarantine a project or a release: no file of it is listed, downloaded or accepted.

    Exit codes: 0 done, 1 refused, 2 wrong usage or name, 3 no answer in time, 4 no access.

    [bold]Examples[/bold]

    \b
      gcpypi quarantine acme-widgets --reason "under investigation" --operator ada
      gcpypi quarantine acme-widgets 1.3 --operator ada --yes
    """
    from gcpypi.commanding.command_execution import CommandOptions, execute_command

    execute_command(
        CommandOptions(uploader, operator, index_url, timeout, no_wait),
        ask=not yes,
        action="set-status",
        status="quarantined",
        project=project,
        version=version,
        reason=reason,
    )


def archive(
    project: Project,
    reason: Reason = None,
    uploader: Uploader = None,
    operator: Operator = None,
    no_wait: NoWait = False,
    timeout: Timeout = None,
    index_url: IndexUrl = None,
) -> None:
    """Archive a project: its files stay available, and the index accepts no new ones.

    Exit codes: 0 done, 1 refused, 2 wrong usage or name, 3 no answer in time, 4 no access.

    [bold]Examples[/bold]

    \b
      gcpypi archive acme-widgets --reason "use acme-gadgets" --operator ada
    """
    _set_project_status(
        "archived", project, reason, uploader, operator, no_wait, timeout, index_url
    )


def deprecate(
    project: Project,
    reason: Reason = None,
    uploader: Uploader = None,
    operator: Operator = None,
    no_wait: NoWait = False,
    timeout: Timeout = None,
    index_url: IndexUrl = None,
) -> None:
    """Mark a project as deprecated: its files stay available, and new ones are accepted.

    Exit codes: 0 done, 1 refused, 2 wrong usage or name, 3 no answer in time, 4 no access.

    [bold]Examples[/bold]

    \b
      gcpypi deprecate acme-widgets --reason "use acme-gadgets" --operator ada
    """
    _set_project_status(
        "deprecated", project, reason, uploader, operator, no_wait, timeout, index_url
    )


def activate(
    project: Project,
    version: Version = None,
    uploader: Uploader = None,
    operator: Operator = None,
    no_wait: NoWait = False,
    timeout: Timeout = None,
    index_url: IndexUrl = None,
) -> None:
    """Activate a project or a release: end its quarantine, archival or deprecation.

    A quarantine of the project and one of a release add up. Each needs its own activation.

    Exit codes: 0 done, 1 refused or still hidden, 2 wrong usage or name, 3 no answer in time,
    4 no access.

    [bold]Examples[/bold]

    \b
      gcpypi activate acme-widgets --operator ada
      gcpypi activate acme-widgets 1.3 --operator ada
    """
    _set_project_status(
        "active", project, None, uploader, operator, no_wait, timeout, index_url, version
    )


def _set_project_status(
    status: str,
    project: str,
    reason: str | None,
    uploader: str | None,
    operator: str | None,
    no_wait: bool,
    timeout: float | None,
    index_url: str | None,
    version: str | None = None,
) -> None:
    from gcpypi.commanding.command_execution import CommandOptions, execute_command

    execute_command(
        CommandOptions(uploader, operator, index_url, timeout, no_wait),
        action="set-status",
        status=status,
        project=project,
        version=version,
        reason=reason,
    )

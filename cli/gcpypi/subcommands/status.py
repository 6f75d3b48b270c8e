"""Commands for the status of a project (PEP 792): quarantine, archive, deprecate, activate."""

from gcpypi.arguments import (
    CommandOptions,
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

    \b
    Examples:
      gcpypi quarantine acme-widgets --reason "under investigation" --operator ada
      gcpypi quarantine acme-widgets 1.3 --operator ada --yes
    """
    options = CommandOptions(uploader, operator, index_url, timeout, no_wait)
    _set_status(options, "quarantined", project, version, reason, ask=not yes)


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

    \b
    Examples:
      gcpypi archive acme-widgets --reason "use acme-gadgets" --operator ada
    """
    options = CommandOptions(uploader, operator, index_url, timeout, no_wait)
    _set_status(options, "archived", project, reason=reason)


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

    \b
    Examples:
      gcpypi deprecate acme-widgets --reason "use acme-gadgets" --operator ada
    """
    options = CommandOptions(uploader, operator, index_url, timeout, no_wait)
    _set_status(options, "deprecated", project, reason=reason)


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

    \b
    Examples:
      gcpypi activate acme-widgets --operator ada
      gcpypi activate acme-widgets 1.3 --operator ada
    """
    options = CommandOptions(uploader, operator, index_url, timeout, no_wait)
    _set_status(options, "active", project, version)


def _set_status(
    options: CommandOptions,
    status: str,
    project: str,
    version: str | None = None,
    reason: str | None = None,
    *,
    ask: bool = False,
) -> None:
    from gcpypi.commanding.command_execution import execute_command

    execute_command(
        options,
        ask=ask,
        action="set-status",
        status=status,
        project=project,
        version=version,
        reason=reason,
    )

"""``gcpypi import`` from its arguments to its exit code, with sentences for all failures."""

from collections import Counter
from collections.abc import Mapping

from cloud.errors import CloudError, PermissionDenied
from gcpypi.connection.cloud_failures import explain_cloud_error
from gcpypi.connection.index_connection import IndexConnection
from gcpypi.errors import CommandFailure, ExitCode
from gcpypi.importing.import_report import report_import, show_progress
from gcpypi.importing.import_result import ImportOutcome, ImportResult
from gcpypi.importing.import_run import (
    FinishedImport,
    ImportOptions,
    Report,
    open_source,
    run_import,
)
from gcpypi.settings import load_settings

_REMEDIES: Mapping[type[CloudError], str] = {
    PermissionDenied: "an import needs the rights of an operator (operators in terraform.tfvars)"
}


def import_source(
    source: str, options: ImportOptions, flags: Mapping[str, object], *, as_json: bool
) -> ExitCode:
    """Import a source, print the report, and return the exit code.

    :raises CommandFailure: if the run ended early.
    """
    connection = IndexConnection(load_settings(**flags))
    finished = Counter[ImportOutcome]()
    try:
        done = _run(source, connection, options, finished)
    except KeyboardInterrupt:
        raise CommandFailure(
            f"interrupted after {finished.total()} files, of which "
            f"{finished[ImportOutcome.IMPORTED]} were imported: import again to continue",
            ExitCode.INTERRUPTED,
        ) from None
    except CloudError as error:
        raise explain_cloud_error(error, _REMEDIES) from error
    return report_import(done, as_json=as_json)


def _run(
    source: str,
    connection: IndexConnection,
    options: ImportOptions,
    finished: Counter[ImportOutcome],
) -> FinishedImport:
    with show_progress() as start_bar:

        def start(files: int) -> Report:
            advance = start_bar(files)

            def report(result: ImportResult) -> None:
                finished[result.outcome] += 1
                advance(result)

            return report

        opened = open_source(source, connection, options.jobs)
        return run_import(opened, connection, options, start)

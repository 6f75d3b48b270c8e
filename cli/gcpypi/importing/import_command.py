"""``gcpypi import`` from its arguments to its exit code, with sentences for all failures."""

from collections.abc import Mapping

from cloud.errors import CloudError
from gcpypi.connection.cloud_failures import explain_cloud_error
from gcpypi.connection.index_connection import IndexConnection
from gcpypi.errors import CommandFailure, ExitCode
from gcpypi.importing.import_report import report_import, show_progress
from gcpypi.importing.import_run import RIGHTS, ImportOptions, open_source, run_import
from gcpypi.settings import load_settings


def import_source(
    source: str, options: ImportOptions, flags: Mapping[str, object], *, as_json: bool
) -> ExitCode:
    """Import a source, print the report, and return the exit code.

    :raises CommandFailure: if the run ended before the first file.
    """
    connection = IndexConnection(load_settings(**flags))
    try:
        with show_progress() as start:
            opened = open_source(source, connection, options.jobs)
            done = run_import(opened, connection, options, start)
    except KeyboardInterrupt:
        text = "interrupted before the first file: import again"
        raise CommandFailure(text, ExitCode.INTERRUPTED) from None
    except CloudError as error:
        raise explain_cloud_error(error, RIGHTS) from error
    return report_import(done, as_json=as_json)

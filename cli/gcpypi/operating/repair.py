"""The repair commands, in Google Cloud or on this machine."""

from collections.abc import Mapping, Sequence

from cloud import log_entries
from cloud.errors import CloudError, PermissionDenied
from cloud.rest.run_jobs import RunJobs
from gcpypi.connection.cloud_failures import explain_cloud_errors
from gcpypi.connection.index_connection import IndexConnection
from gcpypi.errors import CommandFailure, ExitCode
from gcpypi.operating.cloud_job import CloudJob
from gcpypi.operating.execution_log import ExecutionLog
from gcpypi.operating.local_job import run_local_job

_DENIED: Mapping[bool, str] = {
    False: "your account needs roles/run.jobsExecutor on the job, which operators have",
    True: "only an owner can give a job arguments (run.jobs.runWithOverrides): run the command "
    "without arguments",
}


def repair(
    connection: IndexConnection,
    command: str,
    arguments: Sequence[str],
    *,
    wait: bool = True,
    timeout: float | None = None,
) -> int:
    """Run a repair command to its end, and return its exit code.

    :raises CommandFailure: if it cannot be started, or does not end in time.
    """
    if connection.settings.is_local:
        return run_local_job(command, arguments, wait=wait, timeout=timeout)
    project, region = connection.gcp_project, connection.description.region
    if region is None:
        raise CommandFailure(
            "the description of the index has no region: upgrade the index", ExitCode.UNAVAILABLE
        )
    name = connection.get_name("jobs", command)
    with explain_cloud_errors():
        jobs = RunJobs.connect(project, region)
        log = log_entries.connect(project)
    job = CloudJob(jobs, name, region, project, lambda each: ExecutionLog(log, each))
    return run_cloud_job(job, arguments, wait=wait, timeout=timeout)


def run_cloud_job(
    job: CloudJob, arguments: Sequence[str], *, wait: bool, timeout: float | None
) -> ExitCode:
    """Run a job to its end, and return its outcome.

    :raises CommandFailure: if it is denied; with arguments, the message names the right for them.
    """
    remedies: Mapping[type[CloudError], str] = {PermissionDenied: _DENIED[bool(arguments)]}
    with explain_cloud_errors(remedies):
        return job.run(arguments, wait=wait, timeout=timeout)

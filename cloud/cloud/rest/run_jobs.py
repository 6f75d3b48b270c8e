"""Cloud Run jobs: start an execution, and follow it.

https://cloud.google.com/run/docs/reference/rest/v2/projects.locations.jobs
"""

from collections.abc import Sequence
from typing import Annotated, Self

from pydantic import Field, ValidationError

from cloud import errors
from cloud.rest.google_api import GoogleApi
from schemas.types import Model, UtcTime

ORIGIN = "https://run.googleapis.com"


class Execution(Model):
    """State of one execution of a job."""

    name: str
    """``projects/…/locations/…/jobs/…/executions/…``."""
    task_count: Annotated[int, Field(alias="taskCount")] = 1
    running: Annotated[int, Field(alias="runningCount")] = 0
    succeeded: Annotated[int, Field(alias="succeededCount")] = 0
    failed: Annotated[int, Field(alias="failedCount")] = 0
    cancelled: Annotated[int, Field(alias="cancelledCount")] = 0
    retried: Annotated[int, Field(alias="retriedCount")] = 0
    """Tasks that were started again after a failure."""
    completed: Annotated[UtcTime | None, Field(alias="completionTime")] = None
    """Time of the end; None while the execution runs."""
    log_url: Annotated[str, Field(alias="logUri")] = ""
    """Page of the log in the console of Google Cloud."""

    @property
    def short_name(self) -> str:
        """Name without the path, as gcloud takes it."""
        return self.name.rpartition("/")[2]

    @property
    def is_successful(self) -> bool:
        """True if all tasks have succeeded."""
        return self.succeeded >= self.task_count


class _Operation(Model):
    metadata: Execution


class RunJobs:
    """Jobs of one Google Cloud project in one region."""

    def __init__(self, api: GoogleApi, gcp_project: str, region: str) -> None:
        self._api = api
        self._parent = f"v2/projects/{gcp_project}/locations/{region}/jobs"

    @classmethod
    def connect(cls, gcp_project: str, region: str) -> Self:
        """Create the client with the application default credentials.

        :raises Unavailable: if there are no credentials.
        """
        return cls(GoogleApi.connect(ORIGIN, gcp_project), gcp_project, region)

    def start(self, job: str, arguments: Sequence[str]) -> Execution:
        """Start an execution of a job and return it.

        Other arguments than those of the job need ``run.jobs.runWithOverrides``.

        :raises PermissionDenied: without the right to execute the job, or to override arguments.
        """
        overrides = {"containerOverrides": [{"args": list(arguments)}]}
        body = {"overrides": overrides} if arguments else {}
        answer = self._api.post(f"{self._parent}/{job}:run", body)
        try:
            return _Operation.model_validate(answer).metadata
        except ValidationError as error:
            raise errors.Unavailable(job, f"unexpected response: {error}") from error

    def find(self, name: str) -> Execution:
        """Return the present state of an execution, by its whole name."""
        answer = self._api.get(f"v2/{name}")
        try:
            return Execution.model_validate(answer)
        except ValidationError as error:
            raise errors.Unavailable(name, f"unexpected response: {error}") from error

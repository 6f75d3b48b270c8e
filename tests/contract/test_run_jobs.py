"""Cloud Run jobs over HTTP: ``cloud.rest.run_jobs`` and ``cloud.rest.google_api``."""

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
import requests

from cloud.errors import CloudError, NotFound, PermissionDenied, Unavailable
from cloud.rest.google_api import GoogleApi
from cloud.rest.run_jobs import Execution, RunJobs
from testing.fakes.google_api_server import Answer, GoogleApiServer, create_retry, run_google_api

JOBS = "/v2/projects/acme-prod/locations/europe-west1/jobs"
NAME = f"{JOBS.removeprefix('/v2/')}/gcpypi-verify/executions/gcpypi-verify-x7k2p"
STARTED = {
    "name": "projects/acme-prod/locations/europe-west1/operations/1",
    "metadata": {
        "@type": "type.googleapis.com/google.cloud.run.v2.Execution",
        "name": NAME,
        "taskCount": 1,
        "logUri": "https://console.example/log",
    },
}


@pytest.fixture
def served() -> Iterator[tuple[GoogleApiServer, RunJobs]]:
    with run_google_api() as (server, api):
        yield server, RunJobs(api, "acme-prod", "europe-west1")


def test_a_job_without_arguments_is_executed_unchanged(
    served: tuple[GoogleApiServer, RunJobs],
) -> None:
    """Operators may execute the jobs, but not override their arguments."""
    server, jobs = served
    server.answer(f"POST {JOBS}/gcpypi-verify:run", (200, STARTED))

    execution = jobs.start("gcpypi-verify", [])

    assert server.requests == [(f"POST {JOBS}/gcpypi-verify:run", {})]
    assert (execution.name, execution.short_name) == (NAME, "gcpypi-verify-x7k2p")
    assert (execution.completed, execution.log_url) == (None, "https://console.example/log")


def test_arguments_override_those_of_the_container(
    served: tuple[GoogleApiServer, RunJobs],
) -> None:
    server, jobs = served
    server.answer(f"POST {JOBS}/gcpypi-verify:run", (200, STARTED))

    jobs.start("gcpypi-verify", ["--bytes", "acme"])

    [(_, body)] = server.requests
    assert body == {"overrides": {"containerOverrides": [{"args": ["--bytes", "acme"]}]}}


def test_an_execution_has_the_numbers_of_its_tasks(
    served: tuple[GoogleApiServer, RunJobs],
) -> None:
    server, jobs = served
    found = {
        "name": NAME,
        "taskCount": 1,
        "failedCount": 1,
        "retriedCount": 3,
        "completionTime": "2026-11-28T12:00:00.123456789Z",
        "conditions": [{"type": "Completed"}],
    }
    server.answer(f"GET /v2/{NAME}", (200, found))

    execution = jobs.find(NAME)

    assert (execution.failed, execution.retried, execution.is_successful) == (1, 3, False)
    assert execution.completed == datetime(2026, 11, 28, 12, 0, 0, 123456, tzinfo=UTC)
    assert Execution.model_validate({"name": NAME, "succeededCount": 1}).is_successful


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        ((401, {}), PermissionDenied),
        ((403, {"error": {"message": "Permission 'run.jobs.run' denied"}}), PermissionDenied),
        ((404, {"error": {"message": "Resource 'gcpypi-verify' was not found"}}), NotFound),
        ((429, {"error": {"message": "quota"}}), Unavailable),
        ((503, b"<html>"), Unavailable),
        ((200, b"<html>"), Unavailable),
        ((200, {"name": "operations/1"}), Unavailable),
    ],
)
def test_an_error_of_cloud_run_is_a_cloud_error(
    served: tuple[GoogleApiServer, RunJobs], answer: Answer, kind: type[CloudError]
) -> None:
    server, jobs = served
    server.answer(f"POST {JOBS}/gcpypi-verify:run", answer)

    with pytest.raises(kind) as raised:
        jobs.start("gcpypi-verify", [])

    body = answer[1]
    if isinstance(body, dict) and "error" in body:
        assert body["error"]["message"] in str(raised.value)


@pytest.mark.parametrize("status", [408, 429, 500, 502, 503, 504])
def test_a_failed_request_for_the_state_is_repeated(
    served: tuple[GoogleApiServer, RunJobs], status: int
) -> None:
    server, jobs = served
    server.answer(f"GET /v2/{NAME}", (status, b"<html>"), (status, {}), (200, {"name": NAME}))

    assert jobs.find(NAME).name == NAME
    assert len(server.requests) == 3


def test_a_lasting_failure_of_the_state_ends_after_a_minute(
    served: tuple[GoogleApiServer, RunJobs],
) -> None:
    server, jobs = served
    server.answer(f"GET /v2/{NAME}", (503, {"error": {"message": "try again"}}))

    with pytest.raises(Unavailable, match="503: try again"):
        jobs.find(NAME)
    assert len(server.requests) > 5


def test_a_denied_request_for_the_state_is_not_repeated(
    served: tuple[GoogleApiServer, RunJobs],
) -> None:
    server, jobs = served
    server.answer(f"GET /v2/{NAME}", (403, {}))

    with pytest.raises(PermissionDenied):
        jobs.find(NAME)
    assert len(server.requests) == 1


def test_the_start_of_a_job_is_never_repeated(
    served: tuple[GoogleApiServer, RunJobs],
) -> None:
    """The execution can run although its response was lost."""
    server, jobs = served
    server.answer(f"POST {JOBS}/gcpypi-verify:run", (503, {}), (200, STARTED))

    with pytest.raises(Unavailable, match="503"):
        jobs.start("gcpypi-verify", [])
    assert len(server.requests) == 1


def test_an_unreachable_cloud_run_is_unavailable() -> None:
    with requests.Session() as session:
        session.trust_env = False
        jobs = RunJobs(
            GoogleApi(session, "http://127.0.0.1:9", create_retry()), "acme-prod", "europe-west1"
        )
        with pytest.raises(Unavailable):
            jobs.find(NAME)


def test_without_credentials_cloud_run_is_unavailable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GOOGLE_APPLICATION_CREDENTIALS", "/nonexistent/credentials.json")
    with pytest.raises(Unavailable, match="credentials"):
        RunJobs.connect("acme-prod", "europe-west1")

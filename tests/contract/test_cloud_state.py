"""State of an index in Google Cloud over HTTP: rights, services, waiting messages.

Tested modules: ``cloud.rest.rights``, ``cloud.rest.run_services``, ``cloud.rest.waiting_messages``,
``gcpypi.doctor.part_probes``.
"""

from collections.abc import Iterator
from datetime import UTC, datetime
from urllib.parse import parse_qs, urlsplit

import pytest

from cloud.errors import NotFound, PermissionDenied, Unavailable
from cloud.rest.google_api import GoogleApi
from cloud.rest.rights import list_bucket_rights
from cloud.rest.waiting_messages import count_waiting
from gcpypi.doctor.part_probes import CloudParts
from gcpypi.doctor.probes import ServiceState
from testing.fakes.google_api_server import GoogleApiServer, run_google_api

GET, LIST = "storage.objects.get", "storage.objects.list"
SERVICE = "/v2/projects/acme-prod/locations/europe-west1/services/gcpypi-ingest"
IMAGE = "europe-west1-docker.pkg.dev/acme-prod/gcpypi/ingest:0.2.0-0123456789ab"


@pytest.fixture
def served() -> Iterator[tuple[GoogleApiServer, GoogleApi]]:
    with run_google_api() as both:
        yield both


@pytest.fixture
def parts(served: tuple[GoogleApiServer, GoogleApi]) -> CloudParts:
    return CloudParts("acme-prod", "europe-west1", lambda origin, project: served[1])


def test_the_rights_on_a_bucket_are_those_in_the_answer(
    served: tuple[GoogleApiServer, GoogleApi], parts: CloudParts
) -> None:
    server, _ = served
    call = f"GET /storage/v1/b/b-packages/iam/testPermissions?permissions={GET}&permissions={LIST}"
    server.answer(call, (200, {"kind": "storage#x", "permissions": [GET]}))
    assert parts.list_bucket_rights("b-packages", [GET, LIST]) == {GET}


def test_no_rights_are_an_answer_without_permissions(
    served: tuple[GoogleApiServer, GoogleApi],
) -> None:
    server, api = served
    server.answer(
        f"GET /storage/v1/b/b/iam/testPermissions?permissions={GET}", (200, {"kind": "x"})
    )
    assert list_bucket_rights(api, "b", [GET]) == frozenset()
    with pytest.raises(NotFound):
        list_bucket_rights(api, "absent", [GET])


def test_an_unexpected_answer_about_rights_is_no_absence_of_rights(
    served: tuple[GoogleApiServer, GoogleApi],
) -> None:
    server, api = served
    call = f"GET /storage/v1/b/b/iam/testPermissions?permissions={GET}"
    server.answer(call, (200, {"permissions": GET}))
    with pytest.raises(Unavailable, match="permissions is not a list"):
        list_bucket_rights(api, "b", [GET])


def test_the_rights_on_a_topic_are_those_in_the_answer(
    served: tuple[GoogleApiServer, GoogleApi], parts: CloudParts
) -> None:
    server, _ = served
    call = "POST /v1/projects/acme-prod/topics/file-uploaded:testIamPermissions"
    rights = ["pubsub.topics.publish"]
    server.answer(call, (503, {}), (200, {"permissions": rights}))
    assert parts.list_topic_rights("file-uploaded", rights) == set(rights)
    assert server.requests == [(call, {"permissions": rights})] * 2


@pytest.mark.parametrize(
    ("answer", "state"),
    [
        (
            {
                "terminalCondition": {"type": "Ready", "state": "CONDITION_SUCCEEDED"},
                "template": {
                    "containers": [{"image": IMAGE, "env": [{"name": "UPLOADERS", "value": "{}"}]}]
                },
            },
            ServiceState(
                is_ready=True,
                message="CONDITION_SUCCEEDED",
                tag="0.2.0-0123456789ab",
                environment={"UPLOADERS": "{}"},
            ),
        ),
        (
            {"terminalCondition": {"state": "CONDITION_FAILED", "message": "image not found"}},
            ServiceState(is_ready=False, message="image not found", tag=""),
        ),
    ],
)
def test_a_service_is_ready_or_has_a_reason(
    served: tuple[GoogleApiServer, GoogleApi],
    parts: CloudParts,
    answer: dict[str, object],
    state: ServiceState,
) -> None:
    server, _ = served
    server.answer(f"GET {SERVICE}", (200, answer))
    assert parts.find_service("gcpypi-ingest") == state


def test_the_newest_value_of_each_subscription_counts(
    served: tuple[GoogleApiServer, GoogleApi],
) -> None:
    server, api = served
    now = datetime(2026, 11, 28, 12, tzinfo=UTC)
    with pytest.raises(NotFound):  # records the request
        count_waiting(api, "acme-prod", "-dead-letter", now)
    [(call, _)] = server.requests
    query = parse_qs(urlsplit(call.removeprefix("GET ")).query)
    assert query["filter"] == [
        'metric.type="pubsub.googleapis.com/subscription/num_undelivered_messages" AND '
        'resource.labels.subscription_id=ends_with("-dead-letter")'
    ]
    assert query["interval.endTime"] == ["2026-11-28T12:00:00.000000Z"]
    series = {
        "resource": {"type": "x", "labels": {"subscription_id": "a-dead-letter"}},
        "points": [{"value": {"int64Value": "3"}}, {"value": {"int64Value": "2"}}],
    }
    server.answer(call, (200, {"timeSeries": [series, {"points": []}]}))
    assert count_waiting(api, "acme-prod", "-dead-letter", now) == {"a-dead-letter": 3}
    server.answer(call, (200, {}))
    assert count_waiting(api, "acme-prod", "-dead-letter", now) == {}
    server.answer(call, (403, {"error": {"message": "denied"}}))
    with pytest.raises(PermissionDenied, match="denied"):
        count_waiting(api, "acme-prod", "-dead-letter", now)
    for unexpected in (1, [{**series, "points": [{"value": {"doubleValue": 3.0}}]}]):
        server.answer(call, (200, {"timeSeries": unexpected}))
        with pytest.raises(Unavailable, match="unexpected response"):
            count_waiting(api, "acme-prod", "-dead-letter", now)

"""Behaviour of the Secret Manager stand-in by Google's documentation of Secret Manager."""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from uuid import uuid4

import google_crc32c
import grpc
import pytest
from google.api_core import exceptions
from google.cloud.secretmanager_v1 import SecretManagerServiceClient
from google.cloud.secretmanager_v1.services.secret_manager_service.transports import (
    SecretManagerServiceGrpcTransport,
)
from google.cloud.secretmanager_v1.types import (
    Replication,
    Secret,
    SecretPayload,
    SecretVersion,
)

from testing.processes import Process, find_free_port

GCP_PROJECT = "projects/contract"
State = SecretVersion.State


@contextmanager
def run_stand_in(state: Path) -> Iterator[SecretManagerServiceClient]:
    port = find_free_port()
    command = [
        sys.executable,
        "-m",
        "local.stand_ins.secret_manager",
        f"--port={port}",
        f"--state={state}",
    ]
    with (
        Process(command, stdout=subprocess.DEVNULL),
        grpc.insecure_channel(f"127.0.0.1:{port}") as channel,
    ):
        grpc.channel_ready_future(channel).result(timeout=600)
        yield SecretManagerServiceClient(
            transport=SecretManagerServiceGrpcTransport(channel=channel)
        )


@pytest.fixture(scope="module")
def client(
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[SecretManagerServiceClient]:
    with run_stand_in(tmp_path_factory.mktemp("secrets") / "secrets.json") as client:
        yield client


@pytest.fixture
def secret(client: SecretManagerServiceClient) -> str:
    return create_secret(client)


def create_secret(client: SecretManagerServiceClient) -> str:
    replication = Replication(automatic=Replication.Automatic())
    secret = client.create_secret(
        parent=GCP_PROJECT, secret_id=f"s{uuid4().hex}", secret=Secret(replication=replication)
    )
    return str(secret.name)


def add_version(client: SecretManagerServiceClient, secret: str, data: bytes) -> str:
    return str(client.add_secret_version(parent=secret, payload=SecretPayload(data=data)).name)


def read_version(client: SecretManagerServiceClient, secret: str, version: str = "latest") -> bytes:
    return bytes(client.access_secret_version(name=f"{secret}/versions/{version}").payload.data)


def test_latest_is_the_version_added_last(client: SecretManagerServiceClient, secret: str) -> None:
    names = [add_version(client, secret, data) for data in (b"one", b"two")]

    answer = client.access_secret_version(name=f"{secret}/versions/latest")

    assert names == [f"{secret}/versions/1", f"{secret}/versions/2"]
    assert (answer.name, answer.payload.data) == (f"{secret}/versions/2", b"two")
    assert answer.payload.data_crc32c == google_crc32c.value(b"two")
    assert read_version(client, secret, "1") == b"one"


def test_latest_stays_the_last_one_when_that_is_disabled(
    client: SecretManagerServiceClient, secret: str
) -> None:
    add_version(client, secret, b"one")
    last = add_version(client, secret, b"two")
    client.disable_secret_version(name=last)

    with pytest.raises(exceptions.FailedPrecondition, match="DISABLED"):
        read_version(client, secret)

    client.enable_secret_version(name=last)
    assert read_version(client, secret) == b"two"


def test_a_destroyed_version_is_gone_for_good(
    client: SecretManagerServiceClient, secret: str
) -> None:
    name = add_version(client, secret, b"one")
    assert client.destroy_secret_version(name=name).state == State.DESTROYED

    with pytest.raises(exceptions.FailedPrecondition):
        client.enable_secret_version(name=name)
    with pytest.raises(exceptions.FailedPrecondition, match="DESTROYED"):
        read_version(client, secret)
    assert client.get_secret_version(name=name).state == State.DESTROYED


def test_a_secret_without_versions_has_no_latest(
    client: SecretManagerServiceClient, secret: str
) -> None:
    with pytest.raises(exceptions.NotFound):
        read_version(client, secret)


def test_what_does_not_exist_is_not_found(client: SecretManagerServiceClient, secret: str) -> None:
    add_version(client, secret, b"one")
    for version in ("2", "0", "newest"):
        with pytest.raises(exceptions.NotFound):
            read_version(client, secret, version)
    with pytest.raises(exceptions.NotFound):
        add_version(client, f"{GCP_PROJECT}/secrets/absent", b"x")
    with pytest.raises(exceptions.NotFound):
        client.get_secret(name=f"{GCP_PROJECT}/secrets/absent")


def test_a_name_that_is_taken_is_refused(client: SecretManagerServiceClient, secret: str) -> None:
    with pytest.raises(exceptions.AlreadyExists):
        client.create_secret(
            parent=GCP_PROJECT, secret_id=secret.rsplit("/", 1)[-1], secret=Secret()
        )


def test_a_payload_has_1_to_65536_bytes(client: SecretManagerServiceClient, secret: str) -> None:
    add_version(client, secret, b"x" * 65536)

    for data in (b"", b"x" * 65537):
        with pytest.raises(exceptions.InvalidArgument):
            add_version(client, secret, data)


def test_a_payload_that_does_not_match_its_checksum_is_refused(
    client: SecretManagerServiceClient, secret: str
) -> None:
    payload = SecretPayload(data=b"data", data_crc32c=google_crc32c.value(b"other"))

    with pytest.raises(exceptions.InvalidArgument, match="checksum"):
        client.add_secret_version(parent=secret, payload=payload)


def test_versions_are_listed_newest_first(client: SecretManagerServiceClient, secret: str) -> None:
    add_version(client, secret, b"one")
    client.disable_secret_version(name=add_version(client, secret, b"two"))

    listed = [(v.name, v.state) for v in client.list_secret_versions(parent=secret)]

    assert listed == [
        (f"{secret}/versions/2", State.DISABLED),
        (f"{secret}/versions/1", State.ENABLED),
    ]


def test_a_deleted_secret_is_gone(client: SecretManagerServiceClient, secret: str) -> None:
    client.delete_secret(name=secret)

    assert secret not in [each.name for each in client.list_secrets(parent=GCP_PROJECT)]
    with pytest.raises(exceptions.NotFound):
        client.get_secret(name=secret)


def test_secrets_are_kept_in_a_file_that_only_its_owner_can_read(tmp_path: Path) -> None:
    state = tmp_path / "secrets.json"
    with run_stand_in(state) as client:
        secret = create_secret(client)
        add_version(client, secret, b"one")
        client.disable_secret_version(name=add_version(client, secret, b"\xfftwo"))

    assert state.stat().st_mode & 0o777 == 0o600
    with run_stand_in(state) as client:
        assert read_version(client, secret, "1") == b"one"
        client.enable_secret_version(name=f"{secret}/versions/2")
        assert read_version(client, secret) == b"\xfftwo"

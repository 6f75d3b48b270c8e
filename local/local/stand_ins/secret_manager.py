"""Stand-in for Secret Manager, which has no emulator: ``python -m local.stand_ins.secret_manager``.

``latest`` is the newest version *even if it is disabled*; access then fails, like in production.
https://cloud.google.com/secret-manager/docs/reference/rpc
"""

import argparse
import asyncio
from collections.abc import Mapping
from pathlib import Path

import google_crc32c
import grpc
from google.cloud.secretmanager_v1 import types
from google.protobuf.empty_pb2 import Empty

from cloud.secrets import MAX_SIZE
from local.plain_logs import log_to_stdout
from local.stand_ins.grpc_server import (
    Method,
    StatusError,
    make_already_exists,
    make_handler,
    make_invalid_argument,
    make_not_found,
    serve,
)
from local.stand_ins.secrets_store import SecretsStore, StoredVersion

_State = types.SecretVersion.State
STATES: Mapping[str, int] = {
    "ENABLED": _State.ENABLED,
    "DISABLED": _State.DISABLED,
    "DESTROYED": _State.DESTROYED,
}


class SecretManager:
    """Servicer of Secret Manager over a store."""

    def __init__(self, store: SecretsStore) -> None:
        self._store = store

    def list_methods(self) -> Mapping[str, Method]:
        """Return the supported methods."""
        return {
            "CreateSecret": Method(types.CreateSecretRequest, self._create),
            "GetSecret": Method(types.GetSecretRequest, self._get),
            "ListSecrets": Method(types.ListSecretsRequest, self._list),
            "DeleteSecret": Method(types.DeleteSecretRequest, self._delete),
            "AddSecretVersion": Method(types.AddSecretVersionRequest, self._add),
            "AccessSecretVersion": Method(types.AccessSecretVersionRequest, self._access),
            "GetSecretVersion": Method(types.GetSecretVersionRequest, self._get_version),
            "ListSecretVersions": Method(types.ListSecretVersionsRequest, self._list_versions),
            "EnableSecretVersion": Method(types.EnableSecretVersionRequest, self._enable),
            "DisableSecretVersion": Method(types.DisableSecretVersionRequest, self._disable),
            "DestroySecretVersion": Method(types.DestroySecretVersionRequest, self._destroy),
        }

    def _create(self, request: types.CreateSecretRequest) -> types.Secret:
        name = f"{request.parent}/secrets/{request.secret_id}"
        if name in self._store.secrets:
            raise make_already_exists(f"Secret [{name}] already exists.")
        self._store.secrets[name] = []
        self._store.save()
        return types.Secret(name=name, replication=request.secret.replication)

    def _get(self, request: types.GetSecretRequest) -> types.Secret:
        self._find_versions(request.name)
        return types.Secret(name=request.name)

    def _list(self, request: types.ListSecretsRequest) -> types.ListSecretsResponse:
        names = [n for n in sorted(self._store.secrets) if n.startswith(f"{request.parent}/")]
        return types.ListSecretsResponse(secrets=[types.Secret(name=name) for name in names])

    def _delete(self, request: types.DeleteSecretRequest) -> Empty:
        self._find_versions(request.name)
        del self._store.secrets[request.name]
        self._store.save()
        return Empty()

    def _add(self, request: types.AddSecretVersionRequest) -> types.SecretVersion:
        versions = self._find_versions(request.parent)
        versions.append(StoredVersion(_check_payload(request.payload)))
        self._store.save()
        return _make_version(request.parent, len(versions), versions[-1])

    def _access(
        self, request: types.AccessSecretVersionRequest
    ) -> types.AccessSecretVersionResponse:
        name, version = self._find_version(request.name)
        if version.state != "ENABLED":
            raise _make_state_error(name, version)
        payload = types.SecretPayload(data=version.data, data_crc32c=_compute_crc32c(version.data))
        return types.AccessSecretVersionResponse(name=name, payload=payload)

    def _get_version(self, request: types.GetSecretVersionRequest) -> types.SecretVersion:
        name, version = self._find_version(request.name)
        return types.SecretVersion(name=name, state=STATES[version.state])

    def _list_versions(
        self, request: types.ListSecretVersionsRequest
    ) -> types.ListSecretVersionsResponse:
        versions = list(enumerate(self._find_versions(request.parent), start=1))
        newest_first = [
            _make_version(request.parent, n, version) for n, version in reversed(versions)
        ]
        return types.ListSecretVersionsResponse(versions=newest_first)

    def _enable(self, request: types.EnableSecretVersionRequest) -> types.SecretVersion:
        return self._set_state(request.name, "ENABLED")

    def _disable(self, request: types.DisableSecretVersionRequest) -> types.SecretVersion:
        return self._set_state(request.name, "DISABLED")

    def _destroy(self, request: types.DestroySecretVersionRequest) -> types.SecretVersion:
        return self._set_state(request.name, "DESTROYED")

    def _set_state(self, name: str, state: str) -> types.SecretVersion:
        full_name, version = self._find_version(name)
        if version.state == "DESTROYED":
            raise _make_state_error(full_name, version)
        version.state = state
        if state == "DESTROYED":
            version.data = b""
        self._store.save()
        return types.SecretVersion(name=full_name, state=STATES[state])

    def _find_versions(self, secret: str) -> list[StoredVersion]:
        if secret not in self._store.secrets:
            raise make_not_found(f"Secret [{secret}] not found or has no versions.")
        return self._store.secrets[secret]

    def _find_version(self, name: str) -> tuple[str, StoredVersion]:
        """Find a version by number or ``latest``; return its full name with it."""
        secret, _, alias = name.partition("/versions/")
        versions = self._find_versions(secret)
        number = len(versions) if alias == "latest" else int(alias) if alias.isdigit() else 0
        if not 1 <= number <= len(versions):
            raise make_not_found(f"Secret Version [{name}] not found.")
        return f"{secret}/versions/{number}", versions[number - 1]


def _check_payload(payload: types.SecretPayload) -> bytes:
    data = bytes(payload.data)
    if not data:
        raise make_invalid_argument("Secret Payload cannot be empty.")
    if len(data) > MAX_SIZE:
        raise make_invalid_argument(f"The maximum size of a secret payload is {MAX_SIZE} bytes.")
    if "data_crc32c" in payload and payload.data_crc32c != _compute_crc32c(data):
        raise make_invalid_argument("The checksum of the secret payload does not match.")
    return data


def _compute_crc32c(data: bytes) -> int:
    return int(google_crc32c.value(data))


def _make_version(secret: str, number: int, version: StoredVersion) -> types.SecretVersion:
    return types.SecretVersion(name=f"{secret}/versions/{number}", state=STATES[version.state])


def _make_state_error(name: str, version: StoredVersion) -> StatusError:
    detail = f"Secret Version [{name}] is in {version.state} state."
    return StatusError(grpc.StatusCode.FAILED_PRECONDITION, detail)


def make_handlers(store: SecretsStore) -> list[grpc.GenericRpcHandler]:
    """Return the handlers of the service for ``store``."""
    service = "google.cloud.secretmanager.v1.SecretManagerService"
    return [make_handler(service, SecretManager(store).list_methods())]


def main() -> None:
    """Serve until SIGTERM or SIGINT."""
    parser = argparse.ArgumentParser(
        prog="python -m local.stand_ins.secret_manager", description=__doc__
    )
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=8086)
    parser.add_argument("--state", type=Path, help="file that keeps the secrets")
    options = parser.parse_args()
    log_to_stdout()
    store = SecretsStore(options.state)
    asyncio.run(serve(f"{options.host}:{options.port}", *make_handlers(store)))


if __name__ == "__main__":
    main()

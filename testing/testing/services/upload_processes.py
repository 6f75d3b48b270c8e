"""The upload service in a process, as Cloud Run starts it, on the strict Cloud Storage.

The storage runs in this process, so that a test can look at its objects and at its uploads.
"""

import socket
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from local import topology
from local.stand_ins.secrets_store import SecretsStore, StoredVersion
from schemas.tokens import Token, TokenDocument, generate_token, hash_token
from testing.memory_upload import BOUNDARY, build_fields, encode_form, encode_login
from testing.processes import find_free_ports
from testing.processes.restartable import RestartableProcess
from testing.services.fleet import HOST, await_answer
from testing.services.proxy_processes import wait_until
from testing.storage import StorageServer

UPLOADERS_SECRET = "gcpypi-uploaders"


@dataclass(frozen=True)
class UploadProcesses:
    """The upload service, its storage and its secrets."""

    service: RestartableProcess
    secrets: RestartableProcess
    storage: StorageServer
    port: int
    token: str = field(repr=False)

    @property
    def url(self) -> str:
        """The publish URL."""
        return f"http://{HOST}:{self.port}/legacy/"

    def start(self) -> None:
        """Start the service, and return when it is ready."""
        self.service.start()
        await_answer(f"http://{HOST}:{self.port}/ready")

    def empty_storage(self) -> None:
        """Delete all objects and counts; create the buckets."""
        self.storage.storage.reset()
        for bucket in topology.BUCKETS.values():
            self.storage.storage.create_bucket(bucket)

    def connect(self) -> socket.socket:
        return socket.create_connection((HOST, self.port), timeout=600)

    def encode_request(self, filename: str, data: bytes) -> bytes:
        """Return a whole request of HTTP/1.1 with a form."""
        body = encode_form(build_fields(filename, data), filename, data)
        return self.encode_head(len(body)) + body

    def encode_head(self, length: int) -> bytes:
        """Return the head of a request with a form of ``length`` bytes."""
        fields = {
            "host": f"{HOST}:{self.port}",
            **encode_login(self.token),
            "content-type": f"multipart/form-data; boundary={BOUNDARY}",
            "content-length": str(length),
            "connection": "close",
        }
        lines = "".join(f"{name}: {value}\r\n" for name, value in fields.items())
        return f"POST /legacy/ HTTP/1.1\r\n{lines}\r\n".encode()

    def list_uploads(self) -> list[str]:
        """Return the names of the incoming objects."""
        return [version.name for version in self.storage.storage.list(topology.INCOMING).items]

    def count(self, operation: str) -> int:
        return self.storage.storage.counts.requests[operation]


@contextmanager
def run_upload(directory: Path, **settings: str) -> Iterator[UploadProcesses]:
    """Start the service; yield it when it is ready."""
    port, secrets = find_free_ports(2)
    state, token = directory / "secrets.json", generate_token()
    _write_secrets(state, token)
    with StorageServer() as storage:
        environment = {
            **make_upload_environment(port, storage.url, f"{HOST}:{secrets}"),
            **settings,
        }
        processes = UploadProcesses(
            RestartableProcess("upload.main", log=directory / "log", environment=environment),
            RestartableProcess(
                "local.stand_ins.secret_manager",
                f"--port={secrets}",
                f"--state={state}",
                log=directory / "secrets.log",
                environment={},
            ),
            storage,
            port,
            token,
        )
        processes.empty_storage()
        try:
            processes.secrets.start()
            wait_until(lambda: is_listening(secrets), "Secret Manager listens")
            processes.start()
            yield processes
        finally:
            processes.service.end()
            processes.secrets.end()


def make_upload_environment(port: int, storage_url: str, secrets_host: str) -> dict[str, str]:
    """Return the settings of ``upload.main``."""
    return {
        "HOST": HOST,
        "PORT": str(port),
        "GCP_PROJECT": topology.GCP_PROJECT,
        "UPLOAD_URL": f"http://{HOST}:{port}/legacy/",
        "INDEX_URL": f"http://{HOST}:8080/simple/",
        "UPLOADERS_SECRET": UPLOADERS_SECRET,
        **topology.BUCKETS,
        "STORAGE_EMULATOR_HOST": storage_url,
        "SECRET_MANAGER_EMULATOR_HOST": secrets_host,
        # Nothing listens there: only the exchange of ID tokens and direct uploads need signatures.
        "SIGNER_EMULATOR_HOST": f"http://{HOST}:9",
        "LISTING_TIMEOUT": "0",
    }


def read_response(client: socket.socket) -> bytes:
    """Return the bytes of a response, up to the end of the connection."""
    pieces: list[bytes] = []
    try:
        while piece := client.recv(65536):
            pieces.append(piece)
    except ConnectionResetError:
        pass
    return b"".join(pieces)


def is_listening(port: int) -> bool:
    """Return whether a program accepts connections on a port of this machine."""
    with socket.socket() as client:
        return client.connect_ex((HOST, port)) == 0


def _write_secrets(path: Path, token: str) -> None:
    entry = Token(
        name="ada",
        sha256=hash_token(token),
        scopes=("publish",),
        uploader="acme",
        created=datetime.now(UTC),
    )
    store = SecretsStore(path)
    name = f"projects/{topology.GCP_PROJECT}/secrets/{UPLOADERS_SECRET}"
    store.secrets[name] = [StoredVersion(TokenDocument(tokens=(entry,)).encode())]
    store.save()

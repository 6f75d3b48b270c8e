"""Processes of the stand-ins for Secret Manager and for the signer, and the tokens."""

import socket
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

from local import topology
from local.stand_ins.secrets_store import SecretsStore, StoredVersion
from local.topology import Ports
from schemas.tokens import Token, TokenDocument, generate_token, hash_token
from testing.processes.restartable import RestartableProcess
from testing.services.fleet import HOST
from testing.services.proxy_processes import wait_until


@dataclass(frozen=True)
class SystemTokens:
    """Tokens for reading, and for publishing by uploader."""

    read: str = field(repr=False)
    publish: Mapping[str, str] = field(repr=False)


def start_stand_ins(
    processes: ExitStack, folder: Path, ports: Ports, service_users: Mapping[str, Sequence[str]]
) -> tuple[RestartableProcess, SystemTokens]:
    """Start Secret Manager and the signer; return Secret Manager and its tokens."""
    state = folder / "secrets.json"
    tokens = SystemTokens(generate_token(), {name: generate_token() for name in service_users})
    _write_secrets(state, tokens, service_users)
    commands = (
        ("local.stand_ins.secret_manager", f"--port={ports.secrets}", f"--state={state}"),
        ("local.stand_ins.iam_credentials", f"--port={ports.signer}"),
    )
    secrets, signer = (
        RestartableProcess(*each, log=folder / f"{each[0]}.log", environment={})
        for each in commands
    )
    for process, port in ((secrets, ports.secrets), (signer, ports.signer)):
        processes.callback(process.end)
        process.start()
        wait_until(partial(_is_listening, port), f"port {port} listens")
    return secrets, tokens


def _write_secrets(
    path: Path, tokens: SystemTokens, service_users: Mapping[str, Sequence[str]]
) -> None:
    now = datetime.now(UTC)
    reader = Token(name="reader", sha256=hash_token(tokens.read), created=now)
    uploaders = (
        Token(
            name=f"ci-{name}",
            sha256=hash_token(token),
            scopes=("publish",),
            projects=tuple(service_users[name]),
            uploader=name,
            created=now,
        )
        for name, token in tokens.publish.items()
    )
    store = SecretsStore(path)
    documents = {topology.TOKENS_SECRET: (reader,), topology.UPLOADERS_SECRET: tuple(uploaders)}
    for name, entries in documents.items():
        secret = f"projects/{topology.GCP_PROJECT}/secrets/{name}"
        store.secrets[secret] = [StoredVersion(TokenDocument(tokens=entries).encode())]
    store.save()


def _is_listening(port: int) -> bool:
    with socket.socket() as client:
        return client.connect_ex((HOST, port)) == 0

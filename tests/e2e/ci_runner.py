"""Runner of a CI with its issuer, and the upload service of an index behind TLS.

uv exchanges ID tokens over HTTPS only. A test module imports the fixture ``runner``.
"""

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from uuid import uuid4

import pytest
from google.cloud.secretmanager_v1 import Secret, SecretPayload

from cloud import secrets
from e2e.conftest import ROOT, LocalIndex, fetch, wait_until
from schemas.tokens import generate_token, hash_token
from testing.oidc.local_issuer import IssuerResponse, LocalIssuer
from testing.oidc.tls_files import TlsFiles
from testing.processes import Process, find_free_ports

TLS = ROOT / "tests" / "clients" / "tls.py"
SECRET = "ci-uploaders"
TOKEN = generate_token()
CLAIMS = {"repository_id": "42", "repository_owner_id": "7", "environment": "release"}
"""Claims of the jobs in GitHub."""
GUARD = 300.0
"""Seconds until a command counts as hanging."""


@dataclass
class Runner:
    """Runner of a CI, and the upload service of an index."""

    index: LocalIndex
    issuer: LocalIssuer
    publish_url: str
    plain_url: str
    """Upload URL without TLS."""
    folder: Path
    claims: Mapping[str, object]

    def give_id_token(self) -> IssuerResponse:
        """Return a new ID token for the upload URL, as GitHub does for the token of a job."""
        data = json.dumps({"value": self.sign(aud=self.publish_url)}).encode()
        return IssuerResponse([data], headers={"content-length": str(len(data))})

    def sign(self, **claims: object) -> str:
        return self.issuer.sign({"jti": str(uuid4()), **self.claims, **claims})

    def run(
        self, command: Sequence[object], cwd: Path, **variables: str
    ) -> subprocess.CompletedProcess[str]:
        """Run a command of a job with the variables of the job only."""
        environment = {
            "PATH": os.environ["PATH"],
            "HOME": str(self.folder),
            "SSL_CERT_FILE": str(self.issuer.files.authority),
            "UV_NO_CONFIG": "1",
            **variables,
        }
        return subprocess.run(
            [str(part) for part in command],
            env=environment,
            cwd=cwd,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=GUARD,
        )

    def make_github_variables(self) -> dict[str, str]:
        """Return the variables of a job with the permission ``id-token: write``."""
        return {
            "GITHUB_ACTIONS": "true",
            "ACTIONS_ID_TOKEN_REQUEST_URL": f"{self.issuer.url}/token?api-version=2.0",
            "ACTIONS_ID_TOKEN_REQUEST_TOKEN": "job",
        }

    def make_gitlab_variables(self, id_token: str) -> dict[str, str]:
        """Return the variables of a job with an ID token for the upload URL."""
        return {"GITLAB_CI": "true", name_gitlab_variable(self.publish_url): id_token}


def name_gitlab_variable(audience: str) -> str:
    """Return the name of the variable with the ID token for an audience."""
    return "".join(c if c.isalnum() else "_" for c in audience).upper() + "_ID_TOKEN"


def write_identities(index: LocalIndex, issuer: str, claims: Sequence[Mapping[str, str]]) -> None:
    """Create the secret of the upload service with an identity for each claims, and one token."""
    client = secrets.connect(index.environment["SECRET_MANAGER_EMULATOR_HOST"])
    parent = f"projects/{index.environment['CLOUDSDK_CORE_PROJECT']}"
    client.create_secret(
        parent=parent, secret_id=SECRET, secret=Secret({"replication": {"automatic": {}}})
    )
    facts = {
        "scopes": ["publish"],
        "projects": ["acme-*"],
        "uploader": "acme",
        "created": datetime.now(UTC).isoformat(),
    }
    identities = [
        {"name": f"acme-ci-{number}", "issuer": issuer, "claims": each, **facts}
        for number, each in enumerate(claims)
    ]
    token = {"name": "ada", "sha256": hash_token(TOKEN), **facts}
    document = json.dumps({"tokens": [token], "identities": identities}).encode()
    client.add_secret_version(
        parent=f"{parent}/secrets/{SECRET}", payload=SecretPayload(data=document)
    )


@pytest.fixture(scope="module")
def identities() -> Sequence[Mapping[str, str]]:
    """Claims of the identities of the index; a test module can replace them."""
    return [CLAIMS]


@pytest.fixture(scope="module")
def runner(
    built_in: LocalIndex,
    identities: Sequence[Mapping[str, str]],
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Runner]:
    folder = tmp_path_factory.mktemp("runner")
    port, signer = find_free_ports(2)
    with ExitStack() as stack:
        issuer = stack.enter_context(LocalIssuer(TlsFiles.create(folder)))
        write_identities(built_in, issuer.url, identities)
        files = issuer.files
        terminator = stack.enter_context(
            Process(
                [sys.executable, TLS, files.certificate, files.key, str(port)],
                stdout=subprocess.PIPE,
            )
        )
        assert terminator.stdout
        origin = f"https://127.0.0.1:{int(terminator.stdout.readline())}"
        module = "local.stand_ins.iam_credentials"
        stack.enter_context(Process([sys.executable, "-m", module, "--port", str(signer)]))
        environment = {
            **built_in.environment,
            "HOST": "127.0.0.1",
            "PORT": str(port),
            "GCP_PROJECT": built_in.environment["CLOUDSDK_CORE_PROJECT"],
            "UPLOAD_URL": f"{origin}/legacy/",
            "INDEX_URL": "https://index.example/simple/",
            "UPLOADERS_SECRET": SECRET,
            "SIGNER_EMULATOR_HOST": f"http://127.0.0.1:{signer}",
            "SSL_CERT_FILE": str(files.authority),
            "PYTHONWARNINGS": "error",
        }
        log = stack.enter_context((folder / "log").open("wb"))
        stack.enter_context(
            Process([sys.executable, "-m", "upload.main"], environment=environment, stdout=log)
        )
        wait_for_port(port)
        plain_url = f"http://127.0.0.1:{port}/legacy/"
        made = Runner(built_in, issuer, f"{origin}/legacy/", plain_url, folder, CLAIMS)
        issuer.overrides["/token"] = made.give_id_token
        yield made


def wait_for_port(port: int) -> None:
    def is_ready() -> bool:
        try:
            return fetch(f"http://127.0.0.1:{port}/ready")[0] == 200
        except OSError:
            time.sleep(0.1)
            return False

    wait_until(is_ready)

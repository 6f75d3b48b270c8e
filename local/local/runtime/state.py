"""State directory ``.local``: files that the runtime keeps between its commands."""

import json
import os
import shlex
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Literal, Self

from local import topology
from local.private_files import write_private
from local.topology import Ports
from schemas.tokens import generate_token

Runtime = Literal["docker", "native"]


@dataclass(frozen=True, slots=True)
class StartedRuntime:
    """Facts of the started runtime; ``down`` deletes them."""

    runtime: Runtime
    ports: Ports
    gcloud_publishes: bool
    """True if ``gcloud pubsub`` works; the built-in Pub/Sub has no REST API."""

    def encode(self) -> str:
        """Encode the facts as JSON."""
        return json.dumps(asdict(self), indent=1)

    @classmethod
    def decode(cls, text: str) -> Self:
        """Decode the facts from JSON."""
        note = json.loads(text)
        return cls(note["runtime"], Ports(**note["ports"]), note["gcloud_publishes"])


@dataclass(frozen=True, slots=True)
class State:
    """Files of one runtime."""

    path: Path

    @property
    def environment(self) -> Path:
        """File with variables for a shell: ``. .local/env``."""
        return self.path / "env"

    @property
    def display_path(self) -> str:
        """Path of the environment file in a form that ``.`` accepts in any shell."""
        path = os.path.relpath(self.environment)
        return path if "/" in path and not path.startswith("..") else str(self.environment)

    @property
    def log(self) -> Path:
        """Combined log of all processes."""
        return self.path / "log"

    @property
    def buckets(self) -> Path:
        """Directory of the buckets."""
        return self.path / "buckets"

    @property
    def earlier_storage(self) -> Path:
        """Directory of the buckets of releases before 0.3, in another format."""
        return self.path / "storage"

    @property
    def secrets(self) -> Path:
        """File of the secrets."""
        return self.path / "secrets.json"

    @property
    def _started_file(self) -> Path:
        return self.path / "running.json"

    def load(self) -> StartedRuntime | None:
        """Return the runtime that was started and not stopped; its processes may have ended."""
        return (
            StartedRuntime.decode(self._started_file.read_text())
            if self._started_file.exists()
            else None
        )

    def save(self, running: StartedRuntime) -> None:
        """Write the facts of the runtime and its environment file."""
        self.path.mkdir(parents=True, exist_ok=True)
        write_private(self._started_file, running.encode())
        write_private(self.environment, _format_exports(self._build_variables(running.ports)))

    def clear(self) -> None:
        """Delete the facts, because nothing runs."""
        self._started_file.unlink(missing_ok=True)

    def load_token(self) -> str:
        """Return the token of this runtime, which every start uses, or a new one."""
        return self.read_environment().get("GCPYPI_TOKEN") or generate_token()

    def load_upload_token(self) -> str:
        """Return the publishing token of this runtime, which every start uses, or a new one."""
        return self.read_environment().get("GCPYPI_UPLOAD_TOKEN") or generate_token()

    def read_tokens(self) -> Mapping[str, str]:
        """Return the variables with both tokens, for the bootstrap job."""
        return {
            "GCPYPI_TOKEN": self.load_token(),
            "GCPYPI_UPLOAD_TOKEN": self.load_upload_token(),
        }

    def read_environment(self) -> dict[str, str]:
        """Return the variables of ``.local/env``."""
        if not self.environment.exists():
            return {}
        words = [shlex.split(line)[-1] for line in self.environment.read_text().splitlines()]
        return dict(word.split("=", 1) for word in words)

    def _build_variables(self, ports: Ports) -> Mapping[str, str]:
        token = self.load_token()
        return {
            **topology.build_emulator_environment(ports),
            **topology.build_gcloud_environment(ports),
            # A separate configuration, without the user's account, project and properties.
            "CLOUDSDK_CONFIG": str(self.path / "gcloud"),
            # Settings of the services' commands: verify, rebuild, reindex.
            "GCP_PROJECT": topology.GCP_PROJECT,
            "TOKENS_SECRET": topology.TOKENS_SECRET,
            "UPLOADERS_SECRET": topology.UPLOADERS_SECRET,
            **topology.BUCKETS,
            "GCPYPI_TOKEN": token,
            "GCPYPI_INDEX_URL": f"http://__token__:{token}@{ports.address('proxy')}/simple/",
            "GCPYPI_UPLOAD_URL": topology.build_upload_url(ports),
            "GCPYPI_UPLOAD_TOKEN": self.load_upload_token(),
        }


def _format_exports(variables: Mapping[str, str]) -> str:
    return "".join(f"export {name}={shlex.quote(value)}\n" for name, value in variables.items())

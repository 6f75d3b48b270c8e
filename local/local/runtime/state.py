"""The state directory, ``.local``: what the runtime keeps between its commands."""

import json
import os
import shlex
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Literal, Self

from local import layout, tokens
from local.files import write_private
from local.layout import Ports

Runtime = Literal["docker", "native"]


@dataclass(frozen=True, slots=True)
class Running:
    """What was started; the note goes away with ``down``."""

    runtime: Runtime
    ports: Ports
    gcloud_publishes: bool
    """Whether ``gcloud pubsub`` reaches the Pub/Sub that runs: the built-in one speaks no REST."""

    def encode(self) -> str:
        """The note as JSON."""
        return json.dumps(asdict(self), indent=1)

    @classmethod
    def decode(cls, text: str) -> Self:
        """Read the note."""
        note = json.loads(text)
        return cls(note["runtime"], Ports(**note["ports"]), note["gcloud_publishes"])


@dataclass(frozen=True, slots=True)
class State:
    """The files of one runtime."""

    path: Path

    @property
    def environment(self) -> Path:
        """Lines for a shell: ``. .local/env``."""
        return self.path / "env"

    @property
    def shown(self) -> str:
        """The environment's path as one would type it, for ``.`` to find it in any shell."""
        path = os.path.relpath(self.environment)
        return path if "/" in path and not path.startswith("..") else str(self.environment)

    @property
    def log(self) -> Path:
        """What all processes said."""
        return self.path / "log"

    @property
    def storage(self) -> Path:
        """The buckets."""
        return self.path / "storage"

    @property
    def secrets(self) -> Path:
        """The secrets."""
        return self.path / "secrets.json"

    @property
    def _note(self) -> Path:
        return self.path / "running.json"

    def running(self) -> Running | None:
        """Return what was started and not stopped; it may have died since."""
        return Running.decode(self._note.read_text()) if self._note.exists() else None

    def note(self, running: Running) -> None:
        """Remember what is started, and write the environment that leads to it."""
        self.path.mkdir(parents=True, exist_ok=True)
        write_private(self._note, running.encode())
        write_private(self.environment, _lines(self._variables(running.ports)))

    def forget(self) -> None:
        """Remember that nothing runs."""
        self._note.unlink(missing_ok=True)

    def token(self) -> str:
        """Return the token of this runtime, the same at every start, or a new one."""
        return self.read_environment().get("GCPYPI_TOKEN") or tokens.new()

    def read_environment(self) -> dict[str, str]:
        """Read ``.local/env`` back."""
        if not self.environment.exists():
            return {}
        words = [shlex.split(line)[-1] for line in self.environment.read_text().splitlines()]
        return dict(word.split("=", 1) for word in words)

    def _variables(self, ports: Ports) -> Mapping[str, str]:
        token = self.token()
        return {
            **layout.emulators(ports),
            **layout.gcloud_environment(ports),
            # Its own configuration: no account, project or property of the user's leaks in.
            "CLOUDSDK_CONFIG": str(self.path / "gcloud"),
            # What the services' own commands read: verify, rebuild, reindex, proxy.tokens.
            "PROJECT": layout.PROJECT,
            "TOKENS_SECRET": layout.TOKENS_SECRET,
            **layout.BUCKETS,
            "GCPYPI_TOKEN": token,
            "GCPYPI_INDEX_URL": f"http://__token__:{token}@{ports.address('proxy')}/simple/",
        }


def _lines(variables: Mapping[str, str]) -> str:
    return "".join(f"export {name}={shlex.quote(value)}\n" for name, value in variables.items())

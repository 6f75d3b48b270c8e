"""The wheels that the clients are to install, and what then becomes of some."""

import hashlib
from dataclasses import dataclass

from testing.fakes.wheels import wheel, wheel_filename


@dataclass(frozen=True)
class Sample:
    """A wheel with a program of its own name, which says its version."""

    name: str
    version: str = "1.0"
    metadata: str = ""

    @property
    def project(self) -> str:
        """Its project."""
        return self.name.replace("_", "-")

    @property
    def filename(self) -> str:
        """Its file name."""
        return wheel_filename(self.name, self.version)

    @property
    def data(self) -> bytes:
        """Its bytes."""
        body = f"def main() -> None:\n    print('{self.project} {self.version}')\n"
        return wheel(
            self.name,
            self.version,
            metadata=self.metadata,
            body=body.encode(),
            program=self.project,
        )

    @property
    def digest(self) -> str:
        """Its SHA-256."""
        return hashlib.sha256(self.data).hexdigest()


ALPHA = Sample("alpha_tool", metadata="Requires-Dist: Beta.Tool>=1\n")
BETA = Sample("beta_tool")
DELTA = Sample("delta_tool", "1.0+cu1")
SAMPLES = (
    ALPHA,
    BETA,
    Sample("beta_tool", "1.1"),
    Sample("beta_tool", "1.2"),
    Sample("gamma_tool"),
    DELTA,
)
COMMANDS = (
    {"action": "yank", "project": "beta-tool", "version": "1.1", "reason": 'a "bad" <release>'},
    {"action": "remove", "project": "beta-tool", "version": "1.2"},
    {"action": "set-status", "project": "gamma-tool", "status": "quarantined"},
)

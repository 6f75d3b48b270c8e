"""Files for the clients, and commands for some of them."""

import gzip
import hashlib
import io
import tarfile
from dataclasses import dataclass

from testing.fakes.small_wheels import build_wheel, wheel_filename


@dataclass(frozen=True)
class Sample:
    """A wheel with a program that prints its name and version."""

    name: str
    version: str = "1.0"
    metadata: str = ""

    @property
    def project(self) -> str:
        """Normalised name of the project."""
        return self.name.replace("_", "-")

    @property
    def filename(self) -> str:
        """File name of the wheel."""
        return wheel_filename(self.name, self.version)

    @property
    def data(self) -> bytes:
        """Bytes of the wheel."""
        body = f"def main() -> None:\n    print('{self.project} {self.version}')\n"
        return build_wheel(
            self.name,
            self.version,
            metadata=self.metadata,
            body=body.encode(),
            program=self.project,
        )

    @property
    def digest(self) -> str:
        """SHA-256 of the wheel, in hexadecimal."""
        return hashlib.sha256(self.data).hexdigest()


@dataclass(frozen=True)
class SdistSample:
    """An sdist of which the clients read only the metadata. It is not enough for a build."""

    name: str
    version: str
    requires_python: str

    @property
    def project(self) -> str:
        """Normalised name of the project."""
        return self.name.replace("_", "-")

    @property
    def filename(self) -> str:
        """File name of the sdist."""
        return f"{self.name}-{self.version}.tar.gz"

    @property
    def data(self) -> bytes:
        """Bytes of the sdist: PKG-INFO and an empty module, because twine needs a directory."""
        text = (
            f"Metadata-Version: 2.2\nName: {self.project}\nVersion: {self.version}\n"
            f"Requires-Python: {self.requires_python}\n"
        ).encode()
        packed = io.BytesIO()
        with tarfile.open(fileobj=packed, mode="w") as archive:
            member = tarfile.TarInfo(f"{self.name}-{self.version}/PKG-INFO")
            member.size = len(text)
            archive.addfile(member, io.BytesIO(text))
            archive.addfile(tarfile.TarInfo(f"{self.name}-{self.version}/{self.name}.py"))
        return gzip.compress(packed.getvalue(), mtime=0)


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
    Sample("epsilon_tool"),
    SdistSample("epsilon_tool", "2.0", ">=99"),
)
COMMANDS = (
    {"action": "yank", "project": "beta-tool", "version": "1.1", "reason": 'a "bad" <release>'},
    {"action": "remove", "project": "beta-tool", "version": "1.2"},
    {"action": "set-status", "project": "gamma-tool", "status": "quarantined"},
)

"""Releases in ``testing/releases.toml``, and their code from the history of this repository."""

import io
import subprocess
import sys
import tarfile
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).parents[3]
RECORDINGS = ROOT / "testing/releases"
"""Folder with what each release wrote, by version."""


class HistoryUnavailable(Exception):
    """Commit that this clone lacks, for example because the clone is shallow."""


@dataclass(frozen=True)
class Release:
    """One entry of ``testing/releases.toml``."""

    version: str
    commit: str | None = None
    """Commit with the code; None: this checkout."""
    settings: Mapping[str, str] = field(default_factory=dict)
    """Names of settings in this release, by their present names."""

    @property
    def recording(self) -> Path:
        """Folder with what this release wrote."""
        return RECORDINGS / self.version


def read_releases() -> Sequence[Release]:
    """Return all releases, the oldest first; the last one is this checkout."""
    table = tomllib.loads((ROOT / "testing/releases.toml").read_text("utf-8"))
    return [Release(**entry) for entry in table["release"]]


@dataclass(frozen=True)
class Checkout:
    """Code of a release in a folder, to run on the dependencies of this checkout."""

    release: Release
    folder: Path

    def has_module(self, module: str) -> bool:
        """Return whether a service of this release has the module, for example ``ingest.main``."""
        path = f"{module.replace('.', '/')}.py"
        return any(self.folder.glob(f"services/*/{path}"))

    def make_environment(self, settings: Mapping[str, str]) -> dict[str, str]:
        """Return the environment of its services, with the names of settings that it knows."""
        environment = {self.release.settings.get(name, name): settings[name] for name in settings}
        found = (self.folder.glob(f"{place}/pyproject.toml") for place in ("*", "services/*"))
        members = sorted(str(path.parent) for paths in found for path in paths)
        return environment | {"PYTHONPATH": ":".join(members)}

    def run_python(self, code: str, data: bytes) -> bytes:
        """Run Python code with the packages of this release; return its standard output."""
        return subprocess.run(
            [sys.executable, "-W", "error", "-c", code],
            env=self.make_environment({}),
            cwd=self.folder,
            input=data,
            stdout=subprocess.PIPE,
            check=True,
        ).stdout


def check_out(release: Release, folder: Path) -> Checkout:
    """Write the code of a release into a new folder.

    :raises HistoryUnavailable: if this clone does not have the commit.
    """
    if release.commit is None:
        return Checkout(release, ROOT)
    command = ["git", "-C", str(ROOT), "archive", "--format=tar", release.commit]
    done = subprocess.run(command, capture_output=True, check=False)
    if done.returncode:
        raise HistoryUnavailable(
            f"the commit {release.commit[:12]} of release {release.version} is not in this clone: "
            "fetch the whole history (git fetch --unshallow)"
        )
    with tarfile.open(fileobj=io.BytesIO(done.stdout)) as archive:
        archive.extractall(folder, filter="data")
    return Checkout(release, folder)

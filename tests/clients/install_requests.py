"""Install requests, independent of the options of a client."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from urllib.parse import urlsplit

Command = list[str | Path]


@dataclass(frozen=True)
class InstallRequest:
    """Request to install one requirement from one index into one directory."""

    where: Path
    """Empty directory for all files of the client."""
    url: str
    """URL of the index, with user and token."""
    requirement: str
    """Requirement, with a pinned version if ``digest`` is set."""
    cache: Path | None = None
    """Cache directory; None disables the cache."""
    authority: Path | None = None
    """Certificate of the authority that signed the index's certificate, for https."""
    cut_off: date | None = None
    """Day from which on uploads are ignored."""
    digest: str = ""
    """Required SHA-256 of the file; empty for none."""

    @property
    def bare_url(self) -> str:
        """URL of the index without user and token."""
        parts = urlsplit(self.url)
        return f"{parts.scheme}://{parts.hostname}:{parts.port}{parts.path}"

    @property
    def user(self) -> str:
        """User in the URL."""
        return urlsplit(self.url).username or ""

    @property
    def token(self) -> str:
        """Token in the URL."""
        return urlsplit(self.url).password or ""

    @property
    def midnight(self) -> str:
        """Cut-off as a time, RFC 3339."""
        return f"{self.cut_off}T00:00:00Z"

    @property
    def days(self) -> int:
        """Days since the cut-off; 0 for a future one or none."""
        return max(0, (datetime.now(UTC).date() - self.cut_off).days) if self.cut_off else 0

    def write_project(self, tool: str) -> None:
        """Write a ``pyproject.toml`` with the requirement and the table of a client."""
        project = (
            f'[project]\nname = "consumer"\nversion = "1"\nrequires-python = ">=3.11"\n'
            f'dependencies = ["{self.requirement}"]\n'
        )
        (self.where / "pyproject.toml").write_text(f"{project}\n{tool}")


@dataclass(frozen=True)
class Plan:
    """Commands for a request, in order, and their environment."""

    commands: list[Command]
    environment: Mapping[str, str]

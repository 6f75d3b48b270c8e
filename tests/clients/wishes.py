"""What a client is to install, said without any client's words for it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from urllib.parse import urlsplit

Command = list[str | Path]


@dataclass(frozen=True)
class Wish:
    """One requirement, from one index, into one directory."""

    where: Path
    """An empty directory for everything that comes of it."""
    url: str
    """The index's, with user and token in it."""
    requirement: str
    """With its version pinned, if ``digest`` is given."""
    cache: Path | None = None
    """Where the client keeps what it downloaded; None: it keeps nothing."""
    authority: Path | None = None
    """The certificate that the index's own must be signed by, if its address is https."""
    cut_off: date | None = None
    """What was uploaded on this day or later is not to be seen."""
    digest: str = ""
    """The SHA-256 that the file must have."""

    @property
    def bare_url(self) -> str:
        """The index's address without user and token."""
        parts = urlsplit(self.url)
        return f"{parts.scheme}://{parts.hostname}:{parts.port}{parts.path}"

    @property
    def user(self) -> str:
        """The user in its address."""
        return urlsplit(self.url).username or ""

    @property
    def token(self) -> str:
        """The token in its address."""
        return urlsplit(self.url).password or ""

    @property
    def midnight(self) -> str:
        """The cut-off as a moment."""
        return f"{self.cut_off}T00:00:00Z"

    @property
    def days(self) -> int:
        """How many days ago the cut-off was; 0 if it is still to come, or there is none."""
        return max(0, (datetime.now(UTC).date() - self.cut_off).days) if self.cut_off else 0

    def write_project(self, tool: str) -> None:
        """A project that requires it, with a client's own table beside."""
        project = (
            f'[project]\nname = "consumer"\nversion = "1"\nrequires-python = ">=3.11"\n'
            f'dependencies = ["{self.requirement}"]\n'
        )
        (self.where / "pyproject.toml").write_text(f"{project}\n{tool}")


@dataclass(frozen=True)
class Plan:
    """The commands that fulfil a wish, one after the other, and what is in their environment."""

    commands: list[Command]
    environment: Mapping[str, str]

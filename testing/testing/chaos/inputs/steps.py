"""Steps of a run: uploads, commands and unreadable messages, as data."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum
from typing import Literal, TypeAlias

Ways = Literal["bucket", "message", "both", "service"]
"""Ways of an upload: the notification of the bucket, a message of CI, both, or the service."""

SERVICE: Ways = "service"


class Size(Enum):
    """Size of the inputs."""

    FULL = "full"
    """300 valid files of 30 projects, one with 100 files; 40 hostile files, 20 messages."""
    SHORT = "short"
    """About 40 valid files of 6 projects, and some of everything else."""


@dataclass(frozen=True, kw_only=True)
class PlannedStep:
    """Fields of every step."""

    copies: int = 1
    """Number of deliveries that the sender causes: notifications or messages, 1 to 4."""
    after: frozenset[int] = frozenset()
    """Indices of the steps that have settled before this one begins."""


@dataclass(frozen=True)
class FileInput(PlannedStep):
    """File for the incoming bucket."""

    path: str
    """``<uploader>/<run id>/<file name>``; the upload service chooses another run id."""
    data: bytes = field(repr=False)
    uploader: str
    ways: Ways
    fault: str | None = None
    """Reason code of the refusal of the name or the content; None for a valid file."""

    @property
    def filename(self) -> str:
        """Name of the file."""
        return self.path.rpartition("/")[2]

    @property
    def run(self) -> str:
        """Run id in the path."""
        return self.path.split("/")[1]


@dataclass(frozen=True)
class CommandInput(PlannedStep):
    """Command as an object in the incoming bucket, or as a message on ``project-command``."""

    object_name: str | None
    """Name of the incoming object; None for a message."""
    data: bytes
    fault: str | None = None
    """Reason code of the refusal of the object by ingest; None for a valid command."""

    @property
    def fields(self) -> Mapping[str, str]:
        """Fields of the command; without fields if the data is not a JSON object."""
        try:
            found = json.loads(self.data)
        except ValueError:
            return {}
        return found if isinstance(found, dict) else {}


@dataclass(frozen=True)
class MessageInput(PlannedStep):
    """Message that its receiver cannot read, or that names no upload."""

    topic: str
    data: bytes
    fault: str | None
    """Reason code of the refusal of the message; None if it becomes a dead letter."""


Step: TypeAlias = FileInput | CommandInput | MessageInput


@dataclass(frozen=True)
class Inputs:
    """Everything that a run sends, in the order of sending."""

    seed: int
    previous: bool
    """True if the previous release understands all inputs."""
    steps: Sequence[Step]
    uploaders: Mapping[str, object]
    """Setting ``UPLOADERS`` of ingest."""
    service_users: Mapping[str, Sequence[str]]
    """Uploaders that use the upload service, each with the project globs of its token."""

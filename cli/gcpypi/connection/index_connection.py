"""Connection of a command to an index: it creates each client when a command first needs it."""

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from cloud.ports import Bucket, Topic
from gcpypi.connection.index_client import IndexClient
from gcpypi.errors import CommandFailure, ExitCode
from gcpypi.settings import Settings, load_settings
from schemas.discovery import IndexDescription
from schemas.types import NewerSchemaVersion

if TYPE_CHECKING:
    from cloud.storage import DirectClient
    from cloud.uploads import UploadBucket


@dataclass(frozen=True)
class IndexConnection:
    """Clients of one index and of its Google Cloud project."""

    settings: Settings

    @cached_property
    def index(self) -> IndexClient:
        """Client of the pages.

        :raises CommandFailure: if no index is set.
        """
        if not self.settings.index_url:
            raise CommandFailure(
                "no index: set GCPYPI_INDEX_URL, or index_url in [tool.gcpypi] of pyproject.toml, "
                "to https://host/simple/"
            )
        return IndexClient.from_url(self.settings.index_url, self.settings.token)

    @cached_property
    def description(self) -> IndexDescription:
        """Names of the parts of the index, from a file or from the index.

        :raises CommandFailure: if neither has them.
        """
        if self.settings.description:
            return _read_description(self.settings.description)
        if description := self.index.describe():
            return description
        raise CommandFailure(
            f"{self.index.url} has no description of the index (/.well-known/gcpypi.json): upgrade "
            "the index, or set GCPYPI_DESCRIPTION to a file with the output of Terraform",
            ExitCode.UNAVAILABLE,
        )

    @property
    def gcp_project(self) -> str:
        """Id of the Google Cloud project."""
        return self.settings.gcp_project or self.description.gcp_project

    @property
    def tokens_secret(self) -> str:
        """Secret with the digests of the tokens.

        :raises CommandFailure: if neither the settings nor the description have it.
        """
        if name := self.settings.tokens_secret or self.description.tokens_secret:
            return name
        raise CommandFailure(
            "the description of the index names no secret of tokens: set GCPYPI_TOKENS_SECRET"
        )

    def get_bucket(self, role: str) -> Bucket:
        """Return a bucket by its role, for example ``incoming``."""
        return self.open_bucket(self.get_name("buckets", role))

    def open_bucket(self, name: str) -> Bucket:
        """Return a bucket by its name, also one outside the index."""
        from cloud.storage import StorageBucket

        return StorageBucket(self._storage, name)

    def get_uploads(self) -> "UploadBucket":
        """Return the incoming bucket for uploads of files."""
        from cloud.uploads import UploadBucket

        return UploadBucket(self._storage, self.get_name("buckets", "incoming"))

    def get_topic(self, message: str) -> Topic:
        """Return the topic of a message, for example ``file-uploaded``."""
        from cloud import pubsub

        return pubsub.PubsubTopic(
            self._publisher, self.gcp_project, self.get_name("topics", message)
        )

    def get_name(self, kind: str, role: str) -> str:
        """Return a name of the description.

        :param kind: ``buckets``, ``topics``, ``services`` or ``jobs``.
        :raises CommandFailure: if the description has no such name.
        """
        names = getattr(self.description, kind)
        if role not in names:
            raise CommandFailure(
                f"the description of the index has no {role} in its {kind}: upgrade the index",
                ExitCode.UNAVAILABLE,
            )
        return str(names[role])

    @cached_property
    def _storage(self) -> "DirectClient":
        from cloud import storage

        return storage.connect(self.gcp_project)

    @cached_property
    def _publisher(self) -> object:
        from cloud import pubsub

        return pubsub.connect()


def connect(**flags: object) -> IndexConnection:
    """Return the clients of the index in the settings. Flags without a value are absent.

    :raises CommandFailure: if a setting is invalid.
    """
    return IndexConnection(load_settings(**flags))


def _read_description(path: Path) -> IndexDescription:
    try:
        return IndexDescription.model_validate_json(path.read_bytes())
    except OSError as error:
        raise CommandFailure(f"{path} is not readable: {error.strerror}") from error
    except NewerSchemaVersion as error:
        raise CommandFailure(f"{path}: {error}") from error
    except ValueError as error:
        raise CommandFailure(
            f"{path} is not the description of an index: write it with terraform -chdir=DIR output "
            "-raw description"
        ) from error

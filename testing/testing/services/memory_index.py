"""A small valid index in memory, for the tests of verify, rebuild and reindex."""

from dataclasses import replace
from datetime import timedelta
from functools import cache

from local.stand_ins.storage.backends import MemoryBackend, StoredState
from local.stand_ins.storage.buckets import BucketState
from schemas.events import FileUploaded, ProjectCommand
from schemas.push import Message
from testing.fakes.examples import LONG_AGO
from testing.fakes.memory_ports import MemoryBucket
from testing.fakes.small_wheels import build_wheel
from testing.services.pipeline import BUCKETS, Pipeline
from testing.storage import FakeStorage

FILES = (
    ("acme", "1.0"),
    ("acme", "1.1"),
    ("acme", "2.0"),
    ("beta_tools", "0.1"),
    ("beta_tools", "0.2"),
    ("gamma", "3.0"),
)
COMMANDS: tuple[dict[str, str], ...] = (
    {"action": "yank", "project": "acme", "version": "1.0", "reason": "broken"},
    {"action": "remove", "project": "acme", "filename": "acme-1.1-py3-none-any.whl"},
    {"action": "set-status", "project": "gamma", "status": "quarantined"},
    {"action": "yank", "project": "beta-tools", "version": "0.1"},
    {"action": "unyank", "project": "beta-tools", "version": "0.1"},
)


class CopyingBackend(MemoryBackend):
    """Backend that begins with a copy of a storage."""

    def __init__(self, storage: FakeStorage) -> None:
        self._storage = storage

    def load(self) -> StoredState:
        """Return the copy."""
        buckets = [_copy_bucket(bucket) for bucket in self._storage.buckets.values()]
        return StoredState(buckets, self._storage.issued)


def _copy_bucket(bucket: BucketState) -> BucketState:
    """Return a bucket with the same versions, which never change."""
    archived = {name: list(versions) for name, versions in bucket.archived.items()}
    return replace(bucket, live=dict(bucket.live), archived=archived, names=list(bucket.names))


class MemoryIndex:
    """Buckets of one storage, and the workers on them."""

    def __init__(self, storage: FakeStorage | None = None) -> None:
        self.storage = storage or FakeStorage()
        self.buckets = {
            name: MemoryBucket(name, versioning=name == "metadata", storage=self.storage)
            for name in BUCKETS
        }
        self.pipeline = Pipeline(self.buckets.__getitem__)

    @classmethod
    def publish_all(cls) -> "MemoryIndex":
        """Return an index in which all files are published, and then all commands are done."""
        published = _publish_once()
        storage = published.storage
        index = cls(FakeStorage(backend=CopyingBackend(storage)))
        index.pipeline.continue_from(published.pipeline)
        return index

    def upload(self, name: str, version: str, description: str = "") -> FileUploaded:
        """Upload a wheel as CI does; return its announcement.

        :param description: description in Markdown.
        """
        requires = f"Requires-Python: >=3.8\nRequires-Dist: requests\nSummary: {name}, a tool\n"
        if description:
            requires += f"Description-Content-Type: text/markdown\n\n{description}"
        object_name = f"ci/{version}/{name}-{version}-py3-none-any.whl"
        self.buckets["incoming"].put(object_name, build_wheel(name, version, metadata=requires))
        return FileUploaded(bucket="incoming", name=object_name)

    def run(self, *messages: Message) -> None:
        self.pipeline.run(*messages)
        assert not self.pipeline.dead

    def data(self, bucket: str) -> dict[str, bytes]:
        """Return all live objects of a bucket."""
        found = self.buckets[bucket]
        return {info.name: b"".join(found.stream(info)) for info in found.list()}

    def empty(self, bucket: str) -> None:
        """Delete all objects of a bucket."""
        for info in list(self.buckets[bucket].list()):
            self.buckets[bucket].remove(info.name)


@cache
def _publish_once() -> MemoryIndex:
    """Publish all files, then run all commands; the tests of a process get copies."""
    index = MemoryIndex()
    index.run(*(index.upload(name, version) for name, version in FILES))
    index.run(*(_make_command(second, command) for second, command in enumerate(COMMANDS)))
    return index


def _make_command(second: int, command: dict[str, str]) -> ProjectCommand:
    issued_at = LONG_AGO + timedelta(seconds=second)
    return ProjectCommand.model_validate({**command, "issued_at": issued_at})

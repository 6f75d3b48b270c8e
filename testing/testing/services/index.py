"""A small sound index in memory, made by publishing: what verify, rebuild and reindex work on."""

from datetime import timedelta

from schemas.events import FileUploaded, Message, ProjectCommand
from testing.fakes.examples import LONG_AGO
from testing.fakes.memory import MemoryBucket
from testing.fakes.wheels import wheel
from testing.services.pipeline import BUCKETS, Pipeline
from testing.storage import Storage

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


class Index:
    """Buckets that share one store, and the workers on them."""

    def __init__(self) -> None:
        self.storage = Storage()
        self.buckets = {
            name: MemoryBucket(name, versioning=name == "metadata", storage=self.storage)
            for name in BUCKETS
        }
        self.pipeline = Pipeline(self.buckets.__getitem__)

    @classmethod
    def published(cls) -> "Index":
        """Publish all the files, then obey all the commands."""
        index = cls()
        index.run(*(index.upload(name, version) for name, version in FILES))
        index.run(*(_issued(second, command) for second, command in enumerate(COMMANDS)))
        return index

    def upload(self, name: str, version: str) -> FileUploaded:
        """Upload a wheel as CI does; return the message that announces it."""
        requires = f"Requires-Python: >=3.8\nRequires-Dist: requests\nSummary: {name}, a tool\n"
        object_name = f"ci/{version}/{name}-{version}-py3-none-any.whl"
        self.buckets["incoming"].put(object_name, wheel(name, version, metadata=requires))
        return FileUploaded(bucket="incoming", name=object_name)

    def run(self, *messages: Message) -> None:
        self.pipeline.run(*messages)
        assert not self.pipeline.dead

    def data(self, bucket: str) -> dict[str, bytes]:
        """All live objects of a bucket."""
        found = self.buckets[bucket]
        return {info.name: b"".join(found.stream(info)) for info in found.list()}

    def empty(self, bucket: str) -> None:
        """Delete all that a bucket holds, as an accident would."""
        for info in list(self.buckets[bucket].list()):
            self.buckets[bucket].remove(info.name)


def _issued(second: int, command: dict[str, str]) -> ProjectCommand:
    issued_at = LONG_AGO + timedelta(seconds=second)
    return ProjectCommand.model_validate({**command, "issued_at": issued_at})

"""State of the whole system at one moment: objects, messages, dead letters, answers."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from local.stand_ins.storage.objects import Resource
from testing.storage import FakeStorage


@dataclass(frozen=True)
class ObjectState:
    """Live version of an object."""

    name: str
    data: bytes = field(repr=False)
    generation: int
    created: datetime
    metadata: Mapping[str, str] = field(default_factory=dict)
    """Custom metadata."""


@dataclass(frozen=True)
class PublishedMessage:
    """Message that a topic accepted, in the order of acceptance."""

    topic: str
    """Short name, for example ``file-uploaded``; dead-letter topics are included."""
    message_id: str
    data: bytes
    published: datetime
    attributes: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class DeadLetter:
    """Message that a subscription gave up."""

    subscription: str
    """Short name, for example ``ingest-file-uploaded``."""
    message_id: str
    """Id in the dead-letter topic; Pub/Sub does not keep the earlier one."""
    data: bytes


@dataclass(frozen=True)
class UploadAnswer:
    """Final answer of the upload service to a client, after the client's repetitions."""

    path: str
    """Name of the incoming object without the run id, which the service chooses."""
    status: int
    body: bytes
    attempts: int
    """Requests of the client, at least 1."""


@dataclass(frozen=True)
class SystemState:
    """All that a comparison with the expected state needs."""

    buckets: Mapping[str, Mapping[str, ObjectState]]
    """Live objects by full bucket name (``topology.STATIC``) and object name."""
    published: Sequence[PublishedMessage]
    dead_letters: Sequence[DeadLetter]
    upload_answers: Sequence[UploadAnswer] = ()
    rewritten: Sequence[str] = ()
    """Objects, as ``<bucket>/<name>``, that are final and were written more than once."""


@dataclass(frozen=True)
class WriteCounter:
    """Counter of the writes to each object of some buckets."""

    counts: Counter[str] = field(default_factory=Counter)

    def count_write(self, bucket: str, resource: Resource, attributes: object) -> None:
        """Count a write; a listener of ``FakeStorage.on_finalize``."""
        self.counts[f"{bucket}/{resource['name']}"] += 1

    def list_rewritten(self) -> list[str]:
        """Return the objects with more than one write."""
        return sorted(name for name, count in self.counts.copy().items() if count > 1)


def read_bucket(storage: FakeStorage, bucket: str) -> dict[str, ObjectState]:
    """Return the live objects of a bucket by name, in their order."""
    live = dict(storage.buckets[bucket].live)
    return {
        name: ObjectState(
            name,
            live[name].data,
            live[name].generation,
            live[name].created,
            dict(live[name].attributes.metadata),
        )
        for name in sorted(live)
    }

"""Run of small inputs on the services in one process, step by step, and its state."""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from functools import partial
from itertools import count

from cloud.ports import Bucket
from local import topology
from schemas.events import FileUploaded, ProjectCommand
from schemas.push import Message
from testing.chaos.inputs import CommandInput, FileInput, Inputs, Step
from testing.chaos.inputs.input_files import SampleFile
from testing.chaos.system_state import ObjectState, PublishedMessage, SystemState
from testing.fakes.memory_ports import MemoryBucket
from testing.services.pipeline import Pipeline
from testing.storage import FakeStorage

START = datetime(2026, 11, 29, 12, tzinfo=UTC)


def make_upload(file: SampleFile, run: str, fault: str | None = None) -> FileInput:
    """Return the upload of a file by ``acme``."""
    return FileInput(f"acme/{run}/{file.filename}", file.data, "acme", "message", fault)


def make_command(name: str | None, **fields: object) -> CommandInput:
    """Return a command of an object, or with an id of a message."""
    return CommandInput(name, json.dumps(fields).encode())


def make_inputs_of(*steps: Step) -> Inputs:
    """Return inputs of these steps, each after the one before it."""
    ordered = [
        replace(step, after=frozenset({number - 1} if number else ()))
        for number, step in enumerate(steps)
    ]
    return Inputs(0, previous=False, steps=ordered, uploaders={}, service_users={})


@dataclass
class SequentialRun:
    """Services in one process; each step begins when the one before it has settled."""

    storage: FakeStorage = field(default_factory=FakeStorage)
    published: list[PublishedMessage] = field(default_factory=list)
    _seconds: "count[int]" = field(default_factory=count)

    def play(self, steps: Sequence[Step]) -> SystemState:
        """Play the steps; return the settled state."""
        names = topology.BUCKETS.values()
        buckets = {name: MemoryBucket(name, storage=self.storage) for name in names}
        for step in steps:
            now = START + timedelta(seconds=next(self._seconds))
            self.storage.now = now
            self._send(step, Pipeline(_choose(buckets), now=partial(_identity, now)), now)
        return SystemState({name: _read(buckets[name]) for name in names}, self.published, ())

    def _send(self, step: Step, pipeline: Pipeline, now: datetime) -> None:
        if isinstance(step, CommandInput) and step.object_name is None:
            message: Message = ProjectCommand.decode(step.data)
        else:
            name = step.path if isinstance(step, FileInput) else getattr(step, "object_name", "")
            self.storage.insert(topology.INCOMING, str(name), step.data)
            message = FileUploaded(bucket=topology.INCOMING, name=str(name))
        pipeline.run(message)
        for each in pipeline.messages:
            data = step.data if isinstance(each, ProjectCommand) else each.encode()
            number = str(len(self.published))
            self.published.append(PublishedMessage(each.topic, number, data, now))


def _choose(buckets: Mapping[str, MemoryBucket]) -> Callable[[str], Bucket]:
    return lambda short: buckets[f"{topology.GCP_PROJECT}-{short}"]


def _identity(moment: datetime) -> datetime:
    return moment


def _read(bucket: MemoryBucket) -> dict[str, ObjectState]:
    live = bucket.storage.buckets[bucket.name].live
    return {
        name: ObjectState(
            name, each.data, each.generation, each.created, dict(each.attributes.metadata)
        )
        for name, each in live.items()
    }

"""Uploads of the inputs, with their incoming objects and the order of the steps."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from packaging.utils import (
    canonicalize_name,
    canonicalize_version,
    parse_sdist_filename,
    parse_wheel_filename,
)

from local import topology
from testing.chaos.inputs import FileInput, Inputs
from testing.chaos.system_state import ObjectState, SystemState


@dataclass(frozen=True)
class SentFile:
    """Upload of one step."""

    number: int
    """Index of the step."""
    step: FileInput
    objects: Sequence[ObjectState]
    """Incoming objects: one, or those of all attempts through the upload service."""

    @cached_property
    def parts(self) -> tuple[object, ...]:
        """Project, version, build number and tags in the name; equal for equivalent files."""
        name = self.step.filename
        return parse_wheel_filename(name) if name.endswith("whl") else parse_sdist_filename(name)

    @property
    def project(self) -> str:
        """Normalised name of the project."""
        return str(canonicalize_name(str(self.parts[0])))

    @property
    def version(self) -> str:
        """Version in its normal form."""
        return str(self.parts[1])

    @property
    def release(self) -> str:
        """Version without trailing zeros."""
        return canonicalize_version(self.version)

    @property
    def addresses(self) -> list[str]:
        """Names of the verdicts on the objects."""
        return [f"{each.name}/{each.generation}.json" for each in self.objects]


def list_files(inputs: Inputs, state: SystemState) -> list[SentFile]:
    """Return the uploads in the order of their steps."""
    incoming = state.buckets[topology.INCOMING]
    return [
        SentFile(number, step, _find_objects(step, incoming))
        for number, step in enumerate(inputs.steps)
        if isinstance(step, FileInput)
    ]


def _find_objects(step: FileInput, incoming: Mapping[str, ObjectState]) -> list[ObjectState]:
    if step.ways != "service":
        found = incoming.get(step.path)
        return [found] if found else []
    prefix, suffix = f"upload/{step.uploader}/", f"/{step.filename}"
    names = (name for name in incoming if name.startswith(prefix) and name.endswith(suffix))
    return [incoming[name] for name in sorted(names) if incoming[name].data == step.data]


class StepOrder:
    """Order of the steps by their ``after``, directly or through other steps."""

    def __init__(self, inputs: Inputs) -> None:
        self._earlier: list[frozenset[int]] = []
        for step in inputs.steps:
            indirect = (self._earlier[number] for number in step.after)
            self._earlier.append(step.after.union(*indirect))

    def is_before(self, first: int, second: int) -> bool:
        """Return whether one step has settled before another one begins."""
        return first in self._earlier[second]

    def is_racing(self, first: int, second: int) -> bool:
        """Return whether two steps have no order."""
        is_ordered = self.is_before(first, second) or self.is_before(second, first)
        return first != second and not is_ordered

"""Difference between the records of an index and its other objects; ``verify`` finds them."""

from dataclasses import dataclass
from typing import Literal

from cloud.ports import Bucket
from publisher.repair.effective_commands import EffectiveCommand

DifferenceKind = Literal[
    "unreadable-record",
    "wrong-facts",
    "missing-file",
    "other-file",
    "missing-metadata",
    "other-metadata",
    "missing-page",
    "stale-page",
    "other-page",
    "wrong-blocked",
    "equivalent-files",
    "missing-catalog",
    "stale-catalog",
    "orphan",
]
"""Stable codes; docs/operate.md explains each code and its remedy."""


@dataclass(frozen=True, slots=True, order=True)
class Difference:
    """Object that is missing, or that differs from the records."""

    kind: DifferenceKind
    object: str
    """``gs://<bucket>/<name>``."""
    detail: str
    """Sentence for the operator."""

    @classmethod
    def from_object(
        cls, bucket: Bucket, name: str, kind: DifferenceKind, detail: str
    ) -> "Difference":
        """Create a difference for the object ``name`` of ``bucket``."""
        return cls(kind, f"gs://{bucket.name}/{name}", detail)

    def __str__(self) -> str:
        return f"{self.kind} {self.object}: {self.detail}"


Finding = Difference | EffectiveCommand
"""Line of the output of ``verify``."""

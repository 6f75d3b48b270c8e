"""What ``verify`` finds: something the index holds that its records do not say, or the reverse."""

from dataclasses import dataclass
from typing import Literal

from cloud.ports import Bucket

Kind = Literal[
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
    "missing-catalog",
    "stale-catalog",
    "orphan",
]
"""Stable codes; docs/operate.md says what each means and what mends it."""


@dataclass(frozen=True, slots=True, order=True)
class Difference:
    """One object that is not as the records say."""

    kind: Kind
    object: str
    """``gs://<bucket>/<name>``."""
    detail: str
    """A sentence for the operator."""

    @classmethod
    def at(cls, bucket: Bucket, name: str, kind: Kind, detail: str) -> "Difference":
        """A difference about the object ``name`` of ``bucket``."""
        return cls(kind, f"gs://{bucket.name}/{name}", detail)

    def __str__(self) -> str:
        return f"{self.kind} {self.object}: {self.detail}"

"""Properties of an image and their requirements."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Self

MB = 1_000_000
MAX_SIZES = {"proxy": 210 * MB, "upload": 240 * MB}
"""Maximum size of an image in bytes, unpacked, with its base: a small image starts sooner.

The upload service needs two packages that the proxy does not have: granian (22 MB) for HTTP/2, and
pycurl with its libraries (14 MB) for resumable uploads.
"""
GRACE = 10
"""Seconds between SIGTERM and SIGKILL on Cloud Run."""
_KILLED = 128 + 9


@dataclass(frozen=True, slots=True)
class Contents:
    """Contents of an image, found by ``inside.py``."""

    uid: int
    python: str
    import_seconds: float
    tools: tuple[str, ...]
    """Compilers and build tools."""
    installers: tuple[str, ...]
    """Package installers that the Python of the service can import."""
    caches: tuple[str, ...]
    sources: int
    """Number of modules in the virtual environment."""
    uncompiled: tuple[str, ...]
    """Modules without valid bytecode."""
    writable: tuple[str, ...]
    """Paths of the virtual environment that the service can change."""

    @classmethod
    def from_json(cls, found: dict[str, object]) -> Self:
        """Convert the output of ``inside.py``; JSON has lists in place of tuples."""
        return cls(**{k: tuple(v) if isinstance(v, list) else v for k, v in found.items()})  # type: ignore[arg-type]  # output of our own script


@dataclass(frozen=True, slots=True)
class Lifetime:
    """Duration and end of a container."""

    seconds_to_health: float
    """Seconds from the start of the container to its first answer."""
    seconds_to_end: float
    """Seconds from SIGTERM to the end, including the time of the engine."""
    exit_code: int
    """Exit code after SIGTERM."""

    @property
    def is_killed(self) -> bool:
        """End by SIGKILL."""
        return self.exit_code == _KILLED

    def describe_end(self) -> str:
        """Return the kind and the duration of the end."""
        how = "killed" if self.is_killed else f"ends with {self.exit_code}"
        return f"{how} in {self.seconds_to_end:.1f} s"


@dataclass(frozen=True, slots=True)
class Image:
    """Image of a service, after its inspection and its run."""

    service: str
    size: int
    base_size: int
    contents: Contents
    lifetime: Lifetime

    def format_row(self) -> str:
        """Return the row of the image in the table."""
        contents, ours = self.contents, self.size - self.base_size
        compiled = contents.sources - len(contents.uncompiled)
        return (
            f"| {self.service} | {self.size / MB:.0f} MB | {ours / MB:.0f} MB | {contents.uid}"
            f" | {contents.python} | {contents.import_seconds:.2f} s"
            f" | {self.lifetime.seconds_to_health:.1f} s | {self.lifetime.describe_end()}"
            f" | {' '.join(contents.tools) or 'none'}"
            f" | {' '.join(contents.caches) or 'none'} | {compiled}/{contents.sources} |"
        )

    def find_faults(self) -> Iterator[str]:
        """Yield a sentence for each requirement that the image does not meet."""
        contents, maximum = self.contents, MAX_SIZES.get(self.service)
        if maximum is not None and self.size >= maximum:
            yield f"has {self.size / MB:.0f} MB, not less than {maximum / MB:.0f} MB"
        if contents.uid == 0:
            yield "runs as root"
        if contents.tools:
            yield f"contains compilers: {' '.join(contents.tools)}"
        if contents.installers:
            yield f"contains package installers: {' '.join(contents.installers)}"
        if contents.caches:
            yield f"contains a pip cache: {' '.join(contents.caches)}"
        if contents.uncompiled:
            example = contents.uncompiled[0]
            yield f"{len(contents.uncompiled)} modules have no bytecode, for example {example}"
        if contents.writable:
            yield f"can change its own code, for example {contents.writable[0]}"
        if self.lifetime.is_killed:
            yield f"did not end within {GRACE} s of SIGTERM"


HEAD = (
    "| image | size | without base | user | Python | import | until /health | SIGTERM"
    " | compilers | pip cache | bytecode |\n|---|---:|---:|---:|---|---:|---:|---|---|---|---:|"
)

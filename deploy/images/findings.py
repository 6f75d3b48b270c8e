"""What was found out about an image, and what must hold of it."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Self

MB = 1_000_000
MOST = {"proxy": 200 * MB}
"""Bytes of an image, unpacked, its base included: a small image starts sooner."""
GRACE = 10
"""Seconds from SIGTERM to SIGKILL on Cloud Run."""
_KILLED = 128 + 9


@dataclass(frozen=True, slots=True)
class Contents:
    """What ``inside.py`` tells of an image."""

    uid: int
    python: str
    import_seconds: float
    tools: tuple[str, ...]
    """What compiles."""
    installers: tuple[str, ...]
    """What installs packages, as seen by the service's Python."""
    caches: tuple[str, ...]
    sources: int
    """How many modules are in the service's environment,"""
    uncompiled: tuple[str, ...]
    """and those of them without bytecode that holds."""
    writable: tuple[str, ...]
    """What of the environment the service could change."""

    @classmethod
    def read(cls, told: dict[str, object]) -> Self:
        """Make it from JSON, in which there are no tuples."""
        return cls(**{k: tuple(v) if isinstance(v, list) else v for k, v in told.items()})  # type: ignore[arg-type]  # a script of ours tells it


@dataclass(frozen=True, slots=True)
class Life:
    """A container's, from its start to its end."""

    seconds_to_health: float
    """From starting the container to the first answer."""
    seconds_to_end: float
    """From SIGTERM to the end, what the engine takes to say so included."""
    exit_code: int
    """After SIGTERM."""

    @property
    def was_killed(self) -> bool:
        """Whether it did not end by itself."""
        return self.exit_code == _KILLED

    def end(self) -> str:
        """Say how it ended."""
        how = "killed" if self.was_killed else f"ends with {self.exit_code}"
        return f"{how} in {self.seconds_to_end:.1f} s"


@dataclass(frozen=True, slots=True)
class Image:
    """One image, looked into and run."""

    service: str
    size: int
    base_size: int
    contents: Contents
    life: Life

    def row(self) -> str:
        """A row of the table."""
        contents, ours = self.contents, self.size - self.base_size
        compiled = contents.sources - len(contents.uncompiled)
        return (
            f"| {self.service} | {self.size / MB:.0f} MB | {ours / MB:.0f} MB | {contents.uid}"
            f" | {contents.python} | {contents.import_seconds:.2f} s"
            f" | {self.life.seconds_to_health:.1f} s | {self.life.end()}"
            f" | {' '.join(contents.tools) or 'none'}"
            f" | {' '.join(contents.caches) or 'none'} | {compiled}/{contents.sources} |"
        )

    def faults(self) -> Iterator[str]:
        """Say what should not be."""
        contents, most = self.contents, MOST.get(self.service)
        if most is not None and self.size >= most:
            yield f"{self.size / MB:.0f} MB are not below {most / MB:.0f} MB"
        if contents.uid == 0:
            yield "runs as root"
        if contents.tools:
            yield f"can compile: {' '.join(contents.tools)}"
        if contents.installers:
            yield f"can install packages: {' '.join(contents.installers)}"
        if contents.caches:
            yield f"ships a cache of pip: {' '.join(contents.caches)}"
        if contents.uncompiled:
            yield f"{len(contents.uncompiled)} modules lack bytecode, as {contents.uncompiled[0]}"
        if contents.writable:
            yield f"may change its own code, as {contents.writable[0]}"
        if self.life.was_killed:
            yield f"did not end within {GRACE} s of SIGTERM"


HEAD = (
    "| image | size | of it ours | user | Python | import | until /health | SIGTERM"
    " | compilers | pip cache | bytecode |\n|---|---:|---:|---:|---|---:|---:|---|---|---|---:|"
)

"""What an operator allows: limits and switches, with their defaults."""

from collections.abc import Mapping
from dataclasses import dataclass

MIB = 1 << 20
GIB = 1 << 30


@dataclass(frozen=True)
class Policy:
    """The limits and switches that checks depend on; sizes are in bytes."""

    max_file_size: int = 2 * GIB
    """Of the uploaded file."""
    max_members: int = 100_000
    """Of an archive, directory entries included."""
    max_unpacked_size: int = 16 * GIB
    """Of all members together, unpacked."""
    allow_direct_urls: bool = False
    """Let `Requires-Dist: name @ https://…` pass."""
    strict: bool = False
    """Refuse what would otherwise only be warned of."""
    strict_platform_tags: bool = False
    """Refuse platform tags that no installer takes from an index."""
    block_stdlib_names: bool = False
    """Refuse projects named like a module of the standard library."""
    allowed_projects: tuple[str, ...] = ("*",)
    """Globs over normalised project names."""
    publishers: Mapping[str, tuple[str, ...]] | None = None
    """Publisher to globs over normalised project names; None: everyone may publish everything.

    An empty one means nobody: to take the last publisher out must not let everyone in.
    """

"""Limits and switches of an operator, with their defaults."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

MIB = 1 << 20
GIB = 1 << 30


@dataclass(frozen=True)
class Policy:
    """Limits and switches for the checks; sizes are in bytes."""

    max_file_size: int = 2 * GIB
    """Maximum size of the uploaded file."""
    max_members: int = 100_000
    """Maximum number of members of an archive, directory entries included."""
    max_unpacked_size: int = 16 * GIB
    """Maximum unpacked size of all members together."""
    allow_direct_urls: bool = False
    """Accept `Requires-Dist: name @ https://…`."""
    strict: bool = False
    """Refuse a file at its first warning."""
    strict_platform_tags: bool = False
    """Refuse platform tags without a stated compatibility, such as `linux_x86_64`."""
    startup_files: Literal["accept", "warn", "refuse"] = "warn"
    """Answer to code that Python executes before the program, such as `.pth` with `import`."""
    block_stdlib_names: bool = False
    """Refuse projects with the name of a module of the standard library."""
    allowed_projects: tuple[str, ...] = ("*",)
    """Globs of the projects of this index, over normalised names."""
    uploaders: Mapping[str, tuple[str, ...]] | None = None
    """Globs of the projects of each uploader, over normalised names.

    None: every uploader may upload every project. Empty: no uploader may upload, so that removal of
    the last uploader does not open the index. Imports of operators are not restricted.
    """

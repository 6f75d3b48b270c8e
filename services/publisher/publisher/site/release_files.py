"""Files of a release, with the state and the origin of each."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

from publisher.site.page_content import ReleaseContent
from schemas.file_notes import FileNotes
from schemas.names import Filename, normalize_release
from schemas.records import FileRecord, Register
from schemas.releases import find_register, find_yank, rank_file
from schemas.releases.equivalence import find_unlisted

State = Literal["offered", "removed", "quarantined", "unlisted"]
_find_release = lru_cache(4096)(normalize_release)
"""Release of a version; each page of a project asks for it for all files."""
_DIGITS = re.compile(r"([0-9]{1,18})", re.ASCII)
"""Number in a file name; a name has at most 255 characters."""
_UNITS = ("bytes", "kB", "MB", "GB", "TB")


@dataclass(frozen=True, slots=True)
class ReleaseFile:
    """File on the page of its release."""

    facts: FileRecord
    state: State
    """State; only an offered file has a link."""
    yank: Register | None
    """Register of its yank; None if it is not yanked."""
    removal: Register | None
    """Register of its removal; None if it is not removed."""
    equivalent: str
    """The listed file that an unlisted file is equivalent to; empty for other files."""
    notes: FileNotes | None
    """Notes of ingest; None if they are unknown."""

    @property
    def size(self) -> str:
        """Size in decimal units."""
        return format_size(self.facts.size)

    @property
    def is_wheel(self) -> bool:
        """True for a wheel, false for an sdist."""
        return self.facts.filename.endswith(".whl")

    @property
    def tags(self) -> tuple[str, str, str]:
        """Interpreters, ABIs and platforms of a wheel, separated by spaces; empty for an sdist."""
        if not self.is_wheel:
            return "", "", ""
        parts = self.facts.filename.removesuffix(".whl").split("-")[-3:]
        python, abi, platform = (part.replace(".", " ") for part in parts)
        return python, abi, platform

    @property
    def requires_python(self) -> str:
        """``Requires-Python``; empty without it."""
        return self.facts.requires_python or ""


def list_release_files(content: ReleaseContent) -> list[ReleaseFile]:
    """Return the files of a release, the offered ones first, each with its state."""
    release = _find_release(content.version)
    facts = [f for f in content.record.files.values() if _find_release(f.version) == release]
    versions = {file.version for file in facts}
    offered = {f.facts.filename for f in content.listing.files if f.facts.version in versions}
    unlisted = find_unlisted(facts)
    files = [_make_file(content, each, each.filename in offered, unlisted) for each in facts]
    return sorted(files, key=lambda file: (file.state != "offered", rank_file(file.facts)))


def sort_for_page(files: Iterable[ReleaseFile]) -> list[ReleaseFile]:
    """Return files in the order of the page: offered files first, sdists, then wheels by name.

    Numbers in names are compared by their values, so that cp39 precedes cp311.
    """

    def rank(file: ReleaseFile) -> tuple[bool, bool, list[str | int]]:
        parts = _DIGITS.split(file.facts.filename)
        numbered = [int(part) if n % 2 else part for n, part in enumerate(parts)]
        return file.state != "offered", file.is_wheel, numbered

    return sorted(files, key=rank)


def list_filters(files: Iterable[ReleaseFile]) -> list[tuple[str, list[str]]]:
    """Return the values of the filters: interpreters, ABIs, and platforms of the wheels."""
    tags = [file.tags for file in files if file.is_wheel]
    return [
        (label, sorted({value for each in tags for value in each[column].split()}))
        for column, label in enumerate(("Python", "ABI", "Platform"))
    ]


def format_size(size: int) -> str:
    """Return a number of bytes in decimal units, with two significant digits or more."""
    value, unit = float(size), 0
    while value >= 999.5 and unit < len(_UNITS) - 1:
        value, unit = value / 1000, unit + 1
    digits = 1 if unit and value < 99.95 else 0
    return f"{value:.{digits}f} {_UNITS[unit]}"


def _make_file(
    content: ReleaseContent,
    facts: FileRecord,
    is_offered: bool,
    unlisted: Mapping[Filename, Filename],
) -> ReleaseFile:
    removal = find_register(content.record.removed, facts)
    is_removed = removal is not None and removal.value
    state = "offered" if is_offered else _find_state(is_removed, facts, unlisted)
    return ReleaseFile(
        facts=facts,
        state=state,
        yank=find_yank(content.record, facts),
        removal=removal if is_removed else None,
        equivalent=unlisted.get(facts.filename, "") if state == "unlisted" else "",
        notes=content.notes.get(facts.filename),
    )


def _find_state(
    is_removed: bool, facts: FileRecord, unlisted: Mapping[Filename, Filename]
) -> State:
    if is_removed:
        return "removed"
    return "unlisted" if facts.filename in unlisted else "quarantined"

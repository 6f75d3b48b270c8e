"""The `.dist-info` directory of a wheel, picked out as its members go by."""

from checks.archive.member_names import shown
from checks.filenames import ParsedName
from checks.policy import MIB
from checks.refusal import Reason, Refused

KEPT = {
    "METADATA": 1 * MIB,
    "WHEEL": 64 * 1024,
    "RECORD": 32 * MIB,
    "entry_points.txt": 64 * 1024,
}
"""The files whose content is kept, and how large each may be, in bytes."""

_SUFFIX = ".dist-info"


class DistInfo:
    """Watches a walk: keeps the files of the one top-level `.dist-info` directory.

    Deeper ones belong to what a project vendors, and are content like any other.
    """

    def __init__(self, name: ParsedName) -> None:
        self._name = name
        self.directory: str | None = None
        self.files: dict[str, bytearray] = {}

    def admit(self, name: str, size: int) -> bytearray | None:
        """Where to keep that member, if it is one of `KEPT`; refuses a second directory."""
        directory, _, filename = name.partition("/")
        if not directory.casefold().endswith(_SUFFIX):
            return None
        if size > KEPT.get(filename, size):
            raise Refused(
                Reason.ZIP_BOMB, f"{shown(name)} has {size} bytes, more than {KEPT[filename]}"
            )
        self._expect_ours(directory)
        if filename not in KEPT:
            return None
        return self.files.setdefault(filename, bytearray())

    def required(self) -> str:
        """The directory's name, once all members were seen."""
        if self.directory is None:
            raise Refused(Reason.DIST_INFO, "there is no .dist-info directory at the top level")
        return self.directory

    def take(self, filename: str, reason: Reason) -> bytearray:
        """The content of a file that has to be there; it is kept no longer."""
        content = self.files.pop(filename, None)
        if content is None:
            raise Refused(reason, f"there is no {self.directory}/{filename}")
        return content

    def _expect_ours(self, directory: str) -> None:
        if self.directory is not None and directory != self.directory:
            raise Refused(
                Reason.DIST_INFO,
                f"{shown(self.directory)} and {shown(directory)}: there has to be exactly one",
            )
        if self.directory is None and not self._is_ours(directory):
            raise Refused(
                Reason.DIST_INFO,
                f"{shown(directory)} is not that of {self._name.project} {self._name.version},"
                " which the file name says it is",
            )
        self.directory = directory

    def _is_ours(self, directory: str) -> bool:
        stem = directory.removesuffix(_SUFFIX)
        return directory.endswith(_SUFFIX) and self._name.is_said_by(stem)

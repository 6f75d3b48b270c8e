"""Collection of the files in the `.dist-info` directory of a wheel."""

from checks.archive.member_names import quote_name
from checks.filenames import ParsedName
from checks.policy import MIB
from checks.refusal import Reason, Refused

KEPT = {
    "METADATA": 1 * MIB,
    "WHEEL": 64 * 1024,
    "RECORD": 32 * MIB,
    "entry_points.txt": 64 * 1024,
}
"""Files with kept content, and their maximum size in bytes."""

_SUFFIX = ".dist-info"


class DistInfo:
    """Visitor that keeps the files of the one top-level `.dist-info` directory.

    Deeper directories belong to vendored distributions and are ordinary content.
    """

    def __init__(self, name: ParsedName) -> None:
        self._name = name
        self.directory: str | None = None
        self.files: dict[str, bytearray] = {}

    def visit(self, name: str, size: int) -> bytearray | None:
        """Return the buffer for a file of `KEPT`, or None; refuse a second directory."""
        directory, _, filename = name.partition("/")
        if not directory.casefold().endswith(_SUFFIX):
            return None
        if size > KEPT.get(filename, size):
            raise Refused(
                Reason.ZIP_BOMB,
                f"{quote_name(name)} has {size} bytes, more than {KEPT[filename]}. Shorten it.",
            )
        self._expect_only(directory)
        if filename not in KEPT:
            return None
        return self.files.setdefault(filename, bytearray())

    def get_directory(self) -> str:
        """Return the name of the directory, after the last member; refuse its absence."""
        if self.directory is None:
            raise Refused(
                Reason.DIST_INFO,
                "there is no .dist-info directory at the top level. Build the wheel again.",
            )
        return self.directory

    def take_file(self, filename: str, reason: Reason) -> bytearray:
        """Remove and return the content of a required file; refuse its absence."""
        content = self.files.pop(filename, None)
        if content is None:
            raise Refused(
                reason, f"there is no {self.directory}/{filename}. Build the wheel again."
            )
        return content

    def _expect_only(self, directory: str) -> None:
        if self.directory is not None and directory != self.directory:
            raise Refused(
                Reason.DIST_INFO,
                f"{quote_name(self.directory)} and {quote_name(directory)}: there has to be"
                " exactly one top-level .dist-info directory. Move vendored ones into a package.",
            )
        if self.directory is None and not self._is_expected(directory):
            raise Refused(
                Reason.DIST_INFO,
                f"{quote_name(directory)} is not that of {self._name.project}"
                f" {self._name.version}, the release in the file name."
                " Build the wheel again instead of renaming it.",
            )
        self.directory = directory

    def _is_expected(self, directory: str) -> bool:
        stem = directory.removesuffix(_SUFFIX)
        return directory.endswith(_SUFFIX) and self._name.has_directory(stem)

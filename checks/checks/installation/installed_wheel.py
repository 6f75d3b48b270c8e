"""Validation of the files that an installer makes from a wheel."""

from collections.abc import Iterator

from checks.archive.content import MemberVisitor
from checks.filenames import ParsedName
from checks.findings import Findings
from checks.installation.data_directory import check_data_directory
from checks.installation.editable_wheels import check_editable
from checks.installation.installed_dist_info import check_installed_dist_info
from checks.installation.path_files import PathFiles
from checks.installation.portable_names import check_portable_names, check_unique_paths
from checks.installation.startup_code import check_startup_code
from checks.policy import Policy
from checks.zip.members import Members


class InstalledWheel:
    """Visitor of the members of a wheel, and then the rules for its installed files."""

    def __init__(self, name: ParsedName, policy: Policy, dist_info: MemberVisitor) -> None:
        self._name = name
        self._policy = policy
        self._dist_info = dist_info
        self._path_files = PathFiles()

    def visit(self, name: str, size: int) -> bytearray | None:
        """Return the buffer for a file in `.dist-info` or a `.pth` file, or None."""
        kept = self._dist_info.visit(name, size)
        return self._path_files.visit(name, size) if kept is None else kept

    def check(self, members: Members, dist_info: str, findings: Findings) -> None:
        """Apply the rules, in the order of precedence of the reasons."""

        def list_names() -> Iterator[str]:
            return (name.decode() for name in members.iterate_names())

        check_installed_dist_info(list_names(), dist_info, findings)
        check_data_directory(list_names(), self._name, dist_info, findings)
        check_unique_paths(list_names, self._name)
        check_portable_names(list_names(), self._name, findings)
        check_editable(list_names(), self._path_files, self._name, findings)
        check_startup_code(list_names(), self._path_files, self._name, self._policy, findings)

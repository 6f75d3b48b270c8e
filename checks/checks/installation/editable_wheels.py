"""Rules against editable wheels (PEP 660), which work only on the machine of their build."""

import re
from collections.abc import Iterable

from checks.archive.member_names import quote_name
from checks.filenames import ParsedName
from checks.findings import Findings
from checks.installation.installed_paths import SITE, find_installed_path
from checks.installation.path_files import Line, PathFiles, is_path_file
from checks.refusal import Reason, Refused, quote

_TAG = re.compile(r"(?:^|[._])editable(?:$|[._])", re.IGNORECASE)
_FILE = re.compile(
    r"__editables?_[^/]*|_editable_impl_[^/]*\.(?:pth|py)|[^/]*[-_]editable\.pth"
    r"|_[^/]*_editable_(?:loader|finder)\.py|[^/]*\.egg-link",
    re.IGNORECASE,
)
"""Top-level files of setuptools, editables, scikit-build-core and meson-python."""
_REMEDY = "Build the wheel without `--editable`, for example with `python -m build`."
_MAX_WARNINGS = 3


def check_editable(
    names: Iterable[str], path_files: PathFiles, name: ParsedName, findings: Findings
) -> None:
    """Refuse a wheel that is certainly editable; warn about paths out of site-packages."""
    tag = name.build[1] if name.build else ""
    for part in (tag, name.version.local or ""):
        if _TAG.search(part):
            _refuse(f"{name.filename}: {quote(part)} is the mark of an editable wheel")
    warned = []
    for member in names:
        place = find_installed_path(member)
        if place.directory == SITE and _FILE.fullmatch(place.path.partition("/")[0]):
            _refuse(f"{quote_name(member)} is a file of an editable wheel")
        if is_path_file(member):
            line = _find_foreign_line(path_files.read_lines(member) or [])
            warned += [f"{quote_name(member)} {line}"] if line else []
    for fault in warned[:_MAX_WARNINGS]:
        findings.warn(Reason.EDITABLE, f"{fault}. {_REMEDY}")


def _find_foreign_line(lines: list[Line]) -> str | None:
    for line in lines:
        if line.is_foreign and not line.is_code:
            text = quote(line.text)
            return f"line {line.number}: {text} is a directory outside of site-packages"
    return None


def _refuse(fault: str) -> None:
    raise Refused(Reason.EDITABLE, f"{fault}. {_REMEDY}")

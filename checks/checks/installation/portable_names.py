"""Names on the file systems of Windows and macOS, and members with one installed path."""

import re
from collections.abc import Callable, Iterable, Iterator

from checks.archive.member_names import MemberNames, fold_name, quote_name
from checks.filenames import ParsedName
from checks.findings import Findings
from checks.installation.installed_paths import find_installed_path
from checks.refusal import Reason, Refused

_RESERVED = re.compile(
    r"(?:con|prn|aux|nul|com[0-9¹²³]|lpt[0-9¹²³]|conin\$|conout\$) *(?:[.:].*)?", re.IGNORECASE
)
"""Names of devices on Windows, with any extension."""
_FORBIDDEN = re.compile(r'[<>:"|?*]')
_DEFAULT_STREAM = re.compile(r"::\$data$|(?::\$i30)?:\$index_allocation$", re.IGNORECASE)
"""Ending of a name that is the same file or directory without it, on NTFS."""
_IGNORED = re.compile("[\u200c-\u200f\u202a-\u202e\u206a-\u206f\ufeff]")
"""Characters that the older file system of macOS ignores."""
_MAX_EXAMPLES = 3


def check_portable_names(names: Iterable[str], name: ParsedName, findings: Findings) -> None:
    """Warn about names that Windows cannot keep, if the wheel can be installed there."""
    if not _has_platform(name, "any", "win"):
        return
    count = 0
    examples: list[str] = []
    for member in names:
        if fault := find_windows_fault(member):
            count += 1
            if len(examples) < _MAX_EXAMPLES:
                examples.append(f"{quote_name(member)} ({fault})")
    if examples:
        more = f" and {count - len(examples)} more" if count > len(examples) else ""
        findings.warn(
            Reason.INSTALLED_PATH,
            f"Windows cannot keep the names of {', '.join(examples)}{more}. Rename the files.",
        )


def find_windows_fault(path: str) -> str | None:
    """Return the reason for which Windows cannot keep a path, or None."""
    for component in path.removesuffix("/").split("/"):
        if _RESERVED.fullmatch(component):
            return f"{quote_name(component)} is a device"
        if match := _FORBIDDEN.search(component):
            return f"it contains `{match[0]}`"
        if component.endswith((".", " ")):
            return "a component ends with a dot or a blank"
    return None


def check_unique_paths(list_names: Callable[[], Iterator[str]], name: ParsedName) -> None:
    """Refuse two members that become one file, on Linux or on a platform of the wheel.

    The archive has no two names that differ only by case or Unicode composition. `list_names` is
    called up to three times.
    """
    fold = _choose_fold(name)
    if all(find_installed_path(member).path == fold(member) == member for member in list_names()):
        return
    seen, directories = MemberNames(), set()
    for member in list_names():
        key = find_installed_path(fold(member)).whole
        if key.endswith("/"):
            folded = fold_name(key)
            if folded in directories:
                continue
            directories.add(folded)
        if fault := seen.add(key):
            _refuse(member, key, fault, _find_partner(list_names(), fold, member, key))


def _refuse(member: str, key: str, fault: str, partner: str | None) -> None:
    conflict = f" (as {quote_name(partner)})" if partner else ""
    raise Refused(
        Reason.INSTALLED_PATH,
        f"member {quote_name(member)} is installed as {quote_name(key)}{conflict}: {fault}."
        " Remove or rename one of them.",
    )


def _find_partner(
    names: Iterable[str], fold: Callable[[str], str], member: str, key: str
) -> str | None:
    """Return the first other member that needs the path of the member, or a path through it."""
    path = fold_name(key)
    for other in names:
        found = fold_name(find_installed_path(fold(other)).whole)
        is_nested = found.startswith(path + b"/") or path.startswith(found + b"/")
        if other != member and (found == path or (is_nested and not other.endswith("/"))):
            return other
    return None


def _choose_fold(name: ParsedName) -> Callable[[str], str]:
    """Return the function to a name that is equal for names of one file, besides `fold_name`."""
    windows = _has_platform(name, "any", "win")
    mac = _has_platform(name, "any", "macosx", "ios")

    def fold(path: str) -> str:
        if mac and not path.isascii():
            path = _IGNORED.sub("", path)
        return "/".join(map(_fold_component, path.split("/"))) if windows else path

    return fold


def _fold_component(component: str) -> str:
    if ":" in component:
        component = _DEFAULT_STREAM.sub("", component)
    return component.rstrip(". ") or component


def _has_platform(name: ParsedName, *prefixes: str) -> bool:
    return any(tag.platform.startswith(prefixes) for tag in name.tags)

"""Dependencies of a release, grouped by extra."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from checks.metadata.field_values import PARSER_FAILURES

MAX_DEPENDENCIES = 500
"""Maximum number of dependencies that a page shows."""
_EXTRA = re.compile(r"""extra\s*==\s*["']([A-Za-z0-9._-]+)["']""")
_AND_EXTRA = re.compile(
    rf"^{_EXTRA.pattern}\s+and\s+|\s+and\s+{_EXTRA.pattern}$|^{_EXTRA.pattern}$"
)


@dataclass(frozen=True, slots=True)
class Dependency:
    """Requirement of a release."""

    project: str
    """Normalised name of the project; empty if the requirement is not valid."""
    name: str
    """Name as written, with its extras; the whole requirement if it is not valid."""
    specifier: str
    """Version specifier or direct URL; empty without one."""
    marker: str
    """Environment marker without the extra of its group; empty without one."""


@dataclass(frozen=True, slots=True)
class DependencyGroup:
    """Dependencies of a release that one extra needs."""

    extra: str
    """Normalised name of the extra; empty for the dependencies of every installation."""
    dependencies: Sequence[Dependency]


def group_dependencies(
    requirements: Sequence[str], extras: Iterable[str]
) -> tuple[list[DependencyGroup], int]:
    """Return the groups, and the number of requirements beyond the limit.

    The first group has the dependencies of every installation. Extras without dependencies follow
    as empty groups.
    """
    groups: dict[str, list[Dependency]] = {"": []}
    for requirement in requirements[:MAX_DEPENDENCIES]:
        extra, dependency = _parse(requirement)
        groups.setdefault(extra, []).append(dependency)
    for extra in list(extras)[:MAX_DEPENDENCIES]:
        groups.setdefault(canonicalize_name(extra), [])
    return _sort_groups(groups), max(0, len(requirements) - MAX_DEPENDENCIES)


def _sort_groups(groups: Mapping[str, Sequence[Dependency]]) -> list[DependencyGroup]:
    return [DependencyGroup(extra, groups[extra]) for extra in sorted(groups)]


def _parse(text: str) -> tuple[str, Dependency]:
    """Return the extra of a requirement, and the dependency."""
    try:
        requirement = Requirement(text)
        marker = str(requirement.marker or "")
    except PARSER_FAILURES:  # nested parentheses exceed the limit of recursion
        return "", Dependency("", text, "", "")
    names = set(map(canonicalize_name, _EXTRA.findall(marker)))
    extra = names.pop() if len(names) == 1 else ""
    suffix = f"[{', '.join(sorted(requirement.extras))}]" if requirement.extras else ""
    dependency = Dependency(
        project=canonicalize_name(requirement.name),
        name=requirement.name + suffix,
        specifier=f"@ {requirement.url}" if requirement.url else str(requirement.specifier),
        marker=_remove_extra(marker) if extra else marker,
    )
    return extra, dependency


def _remove_extra(marker: str) -> str:
    """Remove the extra from a marker if it is one side of an ``and``; other markers stay whole.

    An ``or`` outside of parentheses binds weaker than ``and``, so such a marker stays too.
    """
    shorter = _AND_EXTRA.sub("", marker, count=1)
    outside = re.sub(r"\([^()]*\)", "", shorter)
    if shorter == marker or " or " in outside:
        return marker
    is_enclosed = shorter.startswith("(") and shorter.endswith(")") and shorter.count("(") == 1
    return shorter[1:-1] if is_enclosed else shorter

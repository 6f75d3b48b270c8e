"""Selection of projects by globs, and suggestions for mistyped names."""

from collections.abc import Iterable, Sequence

from checks.filenames import is_match
from gcpypi.connection.page_lookup import suggest
from gcpypi.errors import CommandFailure


def select_projects(names: Iterable[str], globs: Sequence[str], place: str) -> list[str]:
    """Return the normalised names that match a glob, sorted; all names without globs.

    :raises CommandFailure: if a glob matches no name.
    """
    known = sorted(set(names))
    for glob in globs:
        if not any(is_match(name, (glob,)) for name in known):
            hint = suggest(glob, known)
            raise CommandFailure(f"{place} has no project {glob}{hint and f': {hint}'}")
    return [name for name in known if not globs or is_match(name, tuple(globs))]

"""Selection of projects by globs, and suggestions for mistyped names."""

from collections.abc import Iterable, Sequence
from difflib import get_close_matches

from checks.filenames import is_match
from gcpypi.errors import CommandFailure


def select_projects(names: Iterable[str], globs: Sequence[str], place: str) -> list[str]:
    """Return the normalised names that match a glob, sorted; all names without globs.

    :raises CommandFailure: if a glob matches no name.
    """
    known = sorted(set(names))
    for glob in globs:
        if not any(is_match(name, (glob,)) for name in known):
            close = get_close_matches(glob, known, n=1)
            meant = f"; did you mean {close[0]}?" if close else ""
            raise CommandFailure(f"{place} has no project {glob}{meant}")
    return [name for name in known if not globs or is_match(name, tuple(globs))]

"""Installed paths of the members of a wheel (binary distribution format, "Spread").

Installers move the directories of `NAME-VERSION.data` to the paths of their scheme. The rules for
paths apply to the result.
"""

import re
from typing import NamedTuple

SITE, HEADERS, SCRIPTS, PREFIX = "site-packages", "headers", "scripts", "prefix"
"""Directories of an environment. purelib and platlib are one directory in most environments."""

SCHEMES = {
    "purelib": SITE,
    "platlib": SITE,
    "headers": HEADERS,
    "scripts": SCRIPTS,
    "data": PREFIX,
}
"""Directory of each scheme key of `.data`."""
DATA_SUFFIX = ".data"

_SITE_IN_PREFIX = re.compile(
    r"(?:(?:local/)?lib(?:64)?/(?:python|pypy)[0-9.]*t?/(?:site|dist)-packages|lib/site-packages)/",
    re.IGNORECASE,
)
"""`site-packages` below the prefix, on Unix and on Windows."""
_SCRIPTS_IN_PREFIX = re.compile(r"(?:bin|scripts)/", re.IGNORECASE)


class InstalledPath(NamedTuple):
    """Place of a member in an environment."""

    directory: str
    """`SITE`, `HEADERS`, `SCRIPTS` or `PREFIX`; empty for members without a valid scheme key."""
    path: str
    """Path below the directory; empty for the directory itself."""

    @property
    def whole(self) -> str:
        """Directory and path together."""
        return f"{self.directory}/{self.path}"


def split_data_name(name: str) -> tuple[str, str, str] | None:
    """Split the name of a member into `.data` directory, scheme key and path.

    Return None for members outside of `.data`. As in pip, a file `x.data` is inside.
    """
    top, _, rest = name.partition("/")
    if not top.casefold().endswith(DATA_SUFFIX):
        return None
    key, _, path = rest.partition("/")
    return top, key, path


def find_installed_path(name: str) -> InstalledPath:
    """Return the place of a member in an environment."""
    parts = split_data_name(name)
    if parts is None:
        return InstalledPath(SITE, name)
    _, key, path = parts
    directory = SCHEMES.get(key, "")
    if directory != PREFIX:
        return InstalledPath(directory, path)
    if inside := _SITE_IN_PREFIX.match(path):
        return InstalledPath(SITE, path[inside.end() :])
    if inside := _SCRIPTS_IN_PREFIX.match(path):
        return InstalledPath(SCRIPTS, path[inside.end() :])
    return InstalledPath(PREFIX, path)

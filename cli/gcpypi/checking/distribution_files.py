"""Distribution files among the arguments of a command."""

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from gcpypi.errors import CommandFailure

SUFFIXES = (".whl", ".tar.gz")


def find_distributions(paths: Iterable[Path]) -> Sequence[Path]:
    """Return the files of the arguments, and of the folders among them: wheels first, each once.

    A file in the arguments can have any name. Of a folder only wheels and
    ``.tar.gz`` files are returned, and not those of its subfolders.

    :raises CommandFailure: if a path does not exist or is not readable, or if a folder has no
        distribution file.
    """
    found = dict.fromkeys(file for path in paths for file in _expand(path))
    return sorted(found, key=lambda path: (not path.name.endswith(".whl"), path.name, path))


def _expand(path: Path) -> Iterator[Path]:
    try:
        yield from _list_files(path)
    except OSError as error:
        raise CommandFailure(f"{path} is not readable: {error.strerror}") from error


def _list_files(path: Path) -> Iterator[Path]:
    if not path.is_dir():
        if not path.is_file():
            raise CommandFailure(f"there is no file {path}: give wheels, sdists or their folder")
        yield path
        return
    files = [each for each in path.iterdir() if each.name.endswith(SUFFIXES) and each.is_file()]
    if not files:
        raise CommandFailure(
            f"the folder {path} has no wheel and no .tar.gz: build them, for example with uv build"
        )
    yield from files

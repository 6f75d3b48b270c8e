"""Tests that ``.ci/run`` runs on its first Python version only, by path.

Their subject is the repository: its tools, its documents, and protocols between processes. The
images install none of these tools, and the order of the steps of a protocol is the same on each
Python version. Tests of the packages themselves run on each version: ``unit``, ``contract``,
``fuzz``, the programs on a local index, shutdowns, and the servers under load.
"""

from collections.abc import Mapping
from functools import cache
from pathlib import PurePath, PurePosixPath

FIRST_PYTHON: Mapping[str, str] = {
    "chaos/interleaving": "explores the protocol of ingest",
    "chaos/load": "tests benchmarks in a small form",
    "chaos/test_ingest_killed.py": "kills the protocol of ingest at each step",
    "chaos/test_list_revisions.py": "explores the protocol of the pages for people",
    "chaos/test_newest_record.py": "explores the protocol from the indexer to the catalog",
    "chaos/test_no_lost_update.py": "tests the protocol of several indexers",
    "chaos/test_release_pages.py": "explores the protocol of the pages for people",
    "chaos/test_replay_killed.py": "kills the protocol of replay",
    "chaos/test_restored_records.py": "explores the protocol of a restoration",
    "chaos/whole_system": "tests the protocols of all services together",
    "compatibility": "compares the documents of releases",
    "e2e/test_documented_locally.py": "runs the commands of the documentation",
    "unit/benchmarks": "tests benchmarks",
    "unit/deploy": "tests scripts of an installation",
    "unit/docs": "compares pages with the code",
    "unit/testing": "tests the equipment of tests",
}
"""Folders and files of ``tests/``, each with the reason."""


@cache
def find_reason(path: PurePath) -> str | None:
    """Return why one Python version is enough for a test file; None if it runs on each.

    :param path: path of the file, relative to ``tests``.
    """
    found = PurePosixPath(path.as_posix())
    places = (str(each) for each in (found, *found.parents))
    return next((FIRST_PYTHON[place] for place in places if place in FIRST_PYTHON), None)

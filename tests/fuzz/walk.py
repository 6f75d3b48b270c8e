"""``make fuzz``: atheris looks for what ingest reads otherwise than ``zipfile``, or dies of.

Starts from the corpus of the tests. What it finds lies beside its own corpus, as
``.local/fuzz-crash-…``, and belongs into the tests.
"""

import os
import sys
from contextlib import suppress
from pathlib import Path

import atheris  # type: ignore[import-untyped] # lives in an environment of its own

with atheris.instrument_imports(include=["checks", "packaging"]):
    from checks.distribution import verify
    from checks.policy import Policy
    from checks.refusal import Refused
    from testing.corpus.archive import chunked
    from testing.corpus.everything import REFUSALS
    from testing.corpus.oddities import WHEEL_ODDITIES
    from testing.corpus.readers import by_walk, by_zipfile
    from testing.corpus.wheels import FILENAME

LARGEST = 4096
"""Of the archives to start from, in bytes."""


def one_input(data: bytes) -> None:
    """Judge one archive."""
    walked = by_walk(data)
    with suppress(Refused):
        verify(FILENAME, chunked(data, 1 + len(data) // 3), Policy(), len(data))
        assert walked is not None, "verified, though the walk refuses it"
    if walked is not None:
        assert walked == by_zipfile(data)


def seed(directory: Path) -> None:
    """Write the archives to start from."""
    directory.mkdir(parents=True, exist_ok=True)
    builders = [case.build for case in WHEEL_ODDITIES] + [case.build for case in REFUSALS]
    for number, build in enumerate(builders):
        data = build()
        if len(data) <= LARGEST:
            (directory / f"seed-{number}").write_bytes(data)


def main() -> None:
    seeds = Path(os.environ.get("FUZZ_CORPUS", ".local/fuzz"))
    seed(seeds)
    options = [f"-max_len={LARGEST}", f"-artifact_prefix={seeds}-", str(seeds)]
    atheris.Setup([*sys.argv, *options], one_input)
    atheris.Fuzz()


if __name__ == "__main__":
    main()

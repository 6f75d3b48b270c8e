"""``make fuzz``: search with atheris for wheels that crash ingest or differ from ``zipfile``.

The search starts with the corpus of the tests. Each failing input is written to
``.local/fuzz-crash-…``; add it to the corpus.
"""

import os
import sys
from contextlib import suppress
from pathlib import Path

import atheris  # type: ignore[import-untyped] # installed in a separate environment

with atheris.instrument_imports(include=["checks", "packaging"]):
    from checks.distribution import verify
    from checks.policy import Policy
    from checks.refusal import Refused
    from testing.corpus.archive import split_chunks
    from testing.corpus.everything import REFUSALS
    from testing.corpus.oddities import WHEEL_ODDITIES
    from testing.corpus.readers import read_by_walk, read_by_zipfile
    from testing.corpus.wheels import FILENAME

MAX_SIZE = 4096
"""Maximum size of an archive, in bytes."""


def check_input(data: bytes) -> None:
    """Compare the readers for one archive."""
    walked = read_by_walk(data)
    with suppress(Refused):
        verify(FILENAME, split_chunks(data, 1 + len(data) // 3), Policy(), len(data))
        assert walked is not None, "verified, but refused by the ZIP reader"
    if walked is not None:
        assert walked == read_by_zipfile(data)


def write_seeds(directory: Path) -> None:
    """Write the first archives of the search."""
    directory.mkdir(parents=True, exist_ok=True)
    builders = [case.build for case in WHEEL_ODDITIES] + [case.build for case in REFUSALS]
    for number, build in enumerate(builders):
        data = build()
        if len(data) <= MAX_SIZE:
            (directory / f"seed-{number}").write_bytes(data)


def main() -> None:
    seeds = Path(os.environ.get("FUZZ_CORPUS", ".local/fuzz"))
    write_seeds(seeds)
    options = [f"-max_len={MAX_SIZE}", f"-artifact_prefix={seeds}-", str(seeds)]
    atheris.Setup([*sys.argv, *options], check_input)
    atheris.Fuzz()


if __name__ == "__main__":
    main()

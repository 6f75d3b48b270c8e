"""Rows of ``testing/safeguards.toml``: the safeguards, and the tests that need them."""

import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[3]
TABLE = "testing/safeguards.toml"


class OutdatedRow(Exception):
    """Row of the table that no longer agrees with the code."""


@dataclass(frozen=True)
class Safeguard:
    """One row of the table."""

    name: str
    protects: str
    """Promise that the safeguard keeps, in one sentence."""
    file: str
    """Path of the module, from the root of the repository."""
    old: str
    """Text of the safeguard; it occurs once in the file."""
    new: str
    """Text in place of it."""
    tests: tuple[str, ...]
    """Tests in the form ``path::function``. Each fails without the safeguard, or the next one."""

    def remove(self, root: Path) -> str:
        """Return the text of the file without the safeguard.

        :param root: root of the repository, or of a copy.
        :raises OutdatedRow: if the old text does not occur exactly once.
        """
        text = (root / self.file).read_text("utf-8")
        if (count := text.count(self.old)) != 1:
            raise OutdatedRow(
                f"the old text of safeguard {self.name} occurs {count} times in {self.file}: "
                f"mend the row {self.name} of {TABLE}"
            )
        return text.replace(self.old, self.new)


@dataclass(frozen=True)
class SafeguardTable:
    """All rows, and the tests that run if those of a row stay green."""

    safeguards: Sequence[Safeguard]
    wider: tuple[str, ...]


def read_table(root: Path = ROOT) -> SafeguardTable:
    """Read the table."""
    table = tomllib.loads((root / TABLE).read_text("utf-8"))
    rows = [Safeguard(**{**row, "tests": tuple(row["tests"])}) for row in table["safeguard"]]
    return SafeguardTable(rows, tuple(table["wider"]))

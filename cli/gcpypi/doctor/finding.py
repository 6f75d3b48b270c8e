"""Finding of a check, with its remedy."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from enum import StrEnum

from cloud.errors import CloudError, PermissionDenied
from gcpypi.connection.cloud_failures import explain_cloud_error, is_signed_out
from gcpypi.errors import CommandFailure

_ASK = "Ask an owner for the rights of an operator"


class Level(StrEnum):
    """Severity of a finding."""

    OK = "ok"
    WARNING = "warning"
    ERROR = "error"
    UNCHECKED = "not checked"


@dataclass(frozen=True, slots=True)
class Finding:
    """Result of a check."""

    subject: str
    """Part of the index, for example ``bucket incoming``."""
    level: Level
    text: str
    """Fact, or error with its remedy."""


@contextmanager
def collect_failures(subject: str, findings: list[Finding]) -> Iterator[None]:
    """Add a failure inside of the block as a finding: a missing right means "not checked"."""
    try:
        yield
    except PermissionDenied as error:
        findings.append(
            Finding(subject, Level.UNCHECKED, f"your account may not look: {error}. {_ASK}")
        )
    except CloudError as error:
        level = Level.UNCHECKED if is_signed_out(error) else Level.ERROR
        findings.append(Finding(subject, level, str(explain_cloud_error(error))))
    except CommandFailure as failure:
        findings.append(Finding(subject, Level.ERROR, str(failure)))


def find_worst(findings: Sequence[Finding]) -> Level:
    """Return the highest severity: error, then warning, then ok."""
    levels = {each.level for each in findings}
    return next(
        each for each in (Level.ERROR, Level.WARNING, Level.OK) if each in {*levels, Level.OK}
    )

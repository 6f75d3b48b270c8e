"""Cases of the corpus: an archive and the expected result of the checks."""

from collections.abc import Callable
from dataclasses import dataclass

from checks.policy import Policy
from checks.refusal import Reason
from testing.corpus.archive import Archive
from testing.corpus.wheels import FILENAME

DEFAULTS = Policy()


@dataclass(frozen=True)
class Refusal:
    """A file that the checks must refuse with exactly this reason code."""

    title: str
    reason: Reason
    detail: str
    """Part of the expected detail; identifies the check that refused the file."""
    build: Callable[[], bytes]
    filename: str = FILENAME
    policy: Policy = DEFAULTS


@dataclass(frozen=True)
class Oddity:
    """An unusual file that the checks must accept."""

    title: str
    build: Callable[[], bytes]
    filename: str = FILENAME
    warnings: tuple[str, ...] = ()
    """The beginning of each expected warning."""


def make_refusal(
    reason: Reason,
    title: str,
    detail: str,
    build: Callable[[], bytes] | Archive | bytes,
    *,
    filename: str = FILENAME,
    policy: Policy = DEFAULTS,
) -> Refusal:
    return Refusal(title, reason, detail, _builder(build), filename, policy)


def make_oddity(
    title: str,
    build: Callable[[], bytes] | Archive | bytes,
    *,
    filename: str = FILENAME,
    warnings: tuple[str, ...] = (),
) -> Oddity:
    return Oddity(title, _builder(build), filename, warnings)


def _builder(build: Callable[[], bytes] | Archive | bytes) -> Callable[[], bytes]:
    if isinstance(build, Archive):
        return build.build
    if isinstance(build, bytes):
        return lambda: build
    return build

"""One archive of the corpus, and what is to become of it."""

from collections.abc import Callable
from dataclasses import dataclass

from checks.policy import Policy
from checks.refusal import Reason
from testing.corpus.archive import Archive
from testing.corpus.wheels import FILENAME

DEFAULTS = Policy()


@dataclass(frozen=True)
class Refusal:
    """A file that has to be refused with exactly this code, for what `detail` says."""

    title: str
    reason: Reason
    detail: str
    """Part of the sentence: proves that it was this clause that refused."""
    build: Callable[[], bytes]
    filename: str = FILENAME
    policy: Policy = DEFAULTS


@dataclass(frozen=True)
class Oddity:
    """A file that is unusual, and right."""

    title: str
    build: Callable[[], bytes]
    filename: str = FILENAME
    warnings: tuple[str, ...] = ()
    """How each of them starts."""


def refused(
    reason: Reason,
    title: str,
    detail: str,
    build: Callable[[], bytes] | Archive | bytes,
    *,
    filename: str = FILENAME,
    policy: Policy = DEFAULTS,
) -> Refusal:
    return Refusal(title, reason, detail, _builder(build), filename, policy)


def odd(
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

"""Warnings: faults that do not affect installers. Notes: facts that are no faults by the policy."""

from collections.abc import Iterable

from checks.refusal import MAX_QUOTE_LENGTH, Reason, Refused, escape_unprintable


class Findings:
    """List of warnings in the order of discovery; a strict policy refuses the first one."""

    def __init__(self, *, strict: bool = False) -> None:
        self._strict = strict
        self._warnings: list[str] = []
        self._startup_code: tuple[str, ...] = ()

    def warn(self, reason: Reason, sentence: str) -> None:
        """Add a warning with its reason code; raise `Refused` if the policy is strict."""
        if self._strict:
            raise Refused(reason, sentence)
        self._warnings.append(f"{reason}: {escape_unprintable(sentence)}")

    @property
    def warnings(self) -> tuple[str, ...]:
        """Warnings up to now; each begins with its reason code."""
        return tuple(self._warnings)

    def note_startup_code(self, members: Iterable[str]) -> None:
        """Note members with startup code, whether the policy accepts it or not."""
        shortened = (
            name if len(name) <= MAX_QUOTE_LENGTH else f"{name[:MAX_QUOTE_LENGTH]}…"
            for name in members
        )
        self._startup_code = tuple(map(escape_unprintable, shortened))

    @property
    def startup_code(self) -> tuple[str, ...]:
        """Members with startup code, each of at most 100 characters; see `STARTUP_FILES`."""
        return self._startup_code

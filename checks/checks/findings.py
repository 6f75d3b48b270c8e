"""Warnings: faults that do not affect installers."""

from checks.refusal import Reason, Refused, escape_unprintable


class Findings:
    """List of warnings in the order of discovery; a strict policy refuses the first one."""

    def __init__(self, *, strict: bool = False) -> None:
        self._strict = strict
        self._warnings: list[str] = []

    def warn(self, reason: Reason, sentence: str) -> None:
        """Add a warning with its reason code; raise `Refused` if the policy is strict."""
        if self._strict:
            raise Refused(reason, sentence)
        self._warnings.append(f"{reason}: {escape_unprintable(sentence)}")

    @property
    def warnings(self) -> tuple[str, ...]:
        """Warnings up to now; each begins with its reason code."""
        return tuple(self._warnings)

"""What is not as it should be, but is not refused: warnings, unless the policy is strict."""

from checks.refusal import Reason, Refused, printable


class Findings:
    """Collects warnings in the order in which they are found."""

    def __init__(self, *, strict: bool = False) -> None:
        self._strict = strict
        self._sentences: list[str] = []

    def warn(self, reason: Reason, sentence: str) -> None:
        """Note the sentence under the code it belongs to; raise it instead where strict."""
        if self._strict:
            raise Refused(reason, sentence)
        self._sentences.append(f"{reason}: {printable(sentence)}")

    @property
    def sentences(self) -> tuple[str, ...]:
        """The warnings so far, each with its code in front."""
        return tuple(self._sentences)

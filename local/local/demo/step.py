"""One line of the demo: what was done, how long it took, and what came of it."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Step:
    """A step that succeeded."""

    who: str
    seconds: float
    words: str

    def __str__(self) -> str:
        return f"{self.who:<10} {_duration(self.seconds):>7}  {self.words}"


def _duration(seconds: float) -> str:
    return f"{seconds:.1f} s" if seconds >= 1 else f"{seconds * 1000:.0f} ms"

"""Line of the demo's output: actor, duration and result."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Step:
    """Step that succeeded."""

    actor: str
    seconds: float
    result: str

    def __str__(self) -> str:
        return f"{self.actor:<10} {_format_duration(self.seconds):>7}  {self.result}"


def _format_duration(seconds: float) -> str:
    return f"{seconds:.1f} s" if seconds >= 1 else f"{seconds * 1000:.0f} ms"

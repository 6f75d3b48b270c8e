"""Result of a load on one service, its limits in Terraform, and its verdict."""

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

TERRAFORM = Path(__file__).parents[2] / "deploy/terraform/main.tf"
_SERVICE = re.compile(
    r"^ +(?P<name>\w+) += \{ image = .* concurrency = (?P<concurrency>\d+),"
    r' .*memory = "(?P<memory>\d+)(?P<unit>[MG])i"',
    re.MULTILINE,
)


@dataclass(frozen=True)
class ServiceLimits:
    """Limits of an instance of a service."""

    concurrency: int
    """Maximum number of requests at the same time, which Cloud Run enforces."""
    mebibytes: int
    """Memory; an instance that uses more is ended."""


def read_limits(service: str) -> ServiceLimits:
    """Return the limits of a service in Terraform."""
    found = {each["name"]: each for each in _SERVICE.finditer(TERRAFORM.read_text("utf-8"))}
    mebibytes = int(found[service]["memory"]) * {"M": 1, "G": 1024}[found[service]["unit"]]
    return ServiceLimits(int(found[service]["concurrency"]), mebibytes)


@dataclass
class AnswerCounts:
    """Counted responses."""

    statuses: Counter[str] = field(default_factory=Counter)
    """Number of responses by status; the key of a request without one is the error."""
    without_retry_after: int = 0
    """Number of responses 429 and 503 without ``Retry-After``."""

    def add(self, status: int, retry_after: str | None) -> None:
        """Count a response."""
        self.statuses[str(status)] += 1
        if status in (429, 503) and not retry_after:
            self.without_retry_after += 1


@dataclass(frozen=True)
class LoadResult:
    """Result of one load."""

    service: str
    load: str
    """Description of the load."""
    answers: AnswerCounts
    mebibytes: float
    """Peak of the resident memory during the load."""
    seconds: float
    """Duration of the load."""
    usual: float
    """Longest time of a normal request before the load, in seconds."""
    recovery: float | None
    """Seconds from the end of the load until a normal request takes as long as before."""

    def render_row(self) -> str:
        """Render the row of the table."""
        limit = read_limits(self.service).mebibytes
        statuses = ", ".join(f"{s}: {n:,}" for s, n in sorted(self.answers.statuses.items()))
        recovery = "never" if self.recovery is None else f"{self.recovery:.2f} s"
        cells = (
            self.service,
            self.load,
            statuses,
            f"{self.answers.without_retry_after}",
            f"{self.mebibytes:.0f} of {limit}",
            f"{self.seconds:.0f} s",
            f"{self.usual:.2f} s",
            recovery,
        )
        return f"| {' | '.join(cells)} |"

    def list_faults(self, recovery: float) -> Iterator[str]:
        """Yield a sentence for each missed goal.

        :param recovery: goal for the recovery, in seconds.
        """
        limit = read_limits(self.service).mebibytes
        for status, number in self.answers.statuses.items():
            if status not in ("200", "204", "429", "503"):
                yield f"{number} answers are {status}"
        if self.answers.without_retry_after:
            yield f"{self.answers.without_retry_after} answers 429 or 503 have no Retry-After"
        if self.mebibytes > limit:
            yield f"{self.mebibytes:.0f} MiB are more than {limit}, the memory in Terraform"
        if self.recovery is None or self.recovery > recovery:
            yield f"a normal request does not take as long as before within {recovery:g} s"


HEAD = (
    "| service | load | answers | without `Retry-After` | peak memory, MiB | duration"
    " | normal request before | as before after |\n|---|---|---|---:|---:|---:|---:|---:|"
)

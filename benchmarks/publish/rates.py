"""Rates of publishing, and the tables that ``benchmarks.publish.throughput`` prints."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import median

OURS, EARLIER = "gcpypi", "earlier gcpypi"

Rates = dict[tuple[int, str], "list[Rate]"]
"""Rates of the rounds, by files of the index and version of gcpypi."""


@dataclass(frozen=True)
class Rate:
    """Result of one run."""

    wheels: int
    seconds: float
    cpu: Mapping[str, float]
    """CPU seconds of each process."""

    @property
    def files(self) -> float:
        """Files a second."""
        return self.wheels / self.seconds

    @property
    def cpu_per_wheel(self) -> Mapping[str, float]:
        """CPU milliseconds a wheel, of each process and of all."""
        total = sum(self.cpu.values())
        return {n: s / self.wheels * 1000 for n, s in {**self.cpu, "all": total}.items()}


def render_table(rates: Rates) -> str:
    """Render medians of the rounds, and the ratios to the earlier version."""
    names = list(dict.fromkeys(n for runs in rates.values() for n in runs[0].cpu_per_wheel))
    head = ("index (files)", "version", "files/s", *(f"CPU ms a wheel: {names[0]}", *names[1:]))
    lines = [_format_row(head), "|---:|---|" + "---:|" * (len(head) - 2)]
    for (files, version), runs in rates.items():
        cells = (_format_cpu(runs, name) for name in names)
        rate = median(run.files for run in runs)
        lines.append(_format_row((f"{files:,}", version, f"{rate:.1f}", *cells)))
        if version == EARLIER:
            ratios = _compute_ratios(rates[files, OURS], runs, names)
            lines.append(_format_row((f"{files:,}", "ratio", *ratios)))
    return "\n".join(lines)


def _format_cpu(runs: Sequence[Rate], name: str) -> str:
    if name not in runs[0].cpu_per_wheel:
        return ""
    return f"{median(run.cpu_per_wheel[name] for run in runs):.1f}"


def _compute_ratios(
    ours: Sequence[Rate], earlier: Sequence[Rate], names: Sequence[str]
) -> Sequence[str]:
    """Compute medians of our values as multiples of the earlier ones, within a round."""
    pairs = list(zip(ours, earlier, strict=True))
    ratios = [f"{median(new.files / old.files for new, old in pairs):.2f}"]
    for name in names:
        values = [(new.cpu_per_wheel.get(name), old.cpu_per_wheel.get(name)) for new, old in pairs]
        found = [new / old for new, old in values if new is not None and old]
        ratios.append(f"{median(found):.2f}" if found else "")
    return ratios


def _format_row(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"

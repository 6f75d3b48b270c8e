"""The table that ``benchmarks.read`` prints."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import median

from benchmarks.harness.wrk import Burst

OURS, EARLIER, STARLETTE, ASGI = "gcpypi", "earlier gcpypi", "bare Starlette", "bare ASGI"


@dataclass(frozen=True)
class Results:
    """What was measured."""

    bursts: Mapping[tuple[str, str], Sequence[Burst]]
    """By what was asked for, and whom."""
    memory: Mapping[str, float]
    """MiB after it all, by whom."""
    direct: float
    """MB/s of reading 50 MB by the proxy's client without the proxy,"""
    storage: float
    """and by wrk."""

    def rate(self, what: str, name: str) -> float:
        """Requests a second."""
        return median(burst.rate for burst in self.bursts.get((what, name), (_NONE,)))

    def p99(self, what: str, name: str) -> float:
        """Milliseconds."""
        return median(burst.p99 for burst in self.bursts.get((what, name), (_NONE,)))

    def ratio(self, what: str, others: str, like: str | None = None) -> float:
        """Our requests a second, in times of another's in the same round.

        :param like: what the other was asked for, if not the same.
        """
        pairs = zip(self.bursts[what, OURS], self.bursts[like or what, others], strict=True)
        return median(ours.rate / theirs.rate for ours, theirs in pairs)


_NONE = Burst(float("nan"), float("nan"), float("nan"), 0)


def printed(results: Results, names: Sequence[str], missing: Mapping[str, str]) -> str:
    """The table and what cannot be put into it."""
    others = [name for name in names if name != OURS]
    head = [
        "requests/s (p99, ms)",
        OURS,
        "of Starlette",
        "of ASGI",
        "p99 of Starlette's",
        *(("of earlier",) if EARLIER in names else ()),
        *others,
        *missing,
    ]
    lines = [_row(head), "|---|" + "---:|" * (len(head) - 1)]
    for what in dict.fromkeys(what for what, _ in results.bursts):
        lines.append(
            _row([what, *_ours(results, what), *(_cell(results, what, n) for n in others)])
        )
    ours, *memory = (f"{results.memory[name]:.0f}" for name in names)
    blank = [""] * (len(head) - len(others) - len(missing) - 2)
    lines.append(_row(["MiB of memory after it", ours, *blank, *memory]))
    streamed = median(burst.megabytes for burst in results.bursts["50 MB wheel", OURS])
    lines += [
        "",
        f"50 MB: {streamed:.0f} MB/s through the proxy, {results.direct:.0f} MB/s by its client "
        f"without it ({streamed / results.direct:.2f}), {results.storage:.0f} MB/s by wrk from the "
        f"storage server ({streamed / results.storage:.2f}).",
        *(f"{name} is not measured: {reason}" for name, reason in missing.items()),
    ]
    return "\n".join(lines)


def _ours(results: Results, what: str) -> list[str]:
    like = "10 KB wheel" if what.startswith("10 KB wheel") else what
    has_earlier = any(name == EARLIER for _, name in results.bursts)
    earlier = f"{results.ratio(what, EARLIER):.2f}" if (what, EARLIER) in results.bursts else ""
    return [
        _cell(results, what, OURS),
        f"{results.ratio(what, STARLETTE, like):.2f}",
        f"{results.ratio(what, ASGI, like):.2f}",
        f"{results.p99(what, OURS) / results.p99(like, STARLETTE):.2f}",
        *((earlier,) if has_earlier else ()),
    ]


def _cell(results: Results, what: str, name: str) -> str:
    """Rate and p99; a star where answers failed."""
    bursts = results.bursts.get((what, name))
    if not bursts:
        return ""
    failed = "*" if any(burst.failed for burst in bursts) else ""
    rate = results.rate(what, name)
    shown = f"{rate:,.0f}" if rate >= 10 else f"{rate:.1f}"
    return f"{shown} ({results.p99(what, name):.1f}){failed}"


def _row(cells: Sequence[str]) -> str:
    return "| " + " | ".join(cells) + " |"

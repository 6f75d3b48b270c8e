"""The table that ``benchmarks.read`` prints."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import median

from benchmarks.harness.server_process import GZIPPED
from benchmarks.harness.wrk import Burst

OURS, EARLIER, STARLETTE, ASGI = "gcpypi", "earlier gcpypi", "bare Starlette", "bare ASGI"


@dataclass(frozen=True)
class Results:
    """Results of a run."""

    bursts: Mapping[tuple[str, str], Sequence[Burst]]
    """Bursts by request and server."""
    memory: Mapping[str, float]
    """MiB after the run, by server."""
    direct: float
    """MB/s of reading 50 MB by the proxy's client without the proxy."""
    storage: float
    """MB/s of the same by wrk."""
    lengths: Mapping[str, int]
    """Bytes of our pages on the wire, by request."""

    def compute_rate(self, request: str, name: str) -> float:
        """Return the requests a second."""
        return median(burst.rate for burst in self.bursts.get((request, name), (_NONE,)))

    def compute_p99(self, request: str, name: str) -> float:
        """Return milliseconds."""
        return median(burst.p99 for burst in self.bursts.get((request, name), (_NONE,)))

    def compute_ratio(self, request: str, others: str, other_request: str | None = None) -> float:
        """Return our requests a second as a multiple of another's, within a round.

        :param other_request: the request to the other server, if it differs.
        """
        pairs = zip(
            self.bursts[request, OURS], self.bursts[other_request or request, others], strict=True
        )
        return median(ours.rate / theirs.rate for ours, theirs in pairs)


_NONE = Burst(float("nan"), float("nan"), float("nan"), 0)


def render_table(results: Results, names: Sequence[str], missing: Mapping[str, str]) -> str:
    """Render the table and the reasons for missing servers."""
    others = [name for name in names if name != OURS]
    head = [
        "requests/s (p99, ms)",
        OURS,
        "ratio to Starlette",
        "ratio to ASGI",
        "p99, ratio to Starlette",
        *(("ratio to earlier",) if EARLIER in names else ()),
        *others,
        *missing,
    ]
    lines = [_format_row(head), "|---|" + "---:|" * (len(head) - 1)]
    for request in dict.fromkeys(request for request, _ in results.bursts):
        lines.append(
            _format_row(
                [
                    request,
                    *_format_own_cells(results, request),
                    *(_format_cell(results, request, n) for n in others),
                ]
            )
        )
    ours, *memory = (f"{results.memory[name]:.0f}" for name in names)
    blank = [""] * (len(head) - len(others) - len(missing) - 2)
    lines.append(_format_row(["MiB of memory afterwards", ours, *blank, *memory]))
    streamed = median(burst.megabytes for burst in results.bursts["50 MB wheel", OURS])
    lines += [
        "",
        f"50 MB: {streamed:.0f} MB/s through the proxy, {results.direct:.0f} MB/s by its client "
        f"without the proxy ({streamed / results.direct:.2f}), {results.storage:.0f} MB/s by wrk "
        f"from the storage server ({streamed / results.storage:.2f}).",
        *(
            f"{request}: {length:,} bytes, {results.lengths[request + GZIPPED]:,} gzipped."
            for request, length in results.lengths.items()
            if request + GZIPPED in results.lengths
        ),
        *(f"{name} is not measured: {reason}" for name, reason in missing.items()),
    ]
    return "\n".join(lines)


def _format_own_cells(results: Results, request: str) -> list[str]:
    other_request = "10 KB wheel" if request.startswith("10 KB wheel") else request
    has_earlier = any(name == EARLIER for _, name in results.bursts)
    earlier = (
        f"{results.compute_ratio(request, EARLIER):.2f}"
        if (request, EARLIER) in results.bursts
        else ""
    )
    return [
        _format_cell(results, request, OURS),
        f"{results.compute_ratio(request, STARLETTE, other_request):.2f}",
        f"{results.compute_ratio(request, ASGI, other_request):.2f}",
        f"{results.compute_p99(request, OURS) / results.compute_p99(other_request, STARLETTE):.2f}",
        *((earlier,) if has_earlier else ()),
    ]


def _format_cell(results: Results, request: str, name: str) -> str:
    """Format rate and p99, with a star if responses failed."""
    bursts = results.bursts.get((request, name))
    if not bursts:
        return ""
    failed = "*" if any(burst.failed for burst in bursts) else ""
    rate = results.compute_rate(request, name)
    shown = f"{rate:,.0f}" if rate >= 10 else f"{rate:.1f}"
    return f"{shown} ({results.compute_p99(request, name):.1f}){failed}"


def _format_row(cells: Sequence[str]) -> str:
    return "| " + " | ".join(cells) + " |"

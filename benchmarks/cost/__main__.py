"""Monthly costs: counted operations times list prices, compared with two other services.

``python -m benchmarks.cost`` prints the tables of docs/cost.md.
tests/unit/docs/test_cost.py compares the page with them.
"""

import argparse
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from benchmarks.cost.prices import Prices
from benchmarks.cost.usage import WHEEL_BYTES, Usage, count_installs, count_publish

GIB = 1024**3
DAYS = 30
LOG_ROUNDING = 100
"""Bytes. Lengths of log lines are rounded up, because the digits of times vary."""


@dataclass(frozen=True)
class Scenario:
    """Daily use of an index."""

    installs: int
    """Installs a day."""
    publishes: int
    """Publishes a day."""

    @property
    def files(self) -> int:
        """Number of files after a year."""
        return 365 * self.publishes


SCENARIOS = (Scenario(10, 1), Scenario(1_000, 10), Scenario(100_000, 100))

FILES = 1_000
"""Files in the index that a publish is counted on. ``benchmarks.publish`` uses other sizes."""

# Assumptions about quantities that cannot be counted here. Each is rather too high than too low.
INSTALL_SECONDS = 0.4
PUBLISH_SECONDS = 4.0
MEMORY = 0.5
REQUEST_LOG = 1_000
IMAGES = 2.0
VERSIONS = 10
REFRESH = 30.0
OTHERS_REQUESTS = 2

ASSUMPTIONS = {
    "size of a file": f"{WHEEL_BYTES:,} bytes; the index has the files of a year, none is deleted",
    "install": "one of our packages, with an empty client cache, from an idle instance",
    "Cloud Run time of an install": f"{INSTALL_SECONDS} s at 1 vCPU and {MEMORY} GiB, no overlap",
    "Cloud Run time of a publish": f"{PUBLISH_SECONDS} s, all pushes together",
    "log line of Cloud Run for a request": f"{REQUEST_LOG:,} bytes",
    "our images in Artifact Registry": f"{IMAGES:g} GiB, ten releases",
    "versions of the secret": f"{VERSIONS}: each change of tokens adds one; destroy old ones",
    "reads of the secret": f"every {REFRESH:g} s per instance, or one per install if that is less",
    "requests to CodeArtifact per install": f"{OTHERS_REQUESTS}, the page and the file",
}

Quantities = Mapping[str, float]


def compute_quantities(scenario: Scenario, publish: Usage, install: Usage) -> Quantities:
    """Return the monthly quantities, by the names of the prices."""
    publishes, installs = DAYS * scenario.publishes, DAYS * scenario.installs
    requests = publishes * publish.requests + installs * install.requests
    seconds = publishes * PUBLISH_SECONDS + installs * INSTALL_SECONDS
    lines = publishes * _round_up(publish.log_bytes) + installs * _round_up(install.log_bytes)
    return {
        "stored": _compute_stored(scenario),
        "class_a": publishes * publish.class_a + installs * install.class_a,
        "class_b": publishes * publish.class_b + installs * install.class_b,
        "run_requests": requests,
        "run_cpu": seconds,
        "run_memory": seconds * MEMORY,
        "messages": publishes * publish.message_bytes / GIB,
        "logs": (lines + requests * REQUEST_LOG) / GIB,
        "secret_reads": min(installs * install.secret_reads, DAYS * 86_400 / REFRESH),
        "secret_versions": VERSIONS,
        "images": IMAGES,
    }


def _compute_stored(scenario: Scenario) -> float:
    """Return the GiB of all files and of the uploads of the last 45 days."""
    return (scenario.files + 45 * scenario.publishes) * WHEEL_BYTES / GIB


def _compute_sent(scenario: Scenario, install: Usage) -> float:
    return DAYS * scenario.installs * install.sent_bytes / GIB


def _round_up(length: int) -> int:
    return -(-length // LOG_ROUNDING) * LOG_ROUNDING


def main() -> int:
    """Print the tables."""
    argparse.ArgumentParser(description=__doc__).parse_args()
    prices, publish, installs = Prices.read(), count_publish(FILES), count_installs()
    used = {s: compute_quantities(s, publish, installs["idle"]) for s in SCENARIOS}
    sections = (
        ("Counted usage", _render_usage(publish, installs)),
        ("Assumptions", _render_assumptions()),
        ("Costs a month", _render_costs(prices, used, installs["idle"])),
        ("Comparison with others", _render_comparison(prices, used, installs["idle"])),
        (f"Prices, as of {prices.looked_up}", _render_prices(prices)),
    )
    print("\n\n".join(f"## {title}\n\n" + "\n".join(lines) for title, lines in sections))
    return 0


def _render_usage(publish: Usage, installs: Mapping[str, Usage]) -> Iterator[str]:
    yield (
        "| | class A | class B | requests | log | messages | sent | reads of the secret |\n"
        "|---|---:|---:|---:|---:|---:|---:|---:|"
    )
    named = {
        "publish": publish,
        "install, first of an instance": installs["first"],
        "install from an idle instance": installs["idle"],
        "install directly after another": installs["again"],
    }
    for name, use in named.items():
        yield (
            f"| {name} | {use.class_a} | {use.class_b} | {use.requests}"
            f" | ≤ {_round_up(use.log_bytes):,} B | {use.message_bytes:,} B"
            f" | {use.sent_bytes:,} B | {use.secret_reads} |"
        )


def _render_assumptions() -> Iterator[str]:
    yield "| quantity | assumption |\n|---|---|"
    for quantity, assumption in ASSUMPTIONS.items():
        yield f"| {quantity} | {assumption} |"


def _render_head(first: str) -> str:
    titles = (f"{s.installs:,} installs, {s.publishes} publishes a day" for s in SCENARIOS)
    return f"| {first} | {' | '.join(titles)} |\n|---|---:|---:|---:|"


def _render_row(title: str, amounts: Iterator[float]) -> str:
    return f"| {title} | {' | '.join(f'${amount:,.2f}' for amount in amounts)} |"


def _render_costs(
    prices: Prices, used: Mapping[Scenario, Quantities], install: Usage
) -> Iterator[str]:
    yield _render_head("after the free allotments")
    for name in used[SCENARIOS[0]]:
        yield _render_row(
            prices[name].what, (prices[name].charge(used[s][name]) for s in SCENARIOS)
        )
    yield _render_row(
        "**all, clients in the same region**", (_add_up(prices, used[s]) for s in SCENARIOS)
    )
    egress = prices["google_egress"]
    yield _render_row(egress.what, (egress.charge(_compute_sent(s, install)) for s in SCENARIOS))
    yield _render_row(
        "all without free allotments, clients in the same region",
        (sum(prices[name].charge(q, free=False) for name, q in used[s].items()) for s in SCENARIOS),
    )


def _add_up(prices: Prices, quantities: Quantities) -> float:
    return sum(prices[name].charge(quantity) for name, quantity in quantities.items())


def _render_comparison(
    prices: Prices, used: Mapping[Scenario, Quantities], install: Usage
) -> Iterator[str]:
    stored = {s: s.files * WHEEL_BYTES / GIB for s in SCENARIOS}
    requests = {s: DAYS * (s.installs * OTHERS_REQUESTS + s.publishes) for s in SCENARIOS}
    costs = {
        "gcpypi": [_add_up(prices, used[s]) for s in SCENARIOS],
        "Artifact Registry": [prices["images"].charge(stored[s]) for s in SCENARIOS],
        "AWS CodeArtifact": [
            prices["codeartifact_stored"].charge(stored[s])
            + prices["codeartifact_requests"].charge(requests[s])
            for s in SCENARIOS
        ],
    }
    yield _render_head("after the free allotments")
    for name, amounts in costs.items():
        yield _render_row(f"{name}, clients in the same region", iter(amounts))
    for name, amounts in costs.items():
        egress = prices["aws_egress" if "AWS" in name else "google_egress"]
        leaving = (egress.charge(_compute_sent(scenario, install)) for scenario in SCENARIOS)
        yield _render_row(
            f"{name}, clients on the internet", map(sum, zip(amounts, leaving, strict=True))
        )


def _render_prices(prices: Prices) -> Iterator[str]:
    yield "| item | price | free a month | source |\n|---|---:|---:|---|"
    for price in prices.prices.values():
        steps = price.tiers or ((None, price.usd),)
        amounts = ", ".join(f"${_format_number(usd)}" for _, usd in steps)
        per = f" per {price.per:,.0f}" if price.per != 1 else ""
        source = f"<{price.source}> ({price.basis})"
        yield f"| {price.what} | {amounts}{per} | {_format_number(price.free)} | {source} |"


def _format_number(number: float) -> str:
    """Format a number without exponent and trailing zeros."""
    return f"{number:,.7f}".rstrip("0").rstrip(".")


if __name__ == "__main__":
    sys.exit(main())

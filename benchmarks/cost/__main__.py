"""What the index costs a month: counted operations, times list prices; two others beside it.

``python -m benchmarks.cost`` prints the tables of docs/cost.md, and
tests/unit/docs/test_cost.py holds the page to them.
"""

import argparse
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from benchmarks.cost.counts import WHEEL_BYTES, Use, installing, publishing
from benchmarks.cost.prices import Prices

GIB = 1024**3
DAYS = 30
ROUNDED = 100
"""Bytes to which lengths of log lines are rounded up: they vary with the digits of a time."""


@dataclass(frozen=True)
class Scenario:
    """How much an index is used."""

    installs: int
    """A day."""
    publishes: int
    """A day."""

    def files(self) -> int:
        """How many files there are after a year."""
        return 365 * self.publishes


SCENARIOS = (Scenario(10, 1), Scenario(1_000, 10), Scenario(100_000, 100))

FILES = 1_000
"""How many files the index has that a publish is counted on; ``benchmarks.publish`` has others."""

# What cannot be counted here. Each is meant to be too much rather than too little.
INSTALL_SECONDS = 0.4
PUBLISH_SECONDS = 4.0
MEMORY = 0.5
REQUEST_LOG = 1_000
IMAGES = 2.0
VERSIONS = 10
REFRESH = 30.0
OTHERS_REQUESTS = 2

ASSUMED = {
    "a file": f"{WHEEL_BYTES:,} bytes; the index has those of a year, none is ever deleted",
    "an install": "one of our packages, nothing in the client's cache, on a proxy that rested",
    "Cloud Run serves an install": f"{INSTALL_SECONDS} s at 1 vCPU and {MEMORY} GiB, none overlaps",
    "Cloud Run serves a publish": f"{PUBLISH_SECONDS} s, all pushes together",
    "Cloud Run's own log of a request": f"{REQUEST_LOG:,} bytes",
    "our images in Artifact Registry": f"{IMAGES:g} GiB, ten releases",
    "versions of the secret": f"{VERSIONS}: each change of tokens adds one; destroy the old",
    "the secret is read": f"every {REFRESH:g} s of an instance, or once an install if that is less",
    "CodeArtifact counts an install as": f"{OTHERS_REQUESTS} requests, the page and the file",
}

Quantities = Mapping[str, float]


def quantities(scenario: Scenario, publish: Use, install: Use) -> Quantities:
    """What a month uses, by the names of the prices."""
    publishes, installs = DAYS * scenario.publishes, DAYS * scenario.installs
    requests = publishes * publish.requests + installs * install.requests
    seconds = publishes * PUBLISH_SECONDS + installs * INSTALL_SECONDS
    lines = publishes * _rounded(publish.log_bytes) + installs * _rounded(install.log_bytes)
    return {
        "stored": _stored(scenario),
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


def _stored(scenario: Scenario) -> float:
    """GiB: the files, and what was uploaded in the last 45 days."""
    return (scenario.files() + 45 * scenario.publishes) * WHEEL_BYTES / GIB


def _sent(scenario: Scenario, install: Use) -> float:
    return DAYS * scenario.installs * install.sent_bytes / GIB


def _rounded(length: int) -> int:
    return -(-length // ROUNDED) * ROUNDED


def main() -> int:
    """Print the tables."""
    argparse.ArgumentParser(description=__doc__).parse_args()
    prices, publish, installs = Prices.read(), publishing(FILES), installing()
    used = {s: quantities(s, publish, installs["rested"]) for s in SCENARIOS}
    sections = (
        ("What was counted", _counted(publish, installs)),
        ("What is assumed", _assumed()),
        ("What it costs a month", _costs(prices, used, installs["rested"])),
        ("Beside others", _beside(prices, used, installs["rested"])),
        (f"The prices, as of {prices.looked_up}", _price_table(prices)),
    )
    print("\n\n".join(f"## {title}\n\n" + "\n".join(lines) for title, lines in sections))
    return 0


def _counted(publish: Use, installs: Mapping[str, Use]) -> Iterator[str]:
    yield (
        "| | class A | class B | requests | log | messages | sent | reads of the secret |\n"
        "|---|---:|---:|---:|---:|---:|---:|---:|"
    )
    named = {
        "a publish": publish,
        "an install, the first of an instance": installs["first"],
        "an install, on one that rested": installs["rested"],
        "an install, right after another": installs["again"],
    }
    for name, use in named.items():
        yield (
            f"| {name} | {use.class_a} | {use.class_b} | {use.requests}"
            f" | ≤ {_rounded(use.log_bytes):,} B | {use.message_bytes:,} B"
            f" | {use.sent_bytes:,} B | {use.secret_reads} |"
        )


def _assumed() -> Iterator[str]:
    yield "| what | how much |\n|---|---|"
    for what, how_much in ASSUMED.items():
        yield f"| {what} | {how_much} |"


def _head(first: str) -> str:
    titles = (f"{s.installs:,} installs, {s.publishes} publishes a day" for s in SCENARIOS)
    return f"| {first} | {' | '.join(titles)} |\n|---|---:|---:|---:|"


def _row(title: str, amounts: Iterator[float]) -> str:
    return f"| {title} | {' | '.join(f'${amount:,.2f}' for amount in amounts)} |"


def _costs(prices: Prices, used: Mapping[Scenario, Quantities], install: Use) -> Iterator[str]:
    yield _head("after the free allotments")
    for name in used[SCENARIOS[0]]:
        yield _row(prices[name].what, (prices[name].of(used[s][name]) for s in SCENARIOS))
    yield _row("**all, clients in the same region**", (_ours(prices, used[s]) for s in SCENARIOS))
    egress = prices["google_egress"]
    yield _row(egress.what, (egress.of(_sent(s, install)) for s in SCENARIOS))
    yield _row(
        "all, as if nothing were free, clients in the same region",
        (sum(prices[name].of(q, free=False) for name, q in used[s].items()) for s in SCENARIOS),
    )


def _ours(prices: Prices, quantities: Quantities) -> float:
    return sum(prices[name].of(quantity) for name, quantity in quantities.items())


def _beside(prices: Prices, used: Mapping[Scenario, Quantities], install: Use) -> Iterator[str]:
    stored = {s: s.files() * WHEEL_BYTES / GIB for s in SCENARIOS}
    asked = {s: DAYS * (s.installs * OTHERS_REQUESTS + s.publishes) for s in SCENARIOS}
    here = {
        "gcpypi": [_ours(prices, used[s]) for s in SCENARIOS],
        "Artifact Registry": [prices["images"].of(stored[s]) for s in SCENARIOS],
        "AWS CodeArtifact": [
            prices["codeartifact_stored"].of(stored[s])
            + prices["codeartifact_requests"].of(asked[s])
            for s in SCENARIOS
        ],
    }
    yield _head("after the free allotments")
    for name, amounts in here.items():
        yield _row(f"{name}, clients in the same region", iter(amounts))
    for name, amounts in here.items():
        egress = prices["aws_egress" if "AWS" in name else "google_egress"]
        leaving = (egress.of(_sent(scenario, install)) for scenario in SCENARIOS)
        yield _row(f"{name}, clients on the internet", map(sum, zip(amounts, leaving, strict=True)))


def _price_table(prices: Prices) -> Iterator[str]:
    yield "| what | price | free a month | source |\n|---|---:|---:|---|"
    for price in prices.prices.values():
        steps = price.tiers or ((None, price.usd),)
        said = ", ".join(f"${_plain(usd)}" for _, usd in steps)
        per = f" per {price.per:,.0f}" if price.per != 1 else ""
        where = f"<{price.source}> ({price.basis})"
        yield f"| {price.what} | {said}{per} | {_plain(price.free)} | {where} |"


def _plain(number: float) -> str:
    """Write a number without an exponent, and without zeros at its end."""
    return f"{number:,.7f}".rstrip("0").rstrip(".")


if __name__ == "__main__":
    sys.exit(main())

"""Storage operations of a publish, counted on the strict Cloud Storage over HTTP.

``--by-service`` prints only the operations of each service for a single wheel.

The services run unchanged on a stand-in for Cloud Storage. The fake takes one write a second to
a name, as Cloud Storage does. Class A (writes, lists and rewrites) costs about ten times class B.
The upload by CI and the runs of the catalog are not included.
"""

import argparse
import os
import sys
import time
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from benchmarks.harness.seeded_index import make_project_name, seed
from cloud import storage
from cloud.storage import StorageBucket
from schemas.events import FileUploaded, ProjectPublished
from testing.fakes.small_wheels import build_wheel
from testing.services.pipeline import BUCKETS, Pipeline
from testing.storage import FakeStorage, StorageServer

SIZES = (100, 10_000, 100_000)
TAGS = [f"py3{minor}-none-any" for minor in range(50)]
"""Tags of the wheels of a release."""
INTERVAL = 1.0
"""Seconds between two writes to one name that the fake takes, as Cloud Storage does."""
SERVICES = {
    "ingest": "ingest-file-uploaded",
    "indexer": "indexer-file-accepted",
    "publisher": "publisher-project",
    "web": "web-project",
}
"""Subscriptions of the services of a wheel, in the order of their work."""
CATALOG = "publisher-catalog"
"""Subscription of the catalog, which is not counted."""
MOST_SINGLE = 14
"""Goal: class A operations of a single wheel."""
MOST_RELEASE = 4.0
"""Goal: class A operations a wheel, in a release of many."""


@dataclass(frozen=True)
class Cost:
    """Operations for one announcement of ``wheels`` wheels."""

    wheels: int
    requests: Counter[str]
    billed: Counter[str]

    def format_cells(self) -> str:
        """Format the last cells of a row, each figure per wheel."""
        operations = (f"{n / self.wheels:.3g} {name}" for name, n in sorted(self.requests.items()))
        a, b = (self.billed[kind] / self.wheels for kind in "AB")
        return f"{a:.3g} | {b:.3g} | {', '.join(operations)} |"

    def subtract(self, other: "Cost") -> "Cost":
        """Return the operations that another cost does not have."""
        requests, billed = self.requests - other.requests, self.billed - other.billed
        return Cost(self.wheels, requests, billed)


class CountedPipeline:
    """The services on a new storage that holds ``files`` files.

    :param silent: subscriptions without delivery.
    """

    def __init__(
        self, server: StorageServer, files: int, silent: Iterable[str] = (CATALOG,)
    ) -> None:
        self._storage = server.storage
        self._storage.reset()
        for bucket in BUCKETS:
            self._storage.create_bucket(bucket, versioning=bucket == "metadata")
        seed(self._storage, files)
        self._storage.write_interval = INTERVAL
        time.sleep(INTERVAL)  # so that the first write is not too early
        client = storage.connect("gcpypi-bench")
        buckets = {bucket: StorageBucket(client, bucket) for bucket in BUCKETS}
        self._pipeline = Pipeline(buckets.__getitem__, silent=frozenset(silent))

    def publish(self, tags: Sequence[str]) -> Cost:
        """Announce a new release of an existing project: a wheel of each tag, all at once."""
        spelled = make_project_name(0).replace("-", "_")
        uploads = [self._upload(spelled, tag) for tag in tags]
        self._storage.counts.clear()
        self._pipeline.run(*uploads)
        if not self._pipeline.silent & {*SERVICES.values()}:
            self._check(len(tags))
        counts = self._storage.counts
        return Cost(len(tags), Counter(counts.requests), Counter(counts.billed))

    def _upload(self, project: str, tag: str) -> FileUploaded:
        name = f"ci/1/{project}-7.0-{tag}.whl"
        self._storage.insert("incoming", name, build_wheel(project, "7.0", tag=tag))
        return FileUploaded(bucket="incoming", name=name)

    def _check(self, wheels: int) -> None:
        """Check that all wheels were published.

        Otherwise the count would be too low.
        """
        published = [m for m in self._pipeline.messages if isinstance(m, ProjectPublished)]
        newest = max(published, key=lambda message: message.record_revision)
        if self._pipeline.dead or len(newest.filenames) < wheels:
            raise RuntimeError(f"not published: {self._pipeline.dead}")


def main() -> int:
    """Print the tables; return 1 if a goal is missed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--by-service", action="store_true", help="count for each service")
    by_service = parser.parse_args().by_service
    with StorageServer(FakeStorage()) as server:
        os.environ["STORAGE_EMULATOR_HOST"] = server.url
        if by_service:
            return _print_services(server)
        print("A wheel's cost, by the index it goes into:\n")
        print("| index (files) | wheels at once | class A | class B | requests a wheel |")
        print("|---:|---:|---:|---:|---|")
        single = {files: CountedPipeline(server, files).publish(TAGS[:1]) for files in SIZES}
        for files, cost in single.items():
            print(f"| {files:,} | 1 | {cost.format_cells()}")
        release = CountedPipeline(server, SIZES[0]).publish(TAGS)
        print(f"| {SIZES[0]:,} | {release.wheels} | {release.format_cells()}")
    return _report_goals(list(single.values()), release)


def _print_services(server: StorageServer) -> int:
    """Print the operations that each service adds to those of the services before it."""
    print("| service | class A | class B | requests of a wheel |")
    print("|---|---:|---:|---|")
    before = Cost(1, Counter(), Counter())
    for number, service in enumerate(SERVICES, 1):
        silent = (CATALOG, *list(SERVICES.values())[number:])
        cost = CountedPipeline(server, SIZES[0], silent).publish(TAGS[:1])
        print(f"| {service} | {cost.subtract(before).format_cells()}")
        before = cost
    return 0


def _report_goals(single: Sequence[Cost], release: Cost) -> int:
    totals = [sum(cost.requests.values()) for cost in single]
    most = max(cost.billed["A"] for cost in single)
    share = release.billed["A"] / release.wheels
    goals = {
        f"the same at any size, give or take one: {totals}": max(totals) - min(totals) <= 1,
        f"at most {MOST_SINGLE} class A for a wheel: {most}": most <= MOST_SINGLE,
        f"at most {MOST_RELEASE} class A a wheel of a release: {share:.3g}": share <= MOST_RELEASE,
    }
    print()
    for words, met in goals.items():
        print(f"{'met   ' if met else 'MISSED'} {words}")
    return 0 if all(goals.values()) else 1


if __name__ == "__main__":
    sys.exit(main())

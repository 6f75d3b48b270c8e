"""CPU time of one storage request by three clients, against the strict Cloud Storage.

    python -m benchmarks.publish.storage_calls [--rounds 20]

Google's library and urllib3 send the same requests as the services. Each round runs every client.
The results are minima, because other processes on the machine only add. The decision is
docs/adr/0026.
"""

import argparse
import itertools
import json
import os
import time
from collections import defaultdict
from collections.abc import Callable, Mapping

import urllib3

from cloud import storage
from cloud.json_requests.object_resource import encode_query, locate_object, parse_info
from cloud.ports import Headers
from cloud.storage import DirectClient, StorageBucket
from testing.fakes.bucket_factories import connect_library
from testing.storage import FakeStorage, StorageServer

BUCKET, NAME = "bench", "acme/1/acme-1.0-py3-none-any.whl"
DATA = bytes(2000)
HEADERS = Headers("application/json", "no-store", {"record-revision": "1"})
CALLS = 100

_numbers = itertools.count()

Call = Callable[[], object]


def make_calls(client: DirectClient, url: str) -> Mapping[str, Mapping[str, Call]]:
    """Return the calls by operation and client."""
    library = connect_library("gcpypi-bench")
    ours, google = StorageBucket(client, BUCKET), library.bucket(BUCKET)
    pool = urllib3.connection_from_url(url, timeout=urllib3.Timeout(5, 60), retries=False)
    path = f"/storage/v1{locate_object(BUCKET, NAME)}?{encode_query()}"

    def stat_by_urllib3() -> object:
        return parse_info(json.loads(pool.urlopen("GET", path, redirect=False).data))

    def write_by_library() -> object:
        blob = google.blob(f"library/{next(_numbers)}")
        return blob.upload_from_string(DATA, if_generation_match=0, checksum="crc32c")

    def write() -> object:
        return ours.write(f"ours/{next(_numbers)}", DATA, HEADERS, if_generation=0)

    return {
        "stat": {
            "library": lambda: google.blob(NAME).reload(),
            "urllib3": stat_by_urllib3,
            "libcurl": lambda: ours.stat(NAME),
        },
        "read": {
            "library": lambda: google.blob(NAME).download_as_bytes(raw_download=True),
            "libcurl": lambda: ours.read(NAME),
        },
        "write": {"library": write_by_library, "libcurl": write},
    }


def measure(call: Call) -> float:
    """Return the CPU time of a call in this thread, in microseconds; the server has its own."""
    before = time.thread_time()
    for _ in range(CALLS):
        call()
    return (time.thread_time() - before) / CALLS * 1e6


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=20, help="rounds of all clients")
    rounds: int = parser.parse_args().rounds
    found: dict[tuple[str, str], list[float]] = defaultdict(list)
    with StorageServer(FakeStorage()) as server:
        server.storage.create_bucket(BUCKET)
        server.storage.insert(BUCKET, NAME, DATA)
        os.environ["STORAGE_EMULATOR_HOST"] = server.url
        client = storage.connect("gcpypi-bench")
        calls = make_calls(client, server.url)
        for _ in range(rounds):
            for operation, by_client in calls.items():
                for name, call in by_client.items():
                    found[operation, name].append(measure(call))
        client.close()
    print("| CPU µs a request | library | urllib3 | libcurl |\n|---|---:|---:|---:|")
    for operation, by_client in calls.items():
        cells = (
            f"{min(found[operation, name]):.0f}" if name in by_client else ""
            for name in ("library", "urllib3", "libcurl")
        )
        print(f"| {operation} | {' | '.join(cells)} |")


if __name__ == "__main__":
    main()

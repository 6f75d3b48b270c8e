"""The strict Cloud Storage as a process, filled with an index before it answers.

    python -m benchmarks.publish.seeded_storage --port 4443 --files 100000 --incoming wheels.json

It is the stand-in of the native runtime, with its buckets in memory.
"""

import argparse
import json
from pathlib import Path

from benchmarks.harness.seeded_index import seed
from local import topology
from testing.fakes.small_wheels import build_wheel
from testing.storage import FakeStorage, StorageServer


def main() -> None:
    """Fill the buckets, then serve until SIGTERM."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--files", type=int, default=0, help="number of files in the index")
    parser.add_argument("--incoming", type=Path, help="JSON list of [name, project, version]")
    options = parser.parse_args()
    storage = FakeStorage()
    for bucket in topology.BUCKETS.values():
        storage.create_bucket(bucket, versioning=bucket == topology.METADATA)
    seed(storage, options.files, f"{topology.GCP_PROJECT}-")
    for name, project, version in json.loads(options.incoming.read_text()):
        storage.insert(topology.INCOMING, name, build_wheel(project, version))
    StorageServer(storage, topology.HOST, options.port).run()


if __name__ == "__main__":
    main()

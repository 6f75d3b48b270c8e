"""The strict Cloud Storage as a process, an index of so many files in it before it answers.

``python -m benchmarks.publish.storage --port 4443 --files 100000 --incoming wheels.json``. The
native runtime's own, fake-gcs-server, lists and writes in time that grows with the bucket (a write
takes 1 ms at 100 objects and 11 ms at 8 000); measured on it, an index would seem to slow down.
"""

import argparse
import json
from pathlib import Path

from benchmarks.harness.index import seed
from local import layout
from testing.fakes.wheels import wheel
from testing.storage import Storage, StorageServer


def main() -> None:
    """Fill the buckets, then serve until SIGTERM."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--files", type=int, default=0, help="how many the index holds")
    parser.add_argument("--incoming", type=Path, help="JSON list of [name, project, version]")
    options = parser.parse_args()
    storage = Storage()
    for bucket in layout.BUCKETS.values():
        storage.create_bucket(bucket, versioning=bucket == layout.METADATA)
    seed(storage, options.files, f"{layout.PROJECT}-")
    for name, project, version in json.loads(options.incoming.read_text()):
        storage.insert(layout.INCOMING, name, wheel(project, version))
    StorageServer(storage, layout.HOST, options.port).run()


if __name__ == "__main__":
    main()

"""``python -m testing.storage``: the fake in a separate process, controlled by ``/_fake/``."""

import argparse
from collections.abc import Sequence
from pathlib import Path

from local.stand_ins.storage.core import FakeStorage
from local.stand_ins.storage.notifications import PubSubNotification
from testing.storage.http_server import StorageServer


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(prog="testing.storage", description=__doc__)
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=0, help="0 (the default) takes a free one")
    parser.add_argument("--bucket", action="append", default=[], help="create this bucket")
    parser.add_argument(
        "--versioned", action="append", default=[], help="create it with versioning"
    )
    parser.add_argument("--write-interval", type=float, default=0.0, metavar="SECONDS")
    parser.add_argument(
        "--notify",
        action="append",
        default=[],
        metavar="BUCKET=projects/P/topics/T",
        help="announce new objects to Pub/Sub",
    )
    parser.add_argument("--load", type=Path, metavar="DIRECTORY", help="load its BUCKET/NAME files")
    options = parser.parse_args(arguments)
    storage = FakeStorage(write_interval=options.write_interval)
    for name in (*options.bucket, *options.versioned):
        storage.create_bucket(name, versioning=name in options.versioned)
    for bucket, _, topic in (rule.partition("=") for rule in options.notify):
        storage.on_finalize.setdefault(bucket, []).append(PubSubNotification(topic))
    if options.load:
        load(storage, options.load)
    server = StorageServer(storage, options.host, options.port)
    print(f"fake Cloud Storage at {server.url}", flush=True)
    server.run()


def load(storage: FakeStorage, directory: Path) -> None:
    """Load all files below ``directory``; the first part of the path is the bucket."""
    for bucket in sorted(directory.iterdir()):
        storage.create_bucket(bucket.name)
        for file in sorted(path for path in bucket.rglob("*") if path.is_file()):
            storage.insert(bucket.name, file.relative_to(bucket).as_posix(), file.read_bytes())


if __name__ == "__main__":
    main()

"""Cloud Storage of the native runtime: ``python -m local.stand_ins.storage --port 4443``."""

import argparse
import gc
import signal
import sys
from collections.abc import Sequence
from contextlib import ExitStack, closing
from pathlib import Path

from local.errors import LocalError
from local.plain_logs import log_to_stdout
from local.stand_ins.storage.backends import Backend, MemoryBackend
from local.stand_ins.storage.core import FakeStorage
from local.stand_ins.storage.disk.disk_backend import DiskBackend
from local.stand_ins.storage.http.app import StorageApp
from local.stand_ins.storage.http.listener import create_server, open_socket
from local.stand_ins.storage.notifications import PubSubNotification


def main(arguments: Sequence[str] | None = None) -> int:
    """Serve until SIGTERM or SIGINT."""
    options = _make_parser().parse_args(arguments)
    log_to_stdout()
    signal.signal(signal.SIGTERM, lambda number, frame: sys.exit())
    try:
        _serve(options)
    except LocalError as failure:
        print(failure, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
    return 0


def _make_parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m local.stand_ins.storage", description=__doc__)
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=4443)
    parser.add_argument("--folder", type=Path, help="keep the buckets in this folder")
    parser.add_argument(
        "--notify",
        action="append",
        default=[],
        metavar="BUCKET=projects/P/topics/T",
        help="announce the new objects of a bucket to Pub/Sub",
    )
    return parser


def _serve(options: argparse.Namespace) -> None:
    with ExitStack() as stack:
        backend: Backend = MemoryBackend()
        if options.folder:
            backend = stack.enter_context(closing(DiskBackend(options.folder)))
        storage = FakeStorage(backend=backend)
        for bucket, _, topic in (rule.partition("=") for rule in options.notify):
            notification = stack.enter_context(closing(PubSubNotification(topic)))
            storage.on_finalize.setdefault(bucket, []).append(notification)
        listener = stack.enter_context(open_socket(options.host, options.port))
        storage.origin = f"http://{options.host}:{listener.getsockname()[1]}"
        # Loaded modules and objects are never freed (docs/adr/0012-loaded-objects-are-frozen.md).
        gc.freeze()
        # After its shutdown, the server raises the signal again, which ends this function.
        create_server(StorageApp(storage)).run(sockets=[listener])


if __name__ == "__main__":
    sys.exit(main())

"""``python -m ingest reindex [project …]``: announce again all files that were ever promoted.

The settings are the service's own. It needs to read the packages bucket and to publish; to write
there only where a ``.metadata`` is missing. Exits with 1 where an object is no promoted file.
"""

import argparse
import sys
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

from chassis.settings import load_settings
from cloud import pubsub, storage
from cloud.errors import CloudError
from cloud.pubsub import PubsubTopic
from cloud.storage import StorageBucket
from ingest.promotion import Promotion
from ingest.reindex import Reindex
from ingest.settings import Settings
from schemas.names import normalize_project

THREADS = 16
"""Files announced side by side; each mostly waits for Cloud Storage and Pub/Sub."""

_EVERY = 5.0
"""Seconds between two lines of progress."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; return the exit code."""
    options = _parser().parse_args(arguments)
    settings = load_settings(Settings)
    with ThreadPoolExecutor(THREADS) as pool:
        try:
            return _run(_reindex(settings, pool), options)
        except CloudError as error:
            print(f"reindex: {error}", file=sys.stderr)
            return 2


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m ingest", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    reindex = commands.add_parser("reindex", help="announce all promoted files again")
    reindex.add_argument("project", nargs="*", type=normalize_project, help="only this one")
    return parser


def _reindex(settings: Settings, pool: ThreadPoolExecutor) -> Reindex:
    client = storage.connect(settings.project)
    promotion = Promotion(
        incoming=StorageBucket(client, settings.incoming_bucket),
        packages=StorageBucket(client, settings.packages_bucket),
        # What was promoted is not judged by the rules of today.
        policy=replace(settings.policy(), strict=False),
        refusal=lambda upload: None,
    )
    accepted = PubsubTopic(pubsub.connect(), settings.project, settings.topic_file_accepted)
    return Reindex(promotion, accepted, pool)


def _run(reindex: Reindex, options: argparse.Namespace) -> int:
    announced, refused, said = 0, 0, time.monotonic()
    for name, refusal in reindex.run(set(options.project)):
        if refusal is None:
            announced += 1
        else:
            print(f"{name}: {refusal}", flush=True)
            refused += 1
        if time.monotonic() - said >= _EVERY:
            print(f"reindex: {announced} announced", file=sys.stderr, flush=True)
            said = time.monotonic()
    print(f"reindex: {announced} files announced, {refused} are none", file=sys.stderr)
    return 1 if refused else 0


if __name__ == "__main__":
    sys.exit(main())

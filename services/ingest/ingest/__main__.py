"""Command ``python -m ingest reindex [project …]``: announce promoted files again.

The command has the settings of the service. It reads the packages bucket and publishes messages.
It writes to the bucket only if a ``.metadata`` is missing. It exits with 1 if an object in the
bucket was not promoted, and with 2 if the bucket has no file of one of the given projects.
"""

import argparse
import sys
from collections.abc import Sequence
from concurrent.futures import Executor

from chassis.batch import Progress, run_command
from chassis.settings import load_settings, warn_old_names
from cloud import pubsub, storage
from cloud.pubsub import PubsubTopic
from cloud.storage import StorageBucket
from ingest.promotion import Promotion
from ingest.reindex import Reindex
from ingest.settings import Settings
from schemas.names import normalize_project


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; return the exit code."""
    options = _make_parser().parse_args(arguments)
    settings = load_settings(Settings)
    warn_old_names(settings)
    return run_command("reindex", lambda pool: _run(_create_reindex(settings, pool), options))


def _make_parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m ingest", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    reindex = commands.add_parser("reindex", help="announce promoted files again")
    reindex.add_argument(
        "project",
        nargs="*",
        type=normalize_project,
        help="announce only the files of this project (repeatable)",
    )
    return parser


def _create_reindex(settings: Settings, pool: Executor) -> Reindex:
    client = storage.connect(settings.gcp_project)
    promotion = Promotion(
        incoming=StorageBucket(client, settings.incoming_bucket),
        packages=StorageBucket(client, settings.packages_bucket),
        policy=settings.build_policy(),
        find_refusal=lambda upload: None,
    )
    accepted = PubsubTopic(pubsub.connect(), settings.gcp_project, settings.topic_file_accepted)
    return Reindex(promotion, accepted, pool)


def _run(reindex: Reindex, options: argparse.Namespace) -> int:
    announced, refused, progress = 0, 0, Progress("reindex")
    for name, refusal in reindex.run(set(options.project)):
        if refusal is None:
            announced += 1
        else:
            print(f"{name}: {refusal}", flush=True)
            refused += 1
        progress(f"{announced} announced")
    print(f"reindex: {announced} files announced, {refused} objects refused", file=sys.stderr)
    return 1 if refused else 0


if __name__ == "__main__":
    sys.exit(main())

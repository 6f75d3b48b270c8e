"""``python -m ingest reindex [project …]``: announce again all files that were ever promoted.

The settings are the service's own. It needs to read the packages bucket and to publish; to write
there only where a ``.metadata`` is missing. Exits with 1 where an object is no promoted file.
"""

import argparse
import sys
from collections.abc import Sequence
from concurrent.futures import Executor
from dataclasses import replace

from chassis.batch import Progress, run_command
from chassis.settings import load_settings
from cloud import pubsub, storage
from cloud.pubsub import PubsubTopic
from cloud.storage import StorageBucket
from ingest.promotion import Promotion
from ingest.reindex import Reindex
from ingest.settings import Settings
from schemas.names import normalize_project


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; return the exit code."""
    options = _parser().parse_args(arguments)
    settings = load_settings(Settings)
    return run_command("reindex", lambda pool: _run(_reindex(settings, pool), options))


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m ingest", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    reindex = commands.add_parser("reindex", help="announce all promoted files again")
    reindex.add_argument("project", nargs="*", type=normalize_project, help="only this one")
    return parser


def _reindex(settings: Settings, pool: Executor) -> Reindex:
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
    announced, refused, progress = 0, 0, Progress("reindex")
    for name, refusal in reindex.run(set(options.project)):
        if refusal is None:
            announced += 1
        else:
            print(f"{name}: {refusal}", flush=True)
            refused += 1
        progress(f"{announced} announced")
    print(f"reindex: {announced} files announced, {refused} are none", file=sys.stderr)
    return 1 if refused else 0


if __name__ == "__main__":
    sys.exit(main())

"""Commands ``python -m ingest reindex``, ``replay`` and ``rescan``: repeat lost work.

``reindex`` announces promoted files again. It writes to the bucket only if a ``.metadata`` is
missing. It exits with 1 if an object in the bucket was not promoted, and with 2 if the bucket has
no file of one of the given projects.

``replay`` publishes dead letters again. It exits with 1 if SIGTERM or Ctrl-C stopped it.

``rescan`` announces uploads again that have no answer.

Each command has the settings of its class in :mod:`ingest.settings`. It exits with 2 if Google
Cloud does not answer.
"""

import argparse
import sys
from collections.abc import Iterable, Sequence
from concurrent.futures import Executor
from datetime import UTC, datetime, timedelta

from chassis.batch import Progress, run_command
from chassis.settings import load_settings, warn_old_names
from cloud import pubsub, storage
from cloud.forwarding.raw_pubsub import PubsubPullSubscription, PubsubRawTopic, connect_subscriber
from cloud.pubsub import PubsubTopic
from cloud.storage import StorageBucket
from ingest.promotion import Promotion
from ingest.reindex import Reindex
from ingest.repair.interruption import catch_signals
from ingest.repair.letters import SOURCES, SUFFIX
from ingest.repair.replay import Replay, ReplaySource, is_missing
from ingest.repair.rescan import Rescan
from ingest.settings import ReplaySettings, RescanSettings, Settings
from schemas.names import normalize_project

_LONGEST_RESCAN = 45
"""Days for which the incoming bucket keeps uploads."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; return the exit code."""
    options = _make_parser().parse_args(arguments)
    settings = load_settings(options.settings)
    warn_old_names(settings)
    return run_command(options.command, lambda pool: int(options.run(settings, options, pool)))


def _make_parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m ingest", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    reindex = commands.add_parser("reindex", help="announce promoted files again")
    reindex.set_defaults(run=_run_reindex, settings=Settings)
    reindex.add_argument(
        "project",
        nargs="*",
        type=normalize_project,
        help="announce only the files of this project (repeatable)",
    )
    _add_replay_options(commands.add_parser("replay", help="publish dead letters again"))
    _add_rescan_options(commands.add_parser("rescan", help="announce uploads without an answer"))
    return parser


def _add_replay_options(replay: argparse.ArgumentParser) -> None:
    replay.set_defaults(run=_run_replay, settings=ReplaySettings)
    replay.add_argument(
        "--subscription",
        nargs="+",
        metavar="NAME",
        type=lambda name: name.removesuffix(SUFFIX),
        choices=tuple(SOURCES),
        help="replay only the dead letters of these subscriptions: " + ", ".join(SOURCES),
    )
    replay.add_argument(
        "--filter",
        metavar="TEXT|KEY=VALUE",
        help="replay only letters with this text, or with this attribute or field",
    )
    replay.add_argument("--dry-run", action="store_true", help="print the letters; change nothing")


def _add_rescan_options(rescan: argparse.ArgumentParser) -> None:
    rescan.set_defaults(run=_run_rescan, settings=RescanSettings)
    rescan.add_argument(
        "--days",
        type=int,
        choices=range(1, _LONGEST_RESCAN + 1),
        metavar="DAYS",
        default=30,
        help=f"look at the uploads of this number of days, 1 to {_LONGEST_RESCAN} (default: 30)",
    )
    rescan.add_argument("--dry-run", action="store_true", help="print the uploads; change nothing")


def _run_reindex(settings: Settings, options: argparse.Namespace, pool: Executor) -> int:
    announced, refused, progress = 0, 0, Progress("reindex")
    for name, refusal in _create_reindex(settings, pool).run(set(options.project)):
        if refusal is None:
            announced += 1
        else:
            print(f"{name}: {refusal}", flush=True)
            refused += 1
        progress(f"{announced} announced")
    print(f"reindex: {announced} files announced, {refused} objects refused", file=sys.stderr)
    return 1 if refused else 0


def _create_reindex(settings: Settings, pool: Executor) -> Reindex:
    client = storage.connect(settings.gcp_project)
    promotion = Promotion(
        incoming=StorageBucket(client, settings.incoming_bucket),
        packages=StorageBucket(client, settings.packages_bucket),
        policy=settings.build_policy(),
    )
    accepted = PubsubTopic(pubsub.connect(), settings.gcp_project, settings.topic_file_accepted)
    return Reindex(promotion, accepted, pool)


def _run_replay(settings: ReplaySettings, options: argparse.Namespace, pool: Executor) -> int:
    with catch_signals("replay: stopping after the letters in progress") as stop:
        replay = Replay(pool, _print_line, options.filter, options.dry_run, stop)
        counts, errors = replay.run(_connect_sources(settings, options.subscription or SOURCES))
    for error in errors:
        print(f"replay: {error}", file=sys.stderr)
    failed = any(options.subscription or not is_missing(error) for error in errors)
    if counts.total():
        ending = "would be replayed" if options.dry_run else "replayed"
        summary = f"{counts['replayed']} letters {ending}, {counts['left']} left"
    else:
        summary = "no letters were replayed" if failed or stop.is_set() else "no dead letters"
    print(f"replay: {summary}", file=sys.stderr)
    return 2 if failed else int(stop.is_set())


def _connect_sources(settings: ReplaySettings, names: Iterable[str]) -> list[ReplaySource]:
    project, client, publisher = settings.gcp_project, connect_subscriber(), pubsub.connect()
    return [
        ReplaySource(
            letters=PubsubPullSubscription(client, project, f"{name}{SUFFIX}"),
            topic=PubsubRawTopic(publisher, project, settings.get_topic(SOURCES[name])),
            kind=SOURCES[name],
        )
        for name in dict.fromkeys(names)
    ]


def _run_rescan(settings: RescanSettings, options: argparse.Namespace, pool: Executor) -> int:
    client = storage.connect(settings.gcp_project)
    rescan = Rescan(
        incoming=StorageBucket(client, settings.incoming_bucket),
        verdicts=StorageBucket(client, settings.verdicts_bucket),
        uploads=PubsubTopic(pubsub.connect(), settings.gcp_project, settings.topic_file_uploaded),
        pool=pool,
    )
    since = datetime.now(UTC) - timedelta(days=options.days)
    announced, verb = 0, "would be announced" if options.dry_run else "announced"
    for message in rescan.run(since, dry_run=options.dry_run):
        announced += 1
        name = message.name if message.name.isprintable() else ascii(message.name)
        _print_line(f"{name}#{message.generation} has no answer")
    print(f"rescan: {announced} uploads {verb}", file=sys.stderr)
    return 0


def _print_line(line: str) -> None:
    """Print a line in one write, because several threads print."""
    print(f"{line}\n", end="", flush=True)


if __name__ == "__main__":
    sys.exit(main())

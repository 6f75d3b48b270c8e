"""Commands ``python -m publisher verify`` and ``rebuild``: check the index and publish it again.

Both read the settings of the service and two more: see :class:`publisher.settings.RepairSettings`.
``verify`` also prints yanks, removals and statuses with their authors; they are no differences. It
exits with 1 if it finds a difference. Both exit with 2 if Google Cloud does not answer. If a
project in the arguments has no record, they exit with 2 and do nothing.
"""

import argparse
import sys
import time
from collections.abc import Collection, Iterable, Sequence
from concurrent.futures import Executor
from contextlib import closing

from chassis.batch import Progress, UnknownProjects, run_command
from chassis.settings import load_settings, warn_old_names
from cloud import pubsub, storage
from cloud.ports import Bucket
from cloud.storage import StorageBucket
from publisher.repair.difference import Difference, Finding
from publisher.repair.file_check import FileCheck
from publisher.repair.index_check import IndexCheck, parse_record_name
from publisher.repair.project_check import ProjectCheck
from publisher.repair.rebuild import Rebuild
from publisher.repair.verify import Verification
from publisher.repair.web_check import WebCheck
from publisher.settings import RepairSettings
from publisher.site.page_content import Site
from publisher.web.readme_process import ReadmeRenderer
from publisher.web.release_sources import ReleaseSources
from schemas import layout
from schemas.names import ProjectName, normalize_project

README_CHILDREN = 1
"""Child processes that render descriptions: the job has one CPU."""
README_SECONDS = 30.0
"""CPU seconds for one description: more than in web, because this machine can be slower."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; return the exit code."""
    options = _make_parser().parse_args(arguments)
    settings = load_settings(RepairSettings)
    warn_old_names(settings)
    return run_command(options.command, lambda pool: int(options.run(settings, options, pool)))


def _make_parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m publisher", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    verify = commands.add_parser("verify", help="compare all pages and files with the records")
    verify.set_defaults(run=_run_verify)
    verify.add_argument("--bytes", action="store_true", help="also read and hash every file")
    verify.add_argument(
        "--patience", type=float, default=30, help="seconds until differences are checked again"
    )
    rebuild = commands.add_parser("rebuild", help="publish pages again from the records")
    rebuild.set_defaults(run=_run_rebuild)
    for command in (verify, rebuild):
        command.add_argument(
            "project", nargs="*", type=normalize_project, help="only this project (repeatable)"
        )
    return parser


def _run_verify(settings: RepairSettings, options: argparse.Namespace, pool: Executor) -> int:
    client = storage.connect(settings.gcp_project)
    metadata = StorageBucket(client, settings.metadata_bucket)
    _require_records(metadata, options.project)
    static = StorageBucket(client, settings.static_bucket)
    packages = StorageBucket(client, settings.packages_bucket)
    files = FileCheck(packages, options.bytes)
    site = Site(settings.title, settings.index_url, settings.readme_images)
    renderer = ReadmeRenderer(
        images=settings.readme_images, children=README_CHILDREN, cpu_limit=README_SECONDS
    )
    with closing(renderer):
        web = WebCheck(static, ReleaseSources(packages, renderer.render), site)
        projects = ProjectCheck(metadata, static, files, web)
        index = IndexCheck(metadata, static, packages, site, projects, files)
        run = Verification(
            projects, index, pool, lambda: time.sleep(options.patience), Progress("verify")
        )
        return _print_findings(run.run(options.project))


def _print_findings(findings: Iterable[Finding]) -> int:
    differences = 0
    for finding in findings:
        print(finding, flush=True)
        differences += isinstance(finding, Difference)
    ending = "" if differences == 1 else "s"
    print(f"verify: {differences or 'no'} difference{ending}", file=sys.stderr)
    return 1 if differences else 0


def _run_rebuild(settings: RepairSettings, options: argparse.Namespace, pool: Executor) -> int:
    metadata = StorageBucket(storage.connect(settings.gcp_project), settings.metadata_bucket)
    _require_records(metadata, options.project)
    topic = pubsub.PubsubTopic(
        pubsub.connect(), settings.gcp_project, settings.topic_project_indexed
    )
    progress, announced = Progress("rebuild"), 0
    for announced, _ in enumerate(Rebuild(metadata, topic, pool).run(options.project), 1):
        progress(f"{announced} announced")
    print(f"rebuild: {announced} projects announced", file=sys.stderr)
    return 0


def _require_records(metadata: Bucket, projects: Collection[ProjectName]) -> None:
    """Raise :class:`UnknownProjects` if a project has no record; only then list all records."""
    missing = {each for each in projects if metadata.stat(layout.locate_record(each)) is None}
    if missing:
        known = (parse_record_name(info.name) for info in metadata.list(layout.RECORDS))
        raise UnknownProjects("record", missing, filter(None, known))


if __name__ == "__main__":
    sys.exit(main())

"""Growth with the size of an index: the tables of docs/scale.md.

``python -m benchmarks.publish.scale`` prints them, the same on every machine.
tests/unit/docs/test_scale.py compares the page with them. ``--cpu`` prints the CPU time of a
request to the proxy on this machine.
"""

import argparse
import asyncio
import base64
import sys
import time
from collections.abc import Iterator

from starlette.types import Message

from benchmarks.cost.usage import ACCEPT, CountedProxy
from benchmarks.harness.seeded_index import make_project_name, make_record
from benchmarks.publish.commits import simulate
from publisher.catalog.catalog_objects import (
    PROJECTS_PER_PAGE,
    CatalogContent,
    is_search_shard,
)
from publisher.render import project_html, simple_json
from publisher.render.listing import Listing
from publisher.site.page_content import Site
from schemas import layout
from schemas.catalog import CatalogEntry
from schemas.names import Filename, ProjectName
from schemas.records import Blocked, BlockedProject

FILES_IN_ONE = (10, 1_000, 10_000)
FILES_IN_ALL = (10_000, 1_000_000, 10_000_000)
FILES_A_PROJECT = 10
LISTED = 1_000
"""Objects that one request lists: https://cloud.google.com/storage/docs/json_api/v1/objects/list"""
CHANGES = (1, 10, 100, 1_000)
SAMPLE = 1_000
"""Number of rendered projects, to compute the size of one more."""


def main() -> int:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cpu", action="store_true", help="measure the proxy on this machine")
    if parser.parse_args().cpu:
        asyncio.run(_measure())
        return 0
    sections = (
        ("One project", _render_one_project()),
        ("All projects", _render_all_projects()),
        ("Many changes to one project at once", _render_changes()),
    )
    print("\n\n".join(f"### {title}\n\n" + "\n".join(lines) for title, lines in sections))
    return 0


def _render_one_project() -> Iterator[str]:
    yield "| files in a project | record | JSON page | HTML page |\n|---:|---:|---:|---:|"
    for files in FILES_IN_ONE:
        record = make_record(ProjectName("acme"), files)
        listing = Listing.from_record(record)
        pages = (simple_json.render_project(listing), project_html.render(listing))
        sizes = (len(record.encode()), *map(len, pages))
        yield f"| {files:,} | {' | '.join(map(_format_size, sizes))} |"


def _render_all_projects() -> Iterator[str]:
    yield (
        "| files | projects | requests to list the records | `/simple/` as JSON"
        " | `/simple/` as HTML | all shards of the search | pages of the list of projects"
        " | `blocked.json`, 1 % blocked |\n"
        "|---:|---:|---:|---:|---:|---:|---:|---:|"
    )
    growth = _measure_catalog_growth()
    blocked = _measure_blocked_growth()
    for files in FILES_IN_ALL:
        projects = files // FILES_A_PROJECT
        cells = (
            f"{-(-projects // LISTED):,}",
            *(_format_size(each * projects) for each in growth),
            f"{-(-projects // PROJECTS_PER_PAGE):,}",
            _format_size(blocked * projects / 100),
        )
        yield f"| {files:,} | {projects:,} | {' | '.join(cells)} |"


def _measure_catalog_growth() -> tuple[float, ...]:
    """Return the bytes that one more project adds to the lists for installers and to the shards."""
    metadata = CatalogEntry.from_record(
        make_record(make_project_name(0), FILES_A_PROJECT)
    ).to_metadata()

    def measure_sizes(projects: int) -> tuple[int, ...]:
        entries = [
            CatalogEntry.read(make_project_name(number), metadata) for number in range(projects)
        ]
        objects = CatalogContent(entries, Site("Packages")).list_objects()
        sizes = {each.name: len(each.render()) for each in objects}
        shards = sum(size for name, size in sizes.items() if is_search_shard(name))
        return sizes[layout.ROOT_JSON], sizes[layout.ROOT_HTML], shards

    less, more = measure_sizes(SAMPLE), measure_sizes(2 * SAMPLE)
    return tuple((b - a) / SAMPLE for a, b in zip(less, more, strict=True))


def _measure_blocked_growth() -> float:
    names = map(make_project_name, range(SAMPLE))
    entries = {
        name: BlockedProject(revision=10**15, filenames=_list_filenames(name)) for name in names
    }
    return len(Blocked(projects=entries).encode()) / SAMPLE


def _list_filenames(project: ProjectName) -> tuple[Filename, ...]:
    return tuple(make_record(project, 1).files)


def _render_changes() -> Iterator[str]:
    yield (
        "| changes a second | instances | writes a second | changes a write | median until answered"
        " | p99 | largest number waiting |\n|---:|---:|---:|---:|---:|---:|---:|"
    )
    for changes in CHANGES:
        for instances in (1, 3):
            load = simulate(changes, instances)
            yield (
                f"| {changes:,} | {instances} | {load.writes_a_second:.2f} | {load.group:,.0f}"
                f" | {load.median:.1f} s | {load.p99:.1f} s | {load.most_waiting:,} |"
            )


def _format_size(size: float) -> str:
    for unit in ("B", "kB", "MB"):
        if size < 1000:
            return f"{size:.3g} {unit}"
        size /= 1000
    return f"{size:.3g} GB"


async def _measure() -> None:
    """Print the CPU microseconds of a request without the socket.

    The application is called as uvicorn calls it.
    """
    index = CountedProxy()
    await index.install()
    page, file = f"/simple/{make_project_name(0)}/", layout.format_file_path(index.filename)
    print("| request | CPU | a second on one core |\n|---|---:|---:|")
    for name, path, times in (("page, from memory", page, 20_000), ("1 MB file", file, 2_000)):
        started = time.process_time()
        for _ in range(times):
            await _call(index, path)
        each = (time.process_time() - started) / times
        print(f"| {name} | {each * 1e6:.0f} us | {1 / each:,.0f} |")


async def _call(index: CountedProxy, path: str) -> None:
    credentials = base64.b64encode(b"__token__:secret")
    fields = [(b"authorization", b"Basic " + credentials), (b"accept", ACCEPT.encode())]
    scope = {
        "type": "http",
        "method": "GET",
        "path": path,
        "raw_path": path.encode(),
        "root_path": "",
        "query_string": b"",
    }
    statuses: list[int] = []

    async def receive() -> Message:
        await asyncio.Event().wait()
        return {"type": "http.disconnect"}

    async def send(message: Message) -> None:
        if message["type"] == "http.response.start":
            statuses.append(message["status"])

    await index.proxy({**scope, "headers": fields}, receive, send)
    if statuses != [200]:
        raise RuntimeError(f"{path}: {statuses}")


if __name__ == "__main__":
    sys.exit(main())

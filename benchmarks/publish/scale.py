"""What grows with an index, and by how much: the tables of docs/scale.md.

``python -m benchmarks.publish.scale`` prints them, the same on every machine;
tests/unit/docs/test_scale.py holds the page to them. ``--cpu`` prints what a request costs the
proxy on this one.
"""

import argparse
import asyncio
import base64
import sys
import time
from collections.abc import Iterator

from starlette.types import Message

from benchmarks.cost.counts import MARKUP, Index
from benchmarks.harness.index import project_name, record_of
from benchmarks.publish.commits import simulate
from publisher.catalog import rendered
from publisher.render import project_html, simple_json
from publisher.render.listing import Listing
from publisher.render.templates import ENTRIES_PER_PAGE
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
"""Projects that are rendered to tell what one more takes."""


def main() -> int:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cpu", action="store_true", help="measure the proxy on this machine")
    if parser.parse_args().cpu:
        asyncio.run(_measure())
        return 0
    sections = (
        ("One project", _one_project()),
        ("All projects", _all_projects()),
        ("Many changes to one project at once", _changes()),
    )
    print("\n\n".join(f"### {title}\n\n" + "\n".join(lines) for title, lines in sections))
    return 0


def _one_project() -> Iterator[str]:
    yield "| files in a project | record | JSON page | HTML page |\n|---:|---:|---:|---:|"
    for files in FILES_IN_ONE:
        record = record_of(ProjectName("acme"), files)
        listing = Listing.from_record(record)
        pages = (simple_json.render_project(listing), project_html.render(listing))
        sizes = (len(record.encode()), *map(len, pages))
        yield f"| {files:,} | {' | '.join(map(_size, sizes))} |"


def _all_projects() -> Iterator[str]:
    yield (
        "| files | projects | requests to list the records | written by a run of the catalog"
        " | `/simple/` as JSON | changelog pages | `blocked.json`, 1 % blocked |\n"
        "|---:|---:|---:|---:|---:|---:|---:|"
    )
    run, root = _catalog_slope()
    blocked = _blocked_slope()
    for files in FILES_IN_ALL:
        projects = files // FILES_A_PROJECT
        cells = (
            f"{-(-projects // LISTED):,}",
            _size(run * projects),
            _size(root * projects),
            f"{-(-projects // ENTRIES_PER_PAGE):,}",
            _size(blocked * projects / 100),
        )
        yield f"| {files:,} | {projects:,} | {' | '.join(cells)} |"


def _catalog_slope() -> tuple[float, float]:
    """Bytes that a project more adds to a run of the catalog, and to the list as JSON."""
    said = CatalogEntry.from_record(record_of(project_name(0), FILES_A_PROJECT)).metadata()

    def sizes(projects: int) -> tuple[int, int]:
        entries = [CatalogEntry.read(project_name(number), said) for number in range(projects)]
        pages = {name: len(data) for name, _, data in rendered(entries, "Packages", {})}
        return sum(pages.values()), pages[layout.ROOT_JSON]

    less, more = sizes(SAMPLE), sizes(2 * SAMPLE)
    return (more[0] - less[0]) / SAMPLE, (more[1] - less[1]) / SAMPLE


def _blocked_slope() -> float:
    names = map(project_name, range(SAMPLE))
    entries = {name: BlockedProject(revision=10**15, filenames=_removed(name)) for name in names}
    return len(Blocked(projects=entries).encode()) / SAMPLE


def _removed(project: ProjectName) -> tuple[Filename, ...]:
    return tuple(record_of(project, 1).files)


def _changes() -> Iterator[str]:
    yield (
        "| changes a second | instances | writes a second | changes a write | answered, median"
        " | p99 | most that wait at once |\n|---:|---:|---:|---:|---:|---:|---:|"
    )
    for changes in CHANGES:
        for instances in (1, 3):
            load = simulate(changes, instances)
            yield (
                f"| {changes:,} | {instances} | {load.writes_a_second:.2f} | {load.group:,.0f}"
                f" | {load.median:.1f} s | {load.p99:.1f} s | {load.most_waiting:,} |"
            )


def _size(size: float) -> str:
    for unit in ("B", "kB", "MB"):
        if size < 1000:
            return f"{size:.3g} {unit}"
        size /= 1000
    return f"{size:.3g} GB"


async def _measure() -> None:
    """Print CPU microseconds a request: called as uvicorn calls it, but for the socket."""
    index = Index()
    await index.install()
    page, file = f"/simple/{project_name(0)}/", layout.file_address(index.filename)
    print("| request | CPU | a second on one core |\n|---|---:|---:|")
    for name, path, times in (("page, from memory", page, 20_000), ("1 MB file", file, 2_000)):
        started = time.process_time()
        for _ in range(times):
            await _call(index, path)
        each = (time.process_time() - started) / times
        print(f"| {name} | {each * 1e6:.0f} us | {1 / each:,.0f} |")


async def _call(index: Index, path: str) -> None:
    who = base64.b64encode(b"__token__:secret")
    fields = [(b"authorization", b"Basic " + who), (b"accept", MARKUP.encode())]
    scope = {"type": "http", "method": "GET", "raw_path": path.encode(), "query_string": b""}
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

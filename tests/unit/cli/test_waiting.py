"""Number of requests of the wait of ``gcpypi publish``."""

from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from cloud.ports import Topic
from gcpypi.connection.answers import Polling
from gcpypi.publishing.announcements import Announcements
from gcpypi.publishing.listed_files import Digests, ListedFiles
from gcpypi.publishing.publication import Publication, Stage
from gcpypi.publishing.waiting import PAGES, Waiting
from testing.fakes.memory_ports import MemoryBucket

PROJECTS, RELEASES = 40, 5
DIGEST = "ab" * 32


class CountedPages:
    """Pages of an index that counts the requests by project."""

    def __init__(self) -> None:
        self.requests = Counter[str]()
        self.published = set[str]()

    def find_digests(self, project: str) -> Digests | None:
        """Return the page of a project with all releases, if it is published."""
        self.requests[project] += 1
        if project not in self.published:
            return None
        name = project.replace("-", "_")
        return {f"{name}-1.{n}-py3-none-any.whl": DIGEST for n in range(RELEASES)}


@pytest.fixture
def files() -> list[Publication]:
    paths = [
        Path(f"acme_{project:02}-1.{release}-py3-none-any.whl")
        for project in range(PROJECTS)
        for release in range(RELEASES)
    ]
    found = [Publication(path, Stage.UPLOADED, DIGEST) for path in paths]
    for file in found:
        file.name, file.generation = f"ci/1/{file.filename}", 1
    return found


def connect() -> Topic:
    raise AssertionError("the files are announced")


@pytest.fixture
def look(files: list[Publication], pages: CountedPages) -> Iterator[Callable[[], None]]:
    """Function that runs one round."""
    with ThreadPoolExecutor(8) as executor:
        announcements = Announcements(connect, "incoming", executor, clock=lambda: 0.0)
        verdicts = MemoryBucket("verdicts")
        waiting = Waiting(files, ListedFiles(pages), verdicts, executor, announcements)
        yield lambda: next(waiting.iterate_rounds(Polling(0.0)))


@pytest.fixture
def pages() -> CountedPages:
    return CountedPages()


def test_a_round_without_news_reads_a_few_pages(
    look: Callable[[], None], pages: CountedPages
) -> None:
    look()

    assert pages.requests.total() == PAGES


def test_one_round_finds_all_files_with_one_request_for_each_project(
    look: Callable[[], None], pages: CountedPages, files: list[Publication]
) -> None:
    pages.published = {f"acme-{project:02}" for project in range(PROJECTS)}

    look()

    assert {file.stage for file in files} == {Stage.PUBLISHED}
    assert pages.requests == Counter(pages.published)


def test_a_late_project_does_not_delay_the_others(
    look: Callable[[], None], pages: CountedPages, files: list[Publication]
) -> None:
    late = {f"acme-{project:02}" for project in range(PAGES // 2)}
    pages.published = {f"acme-{project:02}" for project in range(PROJECTS)} - late

    for _ in range(PROJECTS):
        look()

    assert {file.project for file in files if file.stage is Stage.UPLOADED} == late

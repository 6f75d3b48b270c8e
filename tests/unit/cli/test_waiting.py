"""Number of requests of the wait of ``gcpypi publish``."""

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from cloud.ports import Topic
from gcpypi.connection.answers import Polling
from gcpypi.publishing.announcements import Announcements
from gcpypi.publishing.listed_files import Digests, ListedFiles
from gcpypi.publishing.publication import Publication, Stage
from gcpypi.publishing.waiting import EACH_FILE, LONGEST, PAGES, VERDICTS, Waiting
from schemas.layout import locate_verdict
from schemas.verdict_documents import Verdict
from testing.fakes.examples import make_time
from testing.fakes.memory_ports import MemoryBucket
from testing.memory_proxy import Clock

PROJECTS, RELEASES = 40, 5
DIGEST = "ab" * 32
DECIDED = make_time(0)


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
def look(
    files: list[Publication], pages: CountedPages, verdicts: MemoryBucket, clock: Clock
) -> Iterator[Callable[[], float]]:
    """Function that runs one round, some time after the last one, and returns the least pause."""
    with ThreadPoolExecutor(8) as executor:
        announcements = Announcements(connect, "incoming", executor, clock=lambda: 0.0)
        listed = ListedFiles(pages)
        waiting = Waiting(files, listed, verdicts, executor, announcements, clock)

        def run() -> float:
            clock.now += LONGEST
            polling = Polling(0.0)
            next(waiting.iterate_rounds(polling))
            return polling.least_pause

        yield run


@pytest.fixture
def pages() -> CountedPages:
    return CountedPages()


@pytest.fixture
def verdicts() -> MemoryBucket:
    return MemoryBucket("verdicts")


@pytest.fixture
def clock() -> Clock:
    return Clock()


def accept(verdicts: MemoryBucket, files: Sequence[Publication], time: datetime = DECIDED) -> None:
    """Store the verdicts of ingest."""
    for file in files:
        verdicts.put(locate_verdict(file.name or "", 1), decide(file, time).encode())


def decide(file: Publication, time: datetime) -> Verdict:
    """Return the verdict on an accepted file."""
    return Verdict(
        outcome="accepted", bucket="incoming", name=file.name or "", generation=1, time=time
    )


def count_verdicts(verdicts: MemoryBucket) -> int:
    return verdicts.counts.requests["objects.download"]


def test_a_round_without_verdicts_reads_no_page(
    look: Callable[[], float], pages: CountedPages, verdicts: MemoryBucket
) -> None:
    look()

    assert (count_verdicts(verdicts), pages.requests.total()) == (VERDICTS, 0)


def test_rounds_are_most_frequent_for_few_files(
    look: Callable[[], float], files: list[Publication]
) -> None:
    pauses = []
    for unfinished in (PROJECTS * RELEASES, 150, 1):
        for file in files[unfinished:]:
            file.stage = Stage.PUBLISHED
        pauses.append(look())

    assert pauses == [0.2, 0.15, 0.1]


def test_rounds_have_a_longest_pause_for_many_files(
    look: Callable[[], float], files: list[Publication]
) -> None:
    files *= 10

    assert look() == LONGEST


def test_one_verdict_and_one_page_of_each_project_find_all_files(
    look: Callable[[], float],
    pages: CountedPages,
    verdicts: MemoryBucket,
    files: list[Publication],
) -> None:
    accept(verdicts, files)
    pages.published = {f"acme-{project:02}" for project in range(PROJECTS)}

    look()
    look()

    assert {file.stage for file in files} == {Stage.PUBLISHED}
    assert pages.requests == Counter(pages.published)
    assert count_verdicts(verdicts) == PROJECTS


def test_a_page_is_read_some_time_after_the_verdict_and_after_its_last_request(
    look: Callable[[], float],
    pages: CountedPages,
    verdicts: MemoryBucket,
    files: list[Publication],
    clock: Clock,
) -> None:
    look()
    accept(verdicts, files[:RELEASES])
    requests = []
    for seconds in (0.0, -LONGEST / 2, 0.0, -LONGEST / 2, 0.0):
        clock.now += seconds
        look()
        requests.append(pages.requests.total())

    assert requests == [0, 0, 1, 1, 2]


def test_a_late_project_does_not_delay_the_others(
    look: Callable[[], float],
    pages: CountedPages,
    verdicts: MemoryBucket,
    files: list[Publication],
) -> None:
    late = {f"acme-{project:02}" for project in range(PAGES // 2)}
    accept(verdicts, files)
    pages.published = {f"acme-{project:02}" for project in range(PROJECTS)} - late

    for _ in range(PROJECTS):
        look()

    assert {file.project for file in files if file.stage is not Stage.PUBLISHED} == late


def test_a_late_file_does_not_delay_the_others_of_its_project(
    look: Callable[[], float],
    pages: CountedPages,
    verdicts: MemoryBucket,
    files: list[Publication],
) -> None:
    late = files[RELEASES - 1]
    late.sha256 = "cd" * 32
    accept(verdicts, [file for file in files if file is not late])
    pages.published = {f"acme-{project:02}" for project in range(PROJECTS)}

    for _ in range(EACH_FILE + 1):
        look()

    assert [file for file in files if file.stage is not Stage.PUBLISHED] == [late]


@pytest.mark.parametrize(
    ("decided_after", "requests"), [(-60.0, [0, 1]), (0.0, [0, 1]), (LONGEST, [0, 0])]
)
def test_the_time_since_the_verdict_counts(
    look: Callable[[], float],
    pages: CountedPages,
    verdicts: MemoryBucket,
    files: list[Publication],
    clock: Clock,
    decided_after: float,
    requests: list[int],
) -> None:
    late = files[RELEASES - 1]
    late.created, late.uploaded_at = DECIDED, clock.now
    accept(verdicts, [late], DECIDED + timedelta(seconds=decided_after))
    counts = []
    for seconds in (0.0, -LONGEST):
        clock.now += seconds
        look()
        counts.append(pages.requests.total())

    assert counts == requests


class LatePages(CountedPages):
    """Pages that are published at a time."""

    def __init__(self, clock: Clock, published_at: float) -> None:
        super().__init__()
        self._clock, self._published_at = clock, published_at

    def find_digests(self, project: str) -> Digests | None:
        """Return the page of a project, if it is published by now."""
        if self._clock.now >= self._published_at:
            self.published.add(project)
        return super().find_digests(project)


@pytest.mark.parametrize(
    ("page_after", "found_after", "requests"), [(0.1, 0.1, 1), (0.6, 0.7, 3), (300.0, 300.1, 104)]
)
def test_a_late_page_is_requested_less_and_less_often(
    verdicts: MemoryBucket,
    files: list[Publication],
    clock: Clock,
    page_after: float,
    found_after: float,
    requests: int,
) -> None:
    del files[1:]
    accept(verdicts, files)
    start = clock.now

    def sleep(seconds: float) -> None:
        clock.now += seconds

    pages = LatePages(clock, start + page_after)
    with ThreadPoolExecutor(1) as executor:
        announcements = Announcements(connect, "incoming", executor, clock=lambda: 0.0)
        waiting = Waiting(files, ListedFiles(pages), verdicts, executor, announcements, clock)
        for _ in waiting.iterate_rounds(Polling(600.0, clock, sleep)):
            if not waiting.unfinished:
                break

    assert (round(clock.now - start, 1), pages.requests.total()) == (found_after, requests)


def test_late_pages_cause_few_requests_for_the_verdicts_on_each_file(
    look: Callable[[], float], verdicts: MemoryBucket, files: list[Publication]
) -> None:
    accept(verdicts, files)

    for _ in range(EACH_FILE):
        look()

    assert count_verdicts(verdicts) == PROJECTS + VERDICTS

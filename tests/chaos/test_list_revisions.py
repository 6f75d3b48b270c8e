"""Revisions of the full pages of long lists: equal revisions of a page mean equal content.

The records are those of indexers: files and commands in any order, with any times, and restored
records between them. Pages of one name and revision are then equal, in all records. In records that
follow each other the revision of a page never falls. So a page that is skipped at two revisions was
the same in all records between them, and no stopped instance can replace it. The protocol itself is
tested with these pages in test_release_pages.py. The last tests show that variants of the rule that
look simpler leave wrong pages.
"""

import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chaos.test_newest_record import build_change, create_accepted
from indexer.changed_releases import record_changes
from indexer.merge import advance_revision, create_record, merge
from publisher.render.listing import Listing
from publisher.render.numbered_pages import NumberedPages
from publisher.site.history_page import divide_history
from publisher.site.project_events import HistoryEvent
from publisher.web.web_plan import PageSizes, WebPlan
from schemas.events import FileAccepted
from schemas.push import Message
from schemas.records import ProjectRecord
from schemas.releases import accumulate_revisions, find_release_revision
from testing.fakes.examples import NOON, make_file_record, make_time
from unit.publisher.publisher_fixtures import ACME, Store
from unit.publisher.web.web_fixtures import SITE, WebInstance

SIZES = PageSizes(history=1, releases=1)
ACTIONS = ("yank", "unyank", "remove", "restore")
Pages = dict[str, tuple[int, bytes]]
"""Needed revision and content of pages, by their names."""
FindRevision = Callable[[ProjectRecord, NumberedPages[HistoryEvent], int], int]


def accept_file(release: str, build: int, second: int) -> FileAccepted:
    name = f"acme-{release}-{build}-py3-none-any.whl"
    return FileAccepted(file=make_file_record(name, upload_time=make_time(second)))


def command(action: str, second: int, **subject: object) -> Message:
    return create_accepted(second, "operators/ada", action, **subject)


seconds = st.integers(0, 30)
releases = st.sampled_from(["1", "2", "3", "10", "0.1"])
messages = st.one_of(
    st.builds(accept_file, releases, st.integers(1, 3), seconds),
    st.builds(
        lambda a, s, r: command(a, s, version=r), st.sampled_from(ACTIONS), seconds, releases
    ),
    st.builds(
        lambda a, s, r: command(a, s, filename=f"acme-{r}-1-py3-none-any.whl"),
        st.sampled_from(ACTIONS),
        seconds,
        releases,
    ),
    st.builds(lambda s: command("set-status", s, status="archived"), seconds),
    st.builds(
        lambda s, r: command("set-status", s, version=r, status="quarantined"), seconds, releases
    ),
)


def commit(record: ProjectRecord, *changes: Message) -> ProjectRecord:
    """Commit the changes of messages as an indexer does."""
    merged, _ = merge(record, [build_change(message) for message in changes], NOON)
    return record_changes(record, advance_revision(merged, NOON))


def list_commits(*groups: Iterable[Message]) -> Iterator[ProjectRecord]:
    record = create_record(ACME)
    for group in groups:
        record = commit(record, *group)
        yield record


def plan_pages(record: ProjectRecord) -> Pages:
    """Return all pages with a revision of their own."""
    store = Store()
    store.storage.create_bucket("packages")
    sources = WebInstance(store).sources
    plan = WebPlan(record, Listing.from_record(record), (), SITE, sources, SIZES)
    return {
        page.name: (page.needed, page.render(plan.load(group)))
        for group in plan.list_groups()
        for page in group.pages
        if "/page" in page.name
    }


def find_conflicts(records: Sequence[Pages]) -> list[str]:
    """Return the names of the pages with two contents at one revision."""
    contents = dict[tuple[str, int], bytes]()
    return sorted(
        {
            name
            for pages in records
            for name, (needed, data) in pages.items()
            if contents.setdefault((name, needed), data) != data
        }
    )


@given(
    st.lists(st.tuples(st.lists(messages, min_size=1, max_size=3), st.integers(0, 5)), max_size=14)
)
@settings(max_examples=3000 if os.environ.get("CHAOS") == "full" else 60)
def test_equal_revisions_of_a_page_mean_equal_content_also_after_restorations(
    steps: Sequence[tuple[Sequence[Message], int]],
) -> None:
    """At 0 an older record is restored; its next commit has a higher revision than the lost one."""
    history, known = [create_record(ACME)], list[Pages]()
    for number, (group, restoration) in enumerate(steps):
        record = history[-1]
        if restoration == 0:
            record, before = history[len(history) // 2], Pages()
        else:
            before = known[-1] if known else Pages()
        merged, _ = merge(record, [build_change(message) for message in group], NOON)
        now = NOON + timedelta(seconds=number)
        history.append(record_changes(record, advance_revision(merged, now)))
        known.append(plan_pages(history[-1]))
        falls = {n for n, (needed, _) in known[-1].items() if needed < before.get(n, (0,))[0]}
        assert falls == set()
    assert find_conflicts(known) == []


def find_own_revision(
    record: ProjectRecord, history: NumberedPages[HistoryEvent], page: int
) -> int:
    """Return the revision of the lines on the page."""
    lines = history.list_items(page)
    return max(find_release_revision(record, line.release) for line in lines if line.release)


def find_revision_up_to_end(
    record: ProjectRecord, history: NumberedPages[HistoryEvent], page: int
) -> int:
    """Return the revision of the lines up to the end of the page, in any order of the history."""
    return accumulate_revisions(record, [line.release for line in history.items])[page - 1]


def sort_by_time(record: ProjectRecord) -> NumberedPages[HistoryEvent]:
    """Divide a history in which a command can come before all files of its release."""
    events = sorted(divide_history(record).items, key=lambda event: event.time)
    return NumberedPages(events, size=1)


@pytest.mark.parametrize(
    ("find_revision", "divide", "groups"),
    [
        (
            find_own_revision,
            lambda record: divide_history(record, 1),
            # A file with an early upload time moves the lines of release 1.
            [
                [accept_file("1", 1, 5), accept_file("1", 2, 6), accept_file("1", 3, 7)],
                [accept_file("2", 1, 1)],
            ],
        ),
        (
            find_revision_up_to_end,
            sort_by_time,
            # The first line is a command, and a newer one takes its place in its register.
            [
                [accept_file("1", 1, 3), accept_file("1", 2, 4), accept_file("2", 1, 9)],
                [command("yank", 1, version="2"), command("yank", 2, version="1")],
                [command("yank", 3, version="1"), accept_file("3", 1, 12)],
                [command("unyank", 10, version="2")],
            ],
        ),
    ],
    ids=["lines of the page", "order of times"],
)
def test_simpler_revisions_are_not_enough(
    find_revision: FindRevision,
    divide: Callable[[ProjectRecord], NumberedPages[HistoryEvent]],
    groups: Sequence[Sequence[Message]],
) -> None:
    def plan(record: ProjectRecord) -> Pages:
        history = divide(record)
        return {
            str(page): (
                find_revision(record, history, page),
                repr(history.list_items(page)).encode(),
            )
            for page in range(1, history.count + 1)
        }

    records = list(list_commits(*groups))
    assert find_conflicts([plan(record) for record in records]) != []
    assert find_conflicts([plan_pages(record) for record in records]) == []

"""Pages for people of the newest record, after stops, kills, duplicates and two instances.

Each revision of a record changes one release. Instances of the service web are stopped before every
bucket operation, then killed or resumed. After all messages are handled, each page is that of the
newest record, whichever releases the lost messages announced. test_newest_record.py includes the
indexers.
"""

import os
from collections.abc import Callable, Sequence

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from publisher.site.page_content import Site
from publisher.web.web_plan import PageSizes
from schemas.records import ProjectRecord, Registers
from testing.fakes.examples import NOON, make_time
from unit.publisher.publisher_fixtures import (
    Hook,
    Stepper,
    Store,
    make_record,
    make_status,
    make_yank,
)
from unit.publisher.web.web_fixtures import (
    SITE,
    WebInstance,
    mark_changes,
    put_metadata,
    read_web_pages,
    render_expected,
)

RELEASES = ("1", "2")
FILES = [f"acme-{release}-py3-none-any.whl" for release in RELEASES]
SIZES = PageSizes(history=1, releases=1)
"""One line on each full page, so that small records have several of them."""
MOST_STEPS = 60
"""More steps than a publication has."""

Records = Callable[[int], ProjectRecord]


def make_yanked_record(revision: int) -> ProjectRecord:
    """Make a record in which each revision yanks one release again, with another reason."""
    latest = {RELEASES[n % 2]: n for n in range(1, revision + 1)}
    yanks = {release: make_yank(f"because of {n}", at=n) for release, n in latest.items()}
    return mark_changes(
        make_record(
            *FILES, revision=revision, yanked=Registers.model_validate({"versions": yanks})
        ),
        {release: latest.get(release, 1) for release in RELEASES},
    )


def make_grown_record(revision: int) -> ProjectRecord:
    """Make a record with one more release at each revision."""
    names = [f"acme-{n}-py3-none-any.whl" for n in range(1, revision + 1)]
    return mark_changes(
        make_record(*names, revision=revision), {str(n): n for n in range(1, revision + 1)}
    )


def make_archived_record(revision: int) -> ProjectRecord:
    """Make a record whose status changes with each revision: every release changes."""
    status = make_status("archived", f"because of {revision}")
    record = make_record(*FILES, revision=revision, status=status)
    return mark_changes(record, dict.fromkeys(RELEASES, revision))


def make_old_record(revision: int) -> ProjectRecord:
    """Make a record whose ``changed`` is not complete at even revisions (older indexer)."""
    record = make_yanked_record(revision)
    return record if revision % 2 else record.model_copy(update={"changed_at": revision - 1})


RECORDS: list[Records] = [
    make_yanked_record,
    make_grown_record,
    make_archived_record,
    make_old_record,
]
EACH = pytest.mark.parametrize("records", RECORDS)
FORCE = pytest.mark.parametrize("force", [False, True], ids=["changed", "forced"])


class WebDeployment:
    """Store with a record, and the web instances on it."""

    def __init__(self, records: Records) -> None:
        self.records, self.store = records, Store()
        self.store.storage.create_bucket("packages")
        self.commit(1)
        self.deliver()
        self.commit(2)

    def commit(self, revision: int) -> None:
        self.revision = revision
        put_metadata(self.store, self.records(revision))
        self.store.index(self.records(revision))

    def begin(self, *, force: bool = False) -> Stepper:
        """Start an instance on a message, and stop it before its first step."""

        def call(hook: Hook) -> None:
            forced_at = NOON if force else None
            WebInstance(self.store, hook, sizes=SIZES).publish(forced_at=forced_at)

        return Stepper(call)

    def deliver(self) -> None:
        WebInstance(self.store, sizes=SIZES, site=self.site).publish()

    @property
    def site(self) -> Site:
        return SITE

    def assert_settled(self) -> None:
        pages, expected = (
            read_web_pages(self.store),
            render_expected(self.store, self.records(self.revision), SIZES, self.site),
        )
        assert {name: pages.get(name) for name in expected} == expected


def count_steps(records: Records, *, force: bool) -> int:
    """Return the number of steps of a publication, with one more for its end."""
    stepper = WebDeployment(records).begin(force=force)
    for steps in range(MOST_STEPS):
        if stepper.done:
            return steps + 1
        stepper.step()
    raise AssertionError("the publication has more steps")


@EACH
@FORCE
def test_an_instance_stopped_at_any_step_does_not_undo_a_later_publication(
    records: Records, force: bool
) -> None:
    for stop in range(count_steps(records, force=force)):
        world = WebDeployment(records)
        stale = world.begin(force=force)
        stale.step(stop)
        world.commit(3)
        world.deliver()
        world.assert_settled()
        stale.finish()
        world.assert_settled()


@given(
    records=st.sampled_from(RECORDS),
    force=st.booleans(),
    stop=st.integers(0, 24),
    other_stop=st.integers(0, 24),
)
@settings(max_examples=2000 if os.environ.get("CHAOS") == "full" else 60)
def test_two_instances_stopped_at_any_steps_end_with_the_newest_record(
    records: Records, force: bool, stop: int, other_stop: int
) -> None:
    world = WebDeployment(records)
    stale = world.begin(force=force)
    stale.step(stop)
    world.commit(3)
    newer = world.begin()
    newer.step(other_stop)
    stale.finish()
    newer.finish()
    world.assert_settled()


@EACH
@FORCE
def test_redelivery_completes_the_work_of_a_killed_instance_and_ends(
    records: Records, force: bool
) -> None:
    for stop in range(count_steps(records, force=force)):
        world, written = WebDeployment(records), list[str]()
        killed = world.begin(force=force)
        killed.step(stop)
        killed.kill()

        def note(operation: str, bucket: str, name: str, written: list[str] = written) -> None:
            if operation == "objects.insert":
                written.append(name)

        WebInstance(world.store, note, sizes=SIZES).publish()
        world.assert_settled()
        assert len(written) == len(set(written))
        written.clear()
        WebInstance(world.store, note, sizes=SIZES).publish()
        assert written == []


@EACH
def test_redelivery_of_a_killed_forced_publication_writes_the_other_pages(
    records: Records,
) -> None:
    """The instances have new code: every page is due. No page is written twice."""
    site, stop, ended = Site("Packages", "https://new.example/simple/"), 0, False
    while not ended:
        world, written = WebDeployment(records), list[str]()
        world.deliver()

        def note(operation: str, bucket: str, name: str, written: list[str] = written) -> None:
            if operation == "objects.insert":
                written.append(name)

        def publish(
            hook: Hook, world: WebDeployment = world, note: Hook = note, *, forced_at: int = 1
        ) -> None:
            def step(operation: str, bucket: str, name: str) -> None:
                hook(operation, bucket, name)
                note(operation, bucket, name)

            instance = WebInstance(world.store, step, sizes=SIZES, site=site)
            instance.publish(forced_at=make_time(forced_at))

        killed = Stepper(publish)
        killed.step(stop)
        ended = killed.done
        killed.kill()
        for forced_at in (1, 2):  # the redelivery, and then a later force
            publish(lambda *step: None, forced_at=forced_at)
            assert sorted(written) == sorted(read_web_pages(world.store))
            written.clear()
        world.deliver()
        assert written == []
        stop += 5


class UpgradedDeployment(WebDeployment):
    """Deployment whose code is replaced; each new code is followed by a forced message.

    Waiting messages are handled by one publication, as by the service web. Instances that were
    begun before an upgrade keep their code.
    """

    def __init__(self, records: Records) -> None:
        self.code = 0
        super().__init__(records)
        self._waiting: list[int | None] = [None]  # the message of revision 2
        self._running = list[tuple[int, int | None, Stepper]]()

    @property
    def site(self) -> Site:
        """Site of the current code: each code renders each page in another form."""
        return Site(f"Packages {self.code}", f"https://code{self.code}.example/simple/")

    def play(self, actions: Sequence[tuple[str, int, int]]) -> None:
        for action, index, steps in actions:
            getattr(self, f"_{action}")(index, steps)
        self._deliver()
        for _, _, stepper in self._running:
            stepper.finish()

    def _upgrade(self, *_: int) -> None:
        self.code += 1
        self._waiting.append(self.code)

    def _commit(self, *_: int) -> None:
        """Commit, unless an instance of older code could handle the new record."""
        if all(stepper.done or code == self.code for code, _, stepper in self._running):
            self.commit(self.revision + 1)
            self._waiting.append(None)

    def _deliver(self, *_: int) -> None:
        if not self._waiting:
            return
        site, forced_at = self.site, max((n for n in self._waiting if n), default=None)
        self._waiting.clear()

        def call(hook: Hook) -> None:
            instance = WebInstance(self.store, hook, sizes=SIZES, site=site)
            instance.publish(forced_at=make_time(forced_at) if forced_at else None)

        self._running.append((self.code, forced_at, Stepper(call)))

    def _step(self, index: int, steps: int) -> None:
        if self._running:
            self._running[index % len(self._running)][2].step(steps)

    def _kill(self, index: int, _: int) -> None:
        """Kill an instance, or deliver its message again after its end."""
        if self._running:
            _, forced_at, stepper = self._running.pop(index % len(self._running))
            stepper.kill()
            self._waiting.append(forced_at)


forced_actions = st.lists(
    st.tuples(
        st.sampled_from(["upgrade", "commit", "deliver", "deliver", "step", "step", "kill"]),
        st.integers(0, 3),
        st.integers(1, 9),
    ),
    max_size=40,
)


ACKNOWLEDGEMENT_LOST = [
    *(("deliver", 0, 0), ("step", 0, 99), ("upgrade", 0, 0), ("deliver", 0, 0), ("step", 1, 99)),
    *(("kill", 1, 0), ("commit", 0, 0)),
]
"""A forced publication writes all pages, and is delivered again together with a new record."""


@EACH
@given(schedule=forced_actions)
@example(schedule=ACKNOWLEDGEMENT_LOST)
@settings(max_examples=1000 if os.environ.get("CHAOS") == "full" else 25)
def test_after_a_forced_message_no_page_is_of_older_code_or_of_an_older_record(
    records: Records, schedule: list[tuple[str, int, int]]
) -> None:
    world = UpgradedDeployment(records)
    world.play(schedule)
    world.assert_settled()


@pytest.mark.parametrize("lost", [3, 4, 5])
def test_a_restored_record_is_shown_also_after_further_commits(lost: int) -> None:
    """The restored record changes a release at a revision above that of the lost changes."""
    world = WebDeployment(make_yanked_record)
    for revision in range(3, lost + 1):
        world.commit(revision)
        world.deliver()
    world.commit(2)
    if lost % 2:  # the message of the restored record is optional
        world.deliver()
        world.assert_settled()
    restored, revision = make_yanked_record(3), lost + 1
    changed = {str(release): at for release, at in make_yanked_record(2).changed.items()}
    changed[RELEASES[1]] = revision
    record = mark_changes(restored.model_copy(update={"revision": revision}), changed)
    world.records = lambda _: record
    world.commit(revision)
    world.deliver()
    world.assert_settled()


actions = st.lists(
    st.tuples(st.sampled_from(["commit", "step", "kill"]), st.integers(0, 2), st.integers(1, 9)),
    max_size=40,
)


@EACH
@given(schedule=actions)
@settings(max_examples=1000 if os.environ.get("CHAOS") == "full" else 15)
def test_three_instances_in_any_order_settle_on_the_newest_record(
    records: Records, schedule: list[tuple[str, int, int]]
) -> None:
    """Announce each commit; deliver a message again at the end if its instance was killed."""
    world, again = WebDeployment(records), False
    running = [world.begin() for _ in range(3)]
    for action, index, steps in schedule:
        if action == "commit":
            world.commit(world.revision + 1)
            running[index].finish()
            running[index] = world.begin()
        elif action == "step":
            running[index].step(steps)
        else:
            again = again or not running[index].done
            running[index].kill()
    for instance in running:
        instance.finish()
    if again:
        world.deliver()
    world.assert_settled()

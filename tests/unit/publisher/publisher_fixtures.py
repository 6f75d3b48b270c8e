"""Fixtures of the publisher: example records, buckets in memory, and stoppable instances."""

import threading
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import replace

from cloud.ports import Headers
from cloud.retry import Retry
from publisher.blocked import BlockedList
from publisher.catalog.catalog_pages import Catalog
from publisher.main import DEADLINE, RETRY
from publisher.project_pages import ProjectPages
from publisher.site.page_content import Site
from schemas import layout, web_layout
from schemas.catalog import CatalogEntry
from schemas.names import Filename, ProjectName
from schemas.records import FileRecord, ProjectRecord, Register, Registers, StatusRegister
from schemas.types import Status
from testing.fakes.examples import NOON, make_file_record, make_time
from testing.fakes.memory_ports import MemoryBucket
from testing.storage import FakeStorage

ACME = ProjectName("acme")
SITE = Site("Packages")

NAUGHTY = """<b>&amp; "it's" 'gone'</b> naïve 日本 🐍"""
"""Reason with all characters that HTML must escape."""

HOSTILE = (
    "acme-1!2.0-py3-none-any.whl",
    "acme-1.0+cu1-cp311-abi3.cp33m-manylinux_2_17_x86_64.manylinux2014_x86_64.whl",
    "acme-1.0-1-py2.py3-none-any.whl",
    "acme-1.0rc1.tar.gz",
    "acme-0.9-py3-none-any.whl",
    "acme-0.9.tar.gz",
    "acme-0.8.tar.gz",
    "ACME-0.7.post1-py3-none-any.whl",
    "acme-0.6.dev3-py3-none-any.whl",
)
"""File names of one project that heuristics parse incorrectly."""


def make_yank(reason: str | None = None, *, value: bool = True, at: float = 0) -> Register:
    return Register(issued_at=make_time(at), command_id="c", value=value, reason=reason)


def make_record_of(*files: FileRecord) -> ProjectRecord:
    """Return a record of these files."""
    return ProjectRecord(project=ACME, revision=3, files={file.filename: file for file in files})


def make_record(
    *filenames: str, project: str = ACME, revision: int = 1, **facts: object
) -> ProjectRecord:
    """Make a record with these files, uploaded one minute apart."""
    files = {
        name: make_file_record(name, upload_time=make_time(60 * minute))
        for minute, name in enumerate(filenames)
    }
    given = {"project": project, "revision": revision, "files": files}
    return ProjectRecord.model_validate({**given, **facts})


def make_hostile_record() -> ProjectRecord:
    """Make a record with values that are difficult in HTML."""
    files = {
        Filename(name): make_file_record(
            name,
            upload_time=make_time(90.25 * minute),
            requires_python="<4, >=3.8",
            summary="Says <hello> & goodbye",
            requires_dist=('other>=1; extra == "x"',),
        )
        for minute, name in enumerate(HOSTILE)
    }
    versions = {"0.9": make_yank(NAUGHTY), "0.8": make_yank()}
    return ProjectRecord.model_validate(
        {
            "project": ACME,
            "revision": 5,
            "files": files,
            "yanked": Registers.model_validate({"versions": versions}),
            "removed": Registers.model_validate(
                {"files": {"acme-0.6.dev3-py3-none-any.whl": make_yank()}}
            ),
            "status": make_status("deprecated", NAUGHTY),
        }
    )


def make_status(value: Status, reason: str | None = None) -> StatusRegister:
    return StatusRegister(issued_at=NOON, command_id="s", value=value, reason=reason)


def make_removals(*filenames: str) -> Registers:
    return Registers.model_validate({"files": {name: make_yank() for name in filenames}})


class ManualClock:
    """Clock that advances only by its own ``sleep``."""

    def __init__(self) -> None:
        self.now = 0.0
        self.slept: list[float] = []

    def __call__(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now += seconds


def make_retry(clock: ManualClock | None = None, deadline: float = DEADLINE) -> Retry:
    """Make the retry of the publisher, without jitter and with a manual clock."""
    clock = clock or ManualClock()
    return replace(RETRY, deadline=deadline, sleep=clock.sleep, chance=lambda: 0.5, clock=clock)


class Store:
    """Buckets of one index, shared by all instances."""

    def __init__(self) -> None:
        self.storage = FakeStorage()
        self.static = MemoryBucket("static", storage=self.storage)
        self.metadata = MemoryBucket("metadata", storage=self.storage)

    def index(self, *records: ProjectRecord) -> None:
        """Write records like the indexer."""
        for one in records:
            headers = Headers(
                "application/json", "no-cache", CatalogEntry.from_record(one).to_metadata()
            )
            self.metadata.put(layout.locate_record(one.project), one.encode(), headers)

    def read_pages(self) -> Mapping[str, bytes]:
        """Return all published pages by object name."""
        storage = self.storage.buckets
        assert "static" in storage
        return {info.name: self.read(info.name) for info in self.static.list()}

    def read_catalog(self) -> Mapping[str, bytes]:
        """Return the published pages without the assets."""
        pages = self.read_pages().items()
        return {name: data for name, data in pages if not name.startswith(web_layout.ASSETS)}

    def read(self, name: str) -> bytes:
        stored = self.static.read(name)
        assert stored is not None
        return stored.data


Hook = Callable[[str, str, str], None]


class PublisherInstance:
    """Instance of the publisher on a store that all instances share."""

    def __init__(
        self,
        store: Store,
        hook: Hook | None = None,
        clock: ManualClock | None = None,
    ) -> None:
        static = MemoryBucket("static", storage=store.storage)
        metadata = MemoryBucket("metadata", storage=store.storage)
        static.before = metadata.before = hook
        patience = make_retry(clock)
        self.blocked = BlockedList(static, patience)
        self.pages = ProjectPages(static, metadata, self.blocked, patience)
        self.catalog = Catalog(static, metadata, SITE, patience)

    def publish(self, *, force: bool = False) -> ProjectRecord:
        return self.pages.publish(ACME, force=force)


class InstanceKilled(BaseException):
    """End of an instance; a base exception, so that no handler catches it."""


class Stepper:
    """Call in a separate thread that stops before each operation on a bucket.

    Between two operations the call has no visible effect. A kill before an operation therefore
    equals a kill at any moment since the previous one.

    :param call: function to run; its argument is the hook that stops it.
    """

    def __init__(self, call: Callable[[Hook], object]) -> None:
        self._go, self._stopped = threading.Semaphore(0), threading.Semaphore(0)
        self._killed = self._runs_freely = False
        self._error: BaseException | None = None
        self.done = False
        self._thread = threading.Thread(target=self._run, args=(call,), daemon=True)
        self._thread.start()
        self._wait()

    def step(self, times: int = 1) -> None:
        """Run this number of operations, or fewer if the call ends."""
        for _ in range(times):
            if self.done:
                return
            self._go.release()
            self._wait()

    def finish(self) -> None:
        """Run the call to its end, without a stop before its other operations."""
        self._runs_freely = True
        self.step()

    def kill(self) -> None:
        """End the call before its next operation."""
        self._killed = True
        self.step()

    def _run(self, call: Callable[[Hook], object]) -> None:
        try:
            with suppress(InstanceKilled):
                call(self._hook)
        except BaseException as error:  # raised in the waiting thread
            self._error = error
        finally:
            self.done = True
            self._stopped.release()

    def _wait(self) -> None:
        assert self._stopped.acquire(timeout=600), "the call hangs"
        if self._error is not None:
            raise self._error

    def _hook(self, operation: str, bucket: str, name: str) -> None:
        if self._runs_freely:
            return
        self._stopped.release()
        self._go.acquire()
        if self._killed:
            raise InstanceKilled

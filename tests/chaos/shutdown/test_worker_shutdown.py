"""SIGTERM to each worker in the middle of a push: the push is finished, and no new one is taken.

The storage holds the decisive write of the push back. The worker gets SIGTERM, and closes its port.
Then the write continues: the push is answered, and its result is durable and announced. A push
whose write does not continue is not acknowledged, and the process ends.
"""

import json
import signal
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from chaos.shutdown.stopping_worker import PATIENCE, StoppingWorker, run_worker
from local import topology
from schemas import layout
from schemas.catalog import CatalogEntry
from schemas.events import FileAccepted, ProjectIndexed
from schemas.records import ProjectRecord
from testing.corpus.wheels import FILENAME, make_wheel
from testing.fakes.examples import make_file_record
from testing.storage import Attributes, FakeStorage

UPLOAD = f"ci/42/{FILENAME}"
FILES = [make_file_record(f"acme-{n}.0-py3-none-any.whl") for n in (1, 2, 3)]
RECORD = ProjectRecord(project=FILES[0].project, revision=7, files={FILES[0].filename: FILES[0]})
INDEXED = ProjectIndexed(project=RECORD.project, record_revision=RECORD.revision).encode()


def put_upload(storage: FakeStorage) -> None:
    storage.insert(topology.INCOMING, UPLOAD, make_wheel().build())


def put_record(storage: FakeStorage) -> None:
    name, facts = layout.locate_record(RECORD.project), CatalogEntry.from_record(RECORD)
    attributes = Attributes(metadata=dict(facts.to_metadata()))
    storage.insert(topology.METADATA, name, RECORD.encode(), attributes)


@dataclass(frozen=True)
class WorkerCase:
    """A worker, a message, the write of its result, and the result."""

    name: str
    subscription: str
    written: str
    """Name of an object of the result."""
    message: bytes = INDEXED
    prepare: Callable[[FakeStorage], None] = put_record
    operation: str = "objects.insert"
    bucket: str = topology.STATIC
    topic: str | None = None
    """Topic of the announcement."""

    def find_result(self, worker: StoppingWorker) -> tuple[bool, int]:
        """Return whether the object exists, and the number of announcements."""
        live = worker.storage.buckets[self.bucket].live
        return self.written in live, len(worker.list_published(self.topic or ""))


CASES = [
    WorkerCase(
        name="ingest",
        subscription="ingest-file-uploaded",
        message=json.dumps({"bucket": topology.INCOMING, "name": UPLOAD}).encode(),
        prepare=put_upload,
        operation="objects.rewrite",
        bucket=topology.PACKAGES,
        written=FILENAME,
        topic="file-accepted",
    ),
    WorkerCase(
        name="indexer",
        subscription="indexer-file-accepted",
        message=FileAccepted(file=FILES[0]).encode(),
        prepare=lambda storage: None,
        bucket=topology.METADATA,
        written=layout.locate_record(RECORD.project),
        topic="project-indexed",
    ),
    WorkerCase(
        name="publisher",
        subscription="publisher-project",
        written=layout.locate_project_html(RECORD.project),
        topic="project-published",
    ),
    WorkerCase(
        name="catalog",
        subscription="publisher-catalog",
        written=layout.ROOT_JSON,
    ),
    WorkerCase(
        name="web",
        subscription="web-project",
        written=layout.locate_legacy_json(RECORD.project),
    ),
]


@pytest.fixture(params=CASES, ids=lambda case: case.name)
def case(request: pytest.FixtureRequest) -> WorkerCase:
    found: WorkerCase = request.param
    return found


@pytest.fixture
def worker(case: WorkerCase, tmp_path: Path) -> Iterator[StoppingWorker]:
    with run_worker(topology.SERVICES[case.name], tmp_path, case.prepare) as running:
        yield running


def test_a_shutdown_finishes_the_current_push_and_takes_no_new_one(
    case: WorkerCase, worker: StoppingWorker
) -> None:
    held = worker.hold(case.operation, case.bucket)
    push = worker.push(case.subscription, case.message)
    assert held.begun.wait(PATIENCE)
    worker.begin_shutdown()
    with pytest.raises(TimeoutError):  # it waits, although the process is about to end
        push.result(1.0)
    held.released.set()
    assert push.result(PATIENCE) == 204
    assert case.find_result(worker) == (True, 1 if case.topic else 0)
    assert worker.process.process.wait(PATIENCE) == -signal.SIGTERM


def test_a_push_that_does_not_end_is_delivered_again_after_the_shutdown(
    case: WorkerCase, worker: StoppingWorker
) -> None:
    """The process ends although its thread still waits for the storage."""
    held = worker.hold(case.operation, case.bucket)
    push = worker.push(case.subscription, case.message)
    assert held.begun.wait(PATIENCE)
    worker.begin_shutdown()
    assert worker.process.process.wait(PATIENCE) == -signal.SIGTERM
    assert push.result(PATIENCE) in (0, 500)
    worker.storage.before = None
    held.released.set()
    worker.start()
    assert worker.push(case.subscription, case.message).result(PATIENCE) == 204
    exists, announcements = case.find_result(worker)
    assert exists
    assert announcements == (1 if case.topic else 0)


def test_a_shutdown_commits_the_changes_that_wait_for_the_current_commit(tmp_path: Path) -> None:
    """Every push that the indexer answers with success is in the record."""
    with run_worker("indexer.main", tmp_path, lambda storage: None) as worker:
        held = worker.hold("objects.insert", topology.METADATA)
        first = worker.push("indexer-file-accepted", FileAccepted(file=FILES[0]).encode())
        assert held.begun.wait(PATIENCE)
        others = [
            worker.push("indexer-file-accepted", FileAccepted(file=file).encode())
            for file in FILES[1:]
        ]
        worker.process.process.terminate()
        held.released.set()
        statuses = [push.result(PATIENCE) for push in (first, *others)]
        assert worker.process.process.wait(PATIENCE) == -signal.SIGTERM
        name = layout.locate_record(RECORD.project)
        data = worker.storage.get(topology.METADATA, name).data
        record = ProjectRecord.model_validate_json(bytes(data))
    answered = {
        file.filename for file, status in zip(FILES, statuses, strict=True) if status == 204
    }
    assert FILES[0].filename in answered
    assert answered <= record.files.keys()

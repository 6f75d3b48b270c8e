"""Loads on the workers: more pushes than an instance takes at the same time.

Cloud Run passes on as many requests as the concurrency in Terraform allows, and the rest waits in
Pub/Sub. So does each load: a push follows when another one is answered. The storage takes one write
a second to a name, as Cloud Storage does.
"""

import itertools
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path

from benchmarks.harness.seeded_index import FILES_A_PROJECT, make_project_name, make_record, seed
from benchmarks.load.load_result import AnswerCounts, LoadResult, read_limits
from benchmarks.load.loaded_service import LoadedService, Send, send_all
from benchmarks.load.worker_process import WorkerProcess, run_worker
from benchmarks.publish.upload_memory import write_wheel
from local import topology
from local.stand_ins.storage.objects import Hashes
from schemas import layout
from schemas.events import FileAccepted, FileUploaded, ProjectIndexed
from schemas.names import ProjectName
from schemas.records import ProjectRecord
from testing.fakes.small_wheels import build_wheel
from testing.storage import FakeStorage

MIB = 1024 * 1024
WRITE_INTERVAL = 1.0
"""Seconds between two writes to one name that the storage takes."""
PROBED = 50
"""Number of projects of the normal requests, so that each is written at most once a second."""
PREFIX = f"{topology.GCP_PROJECT}-"


def create_storage() -> FakeStorage:
    """Return a storage with the buckets of the runtime."""
    storage = FakeStorage(write_interval=WRITE_INTERVAL)
    for bucket in topology.BUCKETS.values():
        storage.create_bucket(bucket)
    return storage


def load_ingest(folder: Path, files: int, mebibytes: int) -> LoadResult:
    """Validate and promote large wheels, builds of one release."""
    concurrency = read_limits("ingest").concurrency
    wheel, numbers = folder / "wheel", itertools.count(1)
    write_wheel(wheel, mebibytes * MIB)
    large, small = wheel.read_bytes(), build_wheel("small", "1.0")
    hashes = {data: Hashes.from_data(data) for data in (large, small)}
    with run_worker("ingest", folder, create_storage()) as worker:

        def push(project: str, data: bytes) -> Send:
            name = f"ci/1/{project}-1.0-{next(numbers)}-py3-none-any.whl"
            worker.storage.insert(topology.INCOMING, name, data, hashes=hashes[data])
            message = FileUploaded(bucket=topology.INCOMING, name=name)
            return partial(worker.push, "ingest-file-uploaded", message.encode())

        waiting = [push("acme", large) for _ in range(files)]
        service = LoadedService("ingest", worker.pid, lambda: push("small", small)())
        return service.measure(
            f"{files} wheels of {mebibytes} MiB wait, {concurrency} at a time",
            partial(send_all, waiting, concurrency),
        )


def load_indexer(folder: Path, pushes: int, projects: int, files: int) -> LoadResult:
    """Commit new files of some projects.

    :param files: number of files that each project has before.
    """
    storage = create_storage()
    for number in range(projects if files else 0):
        _store(storage, make_record(make_project_name(number), files))
    announcements = itertools.cycle(
        [_announce_new_files(number, files, pushes // projects) for number in range(projects)]
    )
    waiting = [next(next(announcements)) for _ in range(pushes)]
    probes = (_encode_file(ProjectName(f"probe-{number}"), 0) for number in itertools.count())
    with run_worker("indexer", folder, storage) as worker:
        kind = "new projects" if not files else f"projects of {files:,} files"
        where = "one project" if projects == 1 else f"{projects} {kind}"
        return _load_worker(
            worker, "indexer", "indexer-file-accepted", where, waiting, partial(next, probes)
        )


def _store(storage: FakeStorage, record: ProjectRecord) -> None:
    storage.insert(topology.METADATA, layout.locate_record(record.project), record.encode())


def _announce_new_files(number: int, first: int, count: int) -> Iterator[bytes]:
    project = make_project_name(number)
    return (_encode_file(project, first + each) for each in range(count + 1))


def _encode_file(project: ProjectName, number: int) -> bytes:
    """Return the announcement of a file that the project does not have."""
    [file] = make_record(project, 1).files.values()
    name = file.filename.replace("-1.0-", f"-1.{number}-")
    update = {"filename": name, "version": f"1.{number}"}
    return FileAccepted(file=file.model_copy(update=update)).encode()


def load_publisher(folder: Path, service: str, pushes: int, projects: int) -> LoadResult:
    """Render the pages of some projects again.

    :param service: ``publisher`` or ``web``.
    """
    storage = create_storage()
    seed(storage, (projects + PROBED) * FILES_A_PROJECT, PREFIX)
    messages = [
        ProjectIndexed(project=make_project_name(number), record_revision=1, force=True).encode()
        for number in range(projects + PROBED)
    ]
    subscription = {"publisher": "publisher-project", "web": "web-project"}[service]
    waiting = [messages[number % projects] for number in range(pushes)]
    with run_worker(service, folder, storage) as worker:
        where = f"{projects} projects of {FILES_A_PROJECT} files"
        probes = itertools.cycle(messages[projects:])
        return _load_worker(worker, service, subscription, where, waiting, partial(next, probes))


def _load_worker(
    worker: WorkerProcess,
    service: str,
    subscription: str,
    where: str,
    waiting: Sequence[bytes],
    probe: Callable[[], bytes],
) -> LoadResult:
    concurrency = read_limits(service).concurrency
    requests = (partial(worker.push, subscription, data) for data in waiting)

    def run(answers: AnswerCounts) -> None:
        send_all(requests, concurrency, answers)

    loaded = LoadedService(service, worker.pid, lambda: worker.push(subscription, probe()))
    return loaded.measure(f"{len(waiting):,} pushes for {where} wait, {concurrency} at a time", run)

"""Import of files through ingest in memory: outcomes, metadata, refusals, repetition."""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import BinaryIO

import pytest

from checks.policy import Policy
from cloud.errors import PermissionDenied, Unavailable
from cloud.ports import Headers, ObjectInfo
from cloud.uploads import TransferHooks
from gcpypi.connection.index_client import IndexClient
from gcpypi.errors import CommandFailure
from gcpypi.importing.file_import import FileImport, Stopped, UploadTarget
from gcpypi.importing.import_result import ImportOutcome
from gcpypi.importing.sources.source_files import SourceFailure, SourceFile
from gcpypi.importing.target_pages import TargetPages
from testing.fakes.examples import NOON
from testing.fakes.small_wheels import build_wheel, wheel_filename
from unit.cli.importing.source_server import SourceServer, run_source
from unit.ingest.service import InMemoryIngest

WHEEL = wheel_filename()
TIME = datetime(2020, 3, 1, 8, 30, tzinfo=UTC)


@dataclass
class MemorySource:
    """Files in memory."""

    data: dict[str, bytes]
    address: str = "memory"

    def fetch(self, file: SourceFile, folder: Path) -> Path:
        if file.filename not in self.data:
            raise SourceFailure(f"{file.locator}: 404")
        path = folder / file.filename
        path.write_bytes(self.data[file.filename])
        return path


@dataclass
class MemoryUploads:
    """Incoming bucket whose uploads ingest decides at once."""

    service: InMemoryIngest = field(default_factory=InMemoryIngest)
    failure: Exception | None = None
    is_silent: bool = False
    names: list[str] = field(default_factory=list)

    def upload(
        self,
        name: str,
        source: BinaryIO,
        size: int,
        headers: Headers,
        hooks: TransferHooks | None = None,
    ) -> ObjectInfo:
        if self.failure:
            raise self.failure
        info = self.service.incoming.write(name, source.read(), headers, if_generation=0)
        assert info.size == size
        self.names.append(name)
        if not self.is_silent:
            assert self.service.announce(name=name) == 204
        return info


@pytest.fixture
def page() -> Iterator[SourceServer]:
    """Pages of the index that receives the files."""
    with run_source() as server:
        yield server


@pytest.fixture
def uploads() -> MemoryUploads:
    return MemoryUploads()


@pytest.fixture
def files(page: SourceServer, uploads: MemoryUploads) -> FileImport:
    source = MemorySource({WHEEL: build_wheel()})
    target = UploadTarget(uploads, uploads.service.verdicts, "run", 30.0)
    pages = TargetPages(IndexClient.from_url(page.url, None))
    return FileImport(source, pages, Policy(), target)  # type: ignore[arg-type] # it lists no files


def describe(filename: str = WHEEL, **facts: object) -> SourceFile:
    return replace(SourceFile(filename, f"at/{filename}", "acme"), **facts)  # type: ignore[arg-type]


def test_a_file_is_promoted_with_its_upload_time(files: FileImport, uploads: MemoryUploads) -> None:
    result = files.import_file(describe(upload_time=TIME))

    record = uploads.service.read_last_file()
    assert (result.outcome, result.sha256) == (ImportOutcome.IMPORTED, record.sha256)
    assert (record.upload_time, record.uploader, record.run) == (TIME, "import", "run")
    assert uploads.service.read_package() == build_wheel()


def test_a_dry_run_uploads_nothing(files: FileImport, uploads: MemoryUploads) -> None:
    files.target = None

    assert files.import_file(describe()).outcome == ImportOutcome.ACCEPTABLE
    assert uploads.names == []


def test_a_file_of_the_index_is_neither_downloaded_nor_uploaded(
    files: FileImport, page: SourceServer, uploads: MemoryUploads
) -> None:
    page.files = {WHEEL: build_wheel()}
    [listed] = files.pages.get_files("acme").values()
    files.source = MemorySource({})  # type: ignore[assignment] # it lists no files

    result = files.import_file(describe(digests=listed.digests))

    assert (result.outcome, uploads.names) == (ImportOutcome.PRESENT, [])


def test_a_file_without_a_stated_digest_is_compared_after_its_download(
    files: FileImport, page: SourceServer, uploads: MemoryUploads
) -> None:
    page.files = {WHEEL: build_wheel()}

    result = files.import_file(describe())

    assert (result.outcome, uploads.names) == (ImportOutcome.PRESENT, [])


def test_other_bytes_in_the_index_are_a_refusal(
    files: FileImport, page: SourceServer, uploads: MemoryUploads
) -> None:
    page.files = {WHEEL: b"other"}

    result = files.import_file(describe())

    assert (result.outcome, result.reason) == (ImportOutcome.REFUSED, "exists")
    assert uploads.names == []


def test_the_page_of_an_upstream_index_is_not_a_page_of_the_index(
    files: FileImport, page: SourceServer
) -> None:
    page.files, page.other = {WHEEL: b"other"}, "http://public.example/files/"

    assert files.import_file(describe()).outcome == ImportOutcome.IMPORTED


@pytest.mark.parametrize(
    ("filename", "data", "reason"),
    [
        ("acme-1.0.zip", b"zip", "bad-filename"),
        ("acme-1.0.tar.bz2", b"bz2", "bad-filename"),
        ("acme-1.0-py2.7.egg", b"egg", "bad-filename"),
        ("acme-1.0.win32.exe", b"exe", "bad-filename"),
        ("../../acme-1.0-py3-none-any.whl", b"x", "bad-filename"),
        (WHEEL, b"no zip", "not-a-zip"),
        ("acme-1.0.tar.gz", b"no gzip", "sdist-gzip"),
    ],
)
def test_a_refused_file_has_its_reason_and_is_not_uploaded(
    filename: str, data: bytes, reason: str, files: FileImport, uploads: MemoryUploads
) -> None:
    files.source = MemorySource({filename: data})  # type: ignore[assignment]

    result = files.import_file(describe(filename))

    assert (result.outcome, result.reason) == (ImportOutcome.REFUSED, reason)
    assert result.detail
    assert uploads.names == []


def test_of_two_spellings_of_one_release_the_first_is_imported(files: FileImport) -> None:
    other = wheel_filename(version="1.0.0")
    data = {WHEEL: build_wheel(), other: build_wheel(version="1.0.0")}
    files.source = MemorySource(data)  # type: ignore[assignment]

    results = [files.import_file(describe(name)) for name in (WHEEL, other)]

    assert [result.reason for result in results] == [None, "exists"]


def test_a_refusal_of_ingest_is_the_result(files: FileImport) -> None:
    result = files.import_file(describe(upload_time=datetime.now(UTC) + timedelta(days=1)))

    assert (result.outcome, result.reason) == (ImportOutcome.REFUSED, "bad-upload-time")


def test_failures_of_one_file_do_not_stop_the_run(
    files: FileImport, uploads: MemoryUploads
) -> None:
    uploads.failure = Unavailable("gs://incoming/x", "503")
    assert files.import_file(describe("beta-1.0.tar.gz")).outcome == ImportOutcome.FAILED
    assert files.import_file(describe()).outcome == ImportOutcome.FAILED
    uploads.failure = None

    assert files.import_file(describe()).outcome == ImportOutcome.IMPORTED


def test_missing_rights_stop_the_run(files: FileImport, uploads: MemoryUploads) -> None:
    uploads.failure = PermissionDenied("gs://incoming/x", "403")

    with pytest.raises(PermissionDenied):
        files.import_file(describe())


def test_an_index_that_does_not_answer_stops_the_run(files: FileImport, page: SourceServer) -> None:
    page.broken = {"/simple/acme/"}

    with pytest.raises(CommandFailure, match="500"):
        files.import_file(describe())


def test_a_file_without_a_verdict_is_unanswered(files: FileImport, uploads: MemoryUploads) -> None:
    uploads.is_silent = True
    assert files.target is not None
    files.target = replace(files.target, timeout=0.01)

    result = files.import_file(describe())

    assert (result.outcome, "import again" in (result.detail or "")) == (
        ImportOutcome.UNANSWERED,
        True,
    )


def test_after_an_interruption_no_file_is_uploaded(
    files: FileImport, uploads: MemoryUploads
) -> None:
    files.stopped.set()

    with pytest.raises(Stopped):
        files.import_file(describe())

    assert uploads.names == []


def test_a_waiting_thread_ends_after_an_interruption(
    files: FileImport, uploads: MemoryUploads
) -> None:
    uploads.is_silent = True
    upload = uploads.upload

    def interrupt(*args: object) -> ObjectInfo:
        files.stopped.set()
        return upload(*args)  # type: ignore[arg-type]

    uploads.upload = interrupt  # type: ignore[method-assign, assignment]
    result = files.import_file(describe())

    assert result.outcome == ImportOutcome.UNANSWERED
    assert "was uploaded, and has no verdict yet: import again" in (result.detail or "")


def test_noon_is_the_time_of_a_file_without_one(files: FileImport, uploads: MemoryUploads) -> None:
    uploads.service.incoming.now = NOON

    files.import_file(describe())

    assert uploads.service.read_last_file().upload_time == NOON

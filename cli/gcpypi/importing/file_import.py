"""Import of single files: download, check, upload, verdict."""

import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from threading import Event, Lock
from typing import BinaryIO, Protocol

from checks.filenames import check_name
from checks.policy import Policy
from checks.refusal import Reason, Refused
from cloud.errors import CloudError, PermissionDenied
from cloud.ports import Bucket, Headers, ObjectInfo
from cloud.uploads import TransferHooks, UploadCancelled
from gcpypi.checking.local_check import check_file
from gcpypi.connection.answers import Polling, find_verdict
from gcpypi.importing.import_result import ImportOutcome, ImportResult
from gcpypi.importing.sources.source_files import (
    ImportSource,
    SourceFailure,
    SourceFile,
    verify_digests,
)
from gcpypi.importing.target_pages import TargetPages
from schemas import layout
from schemas.headers import BINARY, NO_STORE
from schemas.names import Equivalence, derive_equivalence
from schemas.releases.equivalence import find_equivalent
from schemas.types import format_time


class Stopped(Exception):
    """End of a thread after Ctrl-C."""


class ImportUploads(Protocol):
    """Incoming bucket for files: :class:`cloud.uploads.UploadBucket`."""

    def upload(
        self,
        name: str,
        source: BinaryIO,
        size: int,
        headers: Headers,
        hooks: TransferHooks | None = None,
    ) -> ObjectInfo:
        """Create an object from a file at its first byte."""
        ...


@dataclass(frozen=True, slots=True)
class UploadTarget:
    """Buckets of the index, and the run id of all uploads of one import."""

    incoming: ImportUploads
    verdicts: Bucket
    run: str
    timeout: float
    """Seconds to wait for a verdict."""


@dataclass
class FileImport:
    """Import of the files of one source. :meth:`import_file` is called from several threads.

    :param target: None for ``--dry-run``.
    """

    source: ImportSource
    pages: TargetPages
    policy: Policy
    target: UploadTarget | None
    stopped: Event = field(default_factory=Event)
    _claims: dict[Equivalence, str] = field(default_factory=dict)
    _lock: Lock = field(default_factory=Lock)

    def import_file(self, file: SourceFile) -> ImportResult:
        """Import one file, unless the index has it. A fault of the file is a result.

        :raises CommandFailure: if the index does not answer.
        :raises PermissionDenied: if the caller may not upload.
        :raises Stopped: if :attr:`stopped` was set before the end of the upload.
        """
        if self.stopped.is_set():
            raise Stopped
        try:
            return self._import(file)
        except Refused as refused:
            return ImportResult(
                file, ImportOutcome.REFUSED, reason=str(refused.reason), detail=refused.detail
            )
        except UploadCancelled as error:
            raise Stopped from error
        except PermissionDenied:
            raise
        except (SourceFailure, CloudError, OSError) as error:
            return ImportResult(file, ImportOutcome.FAILED, detail=str(error))

    def _import(self, file: SourceFile) -> ImportResult:
        project = check_name(file.filename, self.policy, layout.IMPORT).project
        if file.sha256 and self._is_present(file, project, file.sha256):
            return ImportResult(file, ImportOutcome.PRESENT, file.sha256)
        with tempfile.TemporaryDirectory(prefix="gcpypi-import-") as folder:
            path = self.source.fetch(file, Path(folder))
            sha256 = verify_digests(file, path)
            if self._is_present(file, project, sha256):
                return ImportResult(file, ImportOutcome.PRESENT, sha256)
            return self._upload_checked(file, path, sha256, project)

    def _is_present(self, file: SourceFile, project: str, sha256: str) -> bool:
        """Return whether the page of the index lists the file.

        :raises Refused: if the page lists other bytes under this name.
        """
        listed = self.pages.get_files(project).get(file.filename)
        stored = listed.digests.get("sha256") if listed else None
        if stored not in (None, sha256):
            raise Refused(
                Reason.EXISTS,
                f"{file.filename} is in the index with other bytes (sha256 {stored}; the source "
                f"has {sha256}): find out which of the two is right",
            )
        return stored is not None

    def _upload_checked(
        self, file: SourceFile, path: Path, sha256: str, project: str
    ) -> ImportResult:
        checked = check_file(path, self.policy, layout.IMPORT)
        if checked.verified is None:
            raise checked.refused or SourceFailure(f"{file.filename} has no verdict")
        self._claim(file.filename, project)
        if self.target is None:
            warnings = checked.verified.warnings
            return ImportResult(file, ImportOutcome.ACCEPTABLE, sha256, warnings=warnings)
        return self._upload(self.target, file, path, sha256)

    def _claim(self, filename: str, project: str) -> None:
        """Claim release, build number and tag set for a file.

        :raises Refused: if another file of the index or of this import has them.
        """
        key = derive_equivalence(filename)
        taken = find_equivalent(filename, self.pages.get_files(project))
        with self._lock:
            first = self._claims.setdefault(key, filename) if key else filename
        if taken := taken or (first if first != filename else None):
            raise Refused(
                Reason.EXISTS,
                f"{filename} has the same release, build number and tag set as {taken}, and an "
                "index has one of them: keep the other in an archive",
            )

    def _upload(
        self, target: UploadTarget, file: SourceFile, path: Path, sha256: str
    ) -> ImportResult:
        name = f"{layout.IMPORT}/{target.run}/{file.filename}"
        headers = Headers(BINARY, NO_STORE, build_metadata(file, sha256))
        hooks = TransferHooks(is_cancelled=self.stopped.is_set)
        with path.open("rb") as content:
            size = path.stat().st_size
            info = target.incoming.upload(name, content, size, headers, hooks)
        polling = Polling(target.timeout, sleep=self._pause)
        detail = f"{name} has no verdict after {target.timeout:g} s: import again"
        try:
            verdict = polling.wait_for(lambda: find_verdict(target.verdicts, name, info.generation))
        except Stopped:
            verdict, detail = None, f"{name} was uploaded, and has no verdict yet: import again"
        if verdict is None:
            return ImportResult(file, ImportOutcome.UNANSWERED, sha256, detail=detail)
        accepted = verdict.outcome == "accepted"
        return ImportResult(
            file,
            ImportOutcome.IMPORTED if accepted else ImportOutcome.REFUSED,
            sha256,
            verdict.reason,
            verdict.detail,
            verdict.warnings,
        )

    def _pause(self, seconds: float) -> None:
        if self.stopped.wait(seconds):
            raise Stopped


def build_metadata(file: SourceFile, sha256: str) -> Mapping[str, str]:
    """Build the custom metadata of the object of a file."""
    time = {layout.UPLOAD_TIME: format_time(file.upload_time)} if file.upload_time else {}
    return {layout.SHA256: sha256, **time}

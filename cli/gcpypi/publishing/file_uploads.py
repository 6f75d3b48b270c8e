"""Check and upload of single files, for several threads."""

import os
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass, field

from checks.policy import Policy
from checks.refusal import Reason, Refused
from cloud.errors import CloudError, PermissionDenied, PreconditionFailed
from cloud.ports import Headers, ObjectInfo
from cloud.uploads import TransferHooks, UploadBucket, UploadCancelled
from gcpypi.checking.local_check import check_file
from gcpypi.connection.cloud_failures import explain_cloud_error
from gcpypi.errors import CommandFailure
from gcpypi.publishing.listed_files import Digests
from gcpypi.publishing.publication import Publication, Stage
from schemas.layout import SHA256
from schemas.names import ProjectName

ATTEMPTS = 2
"""Names that are tried for one file.

The second is for a lost response: the object then exists, and an uploader may neither read nor
replace it. Cloud Storage answers 403 or 412, and does not document which.
"""

_CONTENT_TYPE = "application/octet-stream"


@dataclass
class FileUploads:
    """Uploads of one run.

    :param run: name of the run: ``<uploader>/<run id>``.
    :param listed: pages of the projects before the uploads.
    """

    bucket: UploadBucket
    run: str
    policy: Policy
    listed: Mapping[ProjectName, Digests]
    failure: CommandFailure | None = None
    """Failure that ends the run, because each other file would fail too."""
    sent: int = 0
    """Bytes that Cloud Storage has."""
    _cancelled: threading.Event = field(default_factory=threading.Event)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def cancel(self) -> None:
        """Let no further request of an upload begin. Open sessions are deleted."""
        self._cancelled.set()

    def process(self, file: Publication) -> None:
        """Check a file, and upload it unless it is refused or listed already."""
        if self._cancelled.is_set() or file.stage is not Stage.WAITING:
            return
        try:
            self._check(file)
            if file.stage is Stage.WAITING:
                self._upload(file)
        except UploadCancelled:
            return
        except PermissionDenied as error:
            self._end(error)
        except CloudError as error:
            file.stage, file.detail = Stage.FAILED, str(explain_cloud_error(error))
        except CommandFailure as failure:
            file.stage, file.detail = Stage.FAILED, str(failure)

    def _check(self, file: Publication) -> None:
        checked = check_file(file.path, self.policy, self.run.partition("/")[0])
        if checked.refused:
            file.refuse(checked.refused)
        elif checked.verified:
            file.sha256, file.warnings = checked.verified.sha256, checked.verified.warnings
            self._compare(file)

    def _compare(self, file: Publication) -> None:
        """Compare a file with the page of its project. Page and file can have one digest only."""
        project = file.project
        digest = self.listed.get(project, {}).get(file.filename) if project else None
        if digest and digest == file.sha256:
            file.stage = Stage.PRESENT
        elif digest:
            detail = (
                f"{file.filename} is in the index with other bytes (sha256 {digest}), and a file "
                "never changes: give it a new version or build number"
            )
            file.refuse(Refused(Reason.EXISTS, detail))

    def _upload(self, file: Publication) -> None:
        """Upload a file under a new name, or under a second one if the first exists."""
        for attempt in range(ATTEMPTS):
            name = f"{self.run}{f'.{attempt}' if attempt else ''}/{file.filename}"
            try:
                info = self._send(file, name)
            except (PreconditionFailed, PermissionDenied):
                if attempt == ATTEMPTS - 1:
                    raise
            else:
                file.name, file.generation = name, info.generation
                file.created, file.uploaded_at = info.created, time.monotonic()
                file.stage = Stage.UPLOADED
                return

    def _send(self, file: Publication, name: str) -> ObjectInfo:
        headers = Headers(_CONTENT_TYPE, "no-store", {SHA256: file.sha256 or ""})
        before = 0

        def report(sent: int) -> None:
            nonlocal before
            with self._lock:
                self.sent += sent - before
            before = sent

        hooks = TransferHooks(report, self._cancelled.is_set)
        try:
            with file.path.open("rb") as source:
                size = os.fstat(source.fileno()).st_size
                return self.bucket.upload(name, source, size, headers, hooks)
        except OSError as error:
            raise CommandFailure(f"{file.path} is not readable: {error.strerror}") from error

    def _end(self, error: PermissionDenied) -> None:
        uploader = self.run.partition("/")[0]
        remedy = (
            f"sign in as an identity that may create objects below {uploader}/, or give another "
            "uploader by --as"
        )
        self.failure = explain_cloud_error(error, {PermissionDenied: remedy})
        self.cancel()

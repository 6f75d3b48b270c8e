"""Wait for the publication of an uploaded file: its verdict, and then its place on the page."""

import asyncio
from contextlib import suppress
from dataclasses import dataclass, field
from enum import Enum, auto

from anyio import to_thread

from checks.refusal import Refused
from cloud.errors import CloudError
from cloud.ports import Bucket, ObjectInfo
from cloud.retry import Backoff
from schemas import layout
from schemas.names import Filename, ProjectName
from schemas.types import Generation, NewerSchemaVersion
from schemas.verdict_documents import Verdict
from upload.shutdown import ShutdownLimit

_PAUSES = Backoff(first=0.05, longest=0.5, jitter=(1.0, 1.0))
"""Pauses between two looks for the verdict and the page."""
_FIRST_LOOK = 1.0
"""Seconds of the first look, if the time has passed before."""


class PublicationState(Enum):
    """Last known state of an upload."""

    STORED = auto()
    """Without a verdict."""
    ACCEPTED = auto()
    """Accepted by ingest, and not on the page."""
    LISTED = auto()
    """On the page, so installable."""


@dataclass(frozen=True, slots=True)
class PublicationWait:
    """Buckets in which the publication of a file becomes visible."""

    verdicts: Bucket
    static: Bucket
    shutdown: ShutdownLimit = field(default_factory=ShutdownLimit)

    async def wait(
        self, stored: ObjectInfo | None, page: "PageWait", timeout: float
    ) -> PublicationState:
        """Return the state of a file when the page lists it, or after the time-out.

        A shutdown ends the wait earlier, so that the tool gets an answer: the file is stored.
        A failure of Cloud Storage, and a verdict of a newer release, mean: not yet. The file is
        stored in any case. A request that Cloud Storage does not answer in time is abandoned,
        because tools wait 10 s for an answer.

        :param stored: the incoming object; None if the file was promoted before.
        :param timeout: seconds.
        :raises Refused: if ingest refused the file.
        """
        look = _Look(self, stored, page)
        with suppress(TimeoutError):
            async with self.shutdown.wait_at_most(max(timeout, _FIRST_LOOK)):
                await _repeat(look, timeout)
        return look.state

    def locate_verdict(self, stored: ObjectInfo) -> str:
        """Return the URL of the verdict on an object, for gcloud."""
        return f"gs://{self.verdicts.name}/{layout.locate_verdict(stored.name, stored.generation)}"

    def read_verdict(self, stored: ObjectInfo) -> Verdict | None:
        """Return the verdict of ingest on an object, or None. It blocks."""
        found = self.verdicts.read(layout.locate_verdict(stored.name, stored.generation))
        return Verdict.model_validate_json(found.data) if found else None


@dataclass(slots=True)
class PageWait:
    """Page of a project, read again only after a change."""

    project: ProjectName
    filename: Filename
    _seen: Generation | None = None

    def is_listed(self, static: Bucket) -> bool:
        """Return whether the page has the file name. It blocks."""
        page = layout.locate_project_json(self.project)
        info = static.stat(page)
        if info is None or info.generation == self._seen:
            return False
        found = static.read(page)
        self._seen = info.generation
        return found is not None and f'"{self.filename}"'.encode() in found.data


class _Look:
    """Repeated look at one file, with the results of the earlier looks."""

    def __init__(
        self, publication: PublicationWait, stored: ObjectInfo | None, page: PageWait
    ) -> None:
        self._publication, self._stored, self._page = publication, stored, page
        self.state = PublicationState.ACCEPTED if stored is None else PublicationState.STORED

    def run(self) -> None:
        """Look once. It blocks."""
        if self._stored is not None and self.state is PublicationState.STORED:
            verdict = self._publication.read_verdict(self._stored)
            if verdict is None:
                return
            if refusal := find_refusal(verdict):
                raise refusal
            self.state = PublicationState.ACCEPTED
        if self._page.is_listed(self._publication.static):
            self.state = PublicationState.LISTED


async def _repeat(look: _Look, timeout: float) -> None:
    clock = asyncio.get_running_loop().time
    end, looks = clock() + timeout, 0
    while True:
        with suppress(CloudError, NewerSchemaVersion):
            await to_thread.run_sync(look.run, abandon_on_cancel=True)
        pause = _PAUSES.compute_pause(looks, 0)
        if look.state is PublicationState.LISTED or clock() + pause > end:
            return
        await asyncio.sleep(pause)
        looks += 1


def find_refusal(verdict: Verdict) -> Refused | None:
    """Return the refusal of a verdict; None for an accepted file."""
    if verdict.outcome == "accepted":
        return None
    return Refused(verdict.reason or "", verdict.detail or "")

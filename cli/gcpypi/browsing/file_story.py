"""FileStory: the events of one file, from the objects that the caller may read."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from cloud.errors import CloudError
from cloud.ports import Bucket, ObjectInfo
from gcpypi.browsing.record_events import StoryEvent, list_record_events
from gcpypi.connection.answers import find_verdict
from gcpypi.connection.cloud_failures import explain_cloud_error
from gcpypi.connection.index_connection import IndexConnection
from gcpypi.connection.page_lookup import parse_file
from gcpypi.connection.record_reader import find_record
from gcpypi.errors import CommandFailure, ExitCode
from schemas.names import Filename, ProjectName
from schemas.records import FileRecord, ProjectRecord

UPLOADS = 20
"""Largest number of uploads of a story, the newest first. Each needs a read of its verdict."""


@dataclass(slots=True)
class FileStory:
    """Facts and events of a file, and the parts that the caller may not read."""

    filename: Filename
    project: ProjectName
    facts: FileRecord | None = None
    """Facts of the promoted file; None if it has none, or if they are not readable."""
    page: str | None = None
    """State on the page of the project; None if the page is not readable."""
    events: list[StoryEvent] = field(default_factory=list)
    unreadable: list[str] = field(default_factory=list)
    """Sentences about the parts that are not readable."""

    @property
    def is_empty(self) -> bool:
        """True without a trace of the file."""
        return not self.events and self.facts is None and self.page in (None, NOT_LISTED)


NOT_LISTED = "not listed"


class StoryReader:
    """Reader of the parts of the story of a file.

    A part that the caller may not read is noted, and the others follow.
    """

    def __init__(self, connection: IndexConnection, filename: str) -> None:
        self._connection = connection
        self.story = FileStory(*parse_file(filename))

    def read(self) -> FileStory:
        """Read record, uploads with their verdicts, and page."""
        story = self.story
        record = self._read_record()
        if record:
            story.facts = record.files.get(story.filename)
            story.events += list_record_events(record, story.filename)
        story.events += self._list_uploads()
        if story.facts and not self._has_source(story.facts):
            detail = f"by {story.facts.uploader}; the upload is no longer readable"
            story.events.append(StoryEvent(story.facts.upload_time, "uploaded", detail))
        story.events.sort(key=lambda event: event.time)
        story.page = self._read_page()
        return story

    def _has_source(self, facts: FileRecord) -> bool:
        return any(event.generation == facts.source_generation for event in self.story.events)

    def _get_bucket(self, role: str, part: str) -> Bucket | None:
        try:
            return self._connection.get_bucket(role)
        except CloudError as error:
            self._note(part, explain_cloud_error(error))
        except CommandFailure as failure:
            self._note(part, failure)
        return None

    def _note(self, part: str, error: Exception) -> None:
        self.story.unreadable.append(f"{part}: {error}")

    def _read_record(self) -> ProjectRecord | None:
        part = "the record (facts, authors of yanks)"
        if not (bucket := self._get_bucket("metadata", part)):
            return None
        try:
            return find_record(bucket, self.story.project)
        except CloudError as error:
            self._note(part, explain_cloud_error(error))
        except CommandFailure as failure:
            self._note(part, failure)
        return None

    def _list_uploads(self) -> Iterator[StoryEvent]:
        """Yield the newest uploads of the file with their verdicts."""
        part = "uploads and verdicts"
        incoming = self._get_bucket("incoming", part)
        verdicts = self._get_bucket("verdicts", part) if incoming else None
        if not incoming or not verdicts:
            return
        try:
            for upload in self._find_uploads(incoming):
                yield from _list_upload_events(upload, incoming, verdicts)
        except CloudError as error:
            self._note(part, explain_cloud_error(error))

    def _find_uploads(self, incoming: Bucket) -> list[ObjectInfo]:
        """List the uploads of the file by its uploader, else by all uploaders."""
        facts = self.story.facts
        uploader = self._connection.settings.uploader or (facts.uploader if facts else None)
        listed = incoming.list(f"{uploader}/" if uploader else "")
        found = [info for info in listed if info.name.endswith(f"/{self.story.filename}")]
        return sorted(found, key=lambda info: info.created)[-UPLOADS:]

    def _read_page(self) -> str | None:
        try:
            page = self._connection.index.find_project(self.story.project)
        except CommandFailure as failure:
            if failure.code not in (ExitCode.UNAVAILABLE, ExitCode.USAGE):
                raise
            self._note("the page", failure)
            return None
        for file in page.packages if page else ():
            if file.filename == self.story.filename:
                reason = f": {file.yanked_reason}" if file.yanked_reason else ""
                return f"listed, yanked{reason}" if file.is_yanked else "listed"
        is_quarantined = page and page.status and page.status.value == "quarantined"
        return f"{NOT_LISTED}: the project is quarantined" if is_quarantined else NOT_LISTED


def _list_upload_events(
    upload: ObjectInfo, incoming: Bucket, verdicts: Bucket
) -> Iterator[StoryEvent]:
    address = f"gs://{incoming.name}/{upload.name}"
    yield StoryEvent(upload.created, "uploaded", address, upload.generation)
    verdict = find_verdict(verdicts, upload.name, upload.generation)
    if verdict is None:
        return
    if verdict.outcome == "refused":
        yield StoryEvent(verdict.time, "refused", f"{verdict.reason}: {verdict.detail}")
    else:
        yield StoryEvent(verdict.time, "accepted", "; ".join(verdict.warnings))


def describe_story(story: FileStory) -> Mapping[str, object]:
    """Return the story as an object of JSON."""
    names = ("version", "sha256", "size", "uploader", "run")
    facts = story.facts
    return {
        "filename": story.filename,
        "project": story.project,
        **{name: getattr(facts, name) if facts else None for name in names},
        "page": story.page,
        "events": [event.describe() for event in story.events],
        "unreadable": story.unreadable,
    }


def format_delay(before: datetime | None, after: datetime) -> str:
    """Return the time between two events; empty for the first one."""
    if before is None:
        return ""
    seconds = (after - before).total_seconds()
    if seconds < 100:
        return f"+{seconds:.2f} s"
    return f"+{seconds / 3600:.1f} h" if seconds >= 3600 else f"+{seconds / 60:.0f} min"

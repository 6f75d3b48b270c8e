"""Publication of one project for a group of messages: write the pages, then announce them."""

from collections.abc import Sequence
from dataclasses import dataclass

from chassis.outcomes import Outcome
from cloud.ports import Topic
from publisher.errors import RecordBehind
from publisher.project_pages import ProjectPages
from schemas.events import ProjectIndexed, ProjectPublished
from schemas.names import ProjectName
from schemas.records import ProjectRecord
from schemas.releases import list_offered_files


@dataclass(frozen=True, slots=True)
class Projects:
    """Publication of all projects; announce each after its pages are stored."""

    pages: ProjectPages
    published: Topic

    def publish(
        self, project: ProjectName, messages: Sequence[ProjectIndexed]
    ) -> list[Outcome | Exception]:
        """Publish the pages of the project once for all ``messages``; return an outcome for each.

        Always announce the pages, even if they were published before: the announcement may have
        been lost.
        """
        record = self.pages.publish(project, force=any(message.force for message in messages))
        self.published.publish(_make_announcement(record))
        return [make_outcome(record, message) for message in messages]


def _make_announcement(record: ProjectRecord) -> ProjectPublished:
    return ProjectPublished(
        project=record.project,
        record_revision=record.revision,
        filenames=tuple(file.filename for file in list_offered_files(record)),
    )


def make_outcome(record: ProjectRecord, message: ProjectIndexed) -> Outcome | Exception:
    """Return the outcome of a message after the publication of ``record``.

    It is :class:`RecordBehind` if the message has a higher revision than the record.
    """
    if message.record_revision > record.revision:
        return RecordBehind(record.project, record.revision, message.record_revision)
    return Outcome("done", project=record.project)

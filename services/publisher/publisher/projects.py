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
    """Publication of all projects; each is announced when its pages are durable."""

    pages: ProjectPages
    published: Topic

    def publish(
        self, project: ProjectName, changes: Sequence[ProjectIndexed]
    ) -> list[Outcome | Exception]:
        """Publish the pages of the project once for all ``changes``.

        Always announce, even if the pages were already published: the announcement may have been
        lost. Only a change with a higher revision than the record gets :class:`RecordBehind`.
        """
        record = self.pages.publish(project, force=any(change.force for change in changes))
        self.published.publish(_make_announcement(record))
        return [_answer(record, change) for change in changes]


def _make_announcement(record: ProjectRecord) -> ProjectPublished:
    return ProjectPublished(
        project=record.project,
        record_revision=record.revision,
        filenames=tuple(file.filename for file in list_offered_files(record)),
    )


def _answer(record: ProjectRecord, change: ProjectIndexed) -> Outcome | Exception:
    if change.record_revision > record.revision:
        return RecordBehind(record.project, record.revision, change.record_revision)
    return Outcome("done", project=record.project)

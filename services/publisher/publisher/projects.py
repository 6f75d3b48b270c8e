"""Publication of one project for a group of messages: write the pages, then announce them."""

from collections.abc import Sequence
from dataclasses import dataclass

from chassis.outcomes import Outcome
from cloud.ports import Topic
from publisher.errors import RecordBehind
from publisher.pages import ProjectPages
from schemas.events import ProjectIndexed, ProjectPublished
from schemas.names import ProjectName
from schemas.records import ProjectRecord
from schemas.releases import offered


@dataclass(frozen=True, slots=True)
class Projects:
    """The pages of all projects, each announced when its pages are durable."""

    pages: ProjectPages
    published: Topic

    def publish(
        self, project: ProjectName, changes: Sequence[ProjectIndexed]
    ) -> list[Outcome | Exception]:
        """Bring the project's pages up to its record, once for all ``changes``.

        Announces always, also what was published before: the announcement may have been lost.
        A change that is ahead of the record is answered by :class:`RecordBehind`, alone.
        """
        record = self.pages.publish(project, force=any(change.force for change in changes))
        self.published.publish(_announcement(record))
        return [_answer(record, change) for change in changes]


def _announcement(record: ProjectRecord) -> ProjectPublished:
    return ProjectPublished(
        project=record.project,
        record_revision=record.revision,
        filenames=tuple(file.filename for file in offered(record)),
    )


def _answer(record: ProjectRecord, change: ProjectIndexed) -> Outcome | Exception:
    if change.record_revision > record.revision:
        return RecordBehind(record.project, record.revision, change.record_revision)
    return Outcome("done", project=record.project)

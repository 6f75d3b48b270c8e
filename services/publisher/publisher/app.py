"""The publisher's web application: two subscriptions, each acknowledged when its work is durable.

====================== ================ ==============================================
subscription           message          work
====================== ================ ==============================================
``publisher-project``  project-indexed  the project's pages, one commit a group
``publisher-catalog``  project-indexed  the catalog, one run for all who wait
====================== ================ ==============================================

Both topics are internal: a message that cannot be read raises, and is not acknowledged.
"""

from collections.abc import Awaitable, Callable

from starlette.applications import Starlette

from chassis.app import worker
from chassis.group_commit import Commit, GroupCommit
from chassis.outcomes import Outcome
from schemas.events import ProjectIndexed
from schemas.names import ProjectName
from schemas.push import PushEnvelope

ProjectCommit = Commit[ProjectName, ProjectIndexed, Outcome]
"""Publishes one project for a group of messages."""


def make(
    project: str,
    *,
    commit: ProjectCommit,
    catalog: Callable[[], Awaitable[None]],
    ready: Callable[[], object],
) -> Starlette:
    """Make the application.

    :param project: the Google Cloud project, for the logs.
    :param catalog: returns when a run of the catalog covers its caller.
    """
    groups: GroupCommit[ProjectName, ProjectIndexed, Outcome] = GroupCommit(commit)

    async def publish_project(envelope: PushEnvelope) -> Outcome:
        message = ProjectIndexed.decode(envelope.message.data)
        return await groups.submit(message.project, message)

    async def publish_catalog(envelope: PushEnvelope) -> Outcome:
        message = ProjectIndexed.decode(envelope.message.data)
        await catalog()
        return Outcome("done", project=message.project)

    handlers = {"publisher-project": publish_project, "publisher-catalog": publish_catalog}
    return worker(project, handlers, ready)

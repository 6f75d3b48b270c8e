"""Push endpoints of the publisher: acknowledge a message after its pages are stored.

====================== ================ ===================================================
subscription           message          task
====================== ================ ===================================================
``publisher-project``  project-indexed  publish the project's pages, once for all waiting
                                        messages of the project
``publisher-catalog``  project-indexed  publish the catalog, once for all waiting messages
====================== ================ ===================================================

Only services and repair commands publish to the topic of these subscriptions. So an unreadable
message is a bug: the handler raises an exception, and Pub/Sub delivers the message again.
"""

import asyncio
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from functools import partial

from starlette.applications import Starlette

from chassis.app import create_worker
from chassis.group_commit import Close, GroupCommit
from chassis.outcomes import Outcome
from publisher.catalog.catalog_pages import Catalog
from publisher.catalog.throttle import Throttle
from publisher.projects import Projects
from schemas.events import ProjectIndexed
from schemas.names import ProjectName
from schemas.push import PushEnvelope

PROJECT_SUBSCRIPTION = "publisher-project"
CATALOG_SUBSCRIPTION = "publisher-catalog"

THREADS = 32
"""Maximum number of projects that one process publishes at once.

It can be large, because each thread mostly waits for Cloud Storage.
"""


class Publisher:
    """Handlers of the two subscriptions; each returns after its pages are stored.

    :param catalog_interval: minimum seconds between two runs of the catalog.
    """

    def __init__(self, projects: Projects, catalog: Catalog, catalog_interval: float) -> None:
        self._projects = projects
        self._catalog = catalog
        self._threads = ThreadPoolExecutor(THREADS, thread_name_prefix="publisher")
        self._group = GroupCommit[ProjectName, ProjectIndexed, Outcome](self._commit)
        self._force_catalog = False
        """Whether the next run of the catalog must write every object, for a waiting message.

        After an error Pub/Sub delivers the message again.
        """
        self._throttle = Throttle(
            self._run_catalog, catalog_interval, clock=time.monotonic, sleep=asyncio.sleep
        )

    async def publish_project(self, push: PushEnvelope) -> Outcome:
        """Publish the pages of a project's current record, and announce them."""
        message = ProjectIndexed.decode(push.message.data)
        return await self._group.submit(message.project, message)

    async def publish_catalog(self, push: PushEnvelope) -> Outcome:
        """Wait for the end of a catalog run that starts after this call."""
        message = ProjectIndexed.decode(push.message.data)
        self._force_catalog |= message.force
        await self._throttle.run()
        return Outcome("done", project=message.project)

    async def _commit(
        self, project: ProjectName, close: Close[ProjectIndexed]
    ) -> Sequence[Outcome | Exception]:
        publish = partial(self._projects.publish, project, close())
        # The copy of the context has the trace of the commit.
        loop, run = asyncio.get_running_loop(), copy_context().run
        return await loop.run_in_executor(self._threads, run, publish)

    async def _run_catalog(self) -> None:
        force, self._force_catalog = self._force_catalog, False
        publish = partial(self._catalog.publish, force=force)
        await asyncio.get_running_loop().run_in_executor(self._threads, publish)


def create_app(publisher: Publisher, gcp_project: str, ready: Callable[[], object]) -> Starlette:
    """Create the application."""
    handlers = {
        PROJECT_SUBSCRIPTION: publisher.publish_project,
        CATALOG_SUBSCRIPTION: publisher.publish_catalog,
    }
    return create_worker(gcp_project, handlers, ready)

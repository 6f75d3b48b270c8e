"""Push endpoint of the service web: acknowledge a message after its pages are stored.

================ ================ ==========================================================
subscription     message          task
================ ================ ==========================================================
``web-project``  project-indexed  write the project's pages for people, once for all waiting
                                  messages of the project
================ ================ ==========================================================

Only services and repair commands publish to the topic of the subscription. So an unreadable message
is a bug: the handler raises an exception, and Pub/Sub delivers the message again. The service
announces nothing.
"""

import asyncio
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from datetime import datetime
from functools import partial
from typing import NamedTuple

from starlette.applications import Starlette

from chassis.app import create_worker
from chassis.group_commit import Close, GroupCommit
from chassis.outcomes import Outcome
from publisher.projects import make_outcome
from publisher.web.web_pages import WebPages
from schemas.events import ProjectIndexed
from schemas.names import ProjectName
from schemas.push import PushEnvelope

WEB_SUBSCRIPTION = "web-project"

THREADS = 32
"""Maximum number of projects whose pages one process writes at once.

It can be large, because each thread mostly waits for Cloud Storage.
"""


class ReceivedMessage(NamedTuple):
    """Message with its publish time, which is the same in each delivery."""

    message: ProjectIndexed
    publish_time: datetime


class Web:
    """Handler of the subscription; it returns after the pages are stored."""

    def __init__(self, pages: WebPages) -> None:
        self._pages = pages
        self._threads = ThreadPoolExecutor(THREADS, thread_name_prefix="web")
        self._group = GroupCommit[ProjectName, ReceivedMessage, Outcome](self._commit)

    async def publish_project(self, push: PushEnvelope) -> Outcome:
        """Write the pages of a project's current record."""
        message = ProjectIndexed.decode(push.message.data)
        received = ReceivedMessage(message, push.message.publish_time)
        return await self._group.submit(message.project, received)

    async def _commit(
        self, project: ProjectName, close: Close[ReceivedMessage]
    ) -> Sequence[Outcome | Exception]:
        messages = close()
        forced = [each.publish_time for each in messages if each.message.force]
        publish = partial(self._pages.publish, project, forced_at=max(forced, default=None))
        # The copy of the context has the trace of the commit.
        loop, run = asyncio.get_running_loop(), copy_context().run
        record = await loop.run_in_executor(self._threads, run, publish)
        return [make_outcome(record, each.message) for each in messages]


def create_app(web: Web, gcp_project: str, ready: Callable[[], object]) -> Starlette:
    """Create the application."""
    return create_worker(gcp_project, {WEB_SUBSCRIPTION: web.publish_project}, ready)

"""The modules of the product that one request enters, traced on fakes in memory."""

import asyncio
import sys
import threading
from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from types import FrameType

from starlette.applications import Starlette

from local.layout import SUBSCRIPTIONS
from schemas.events import Message
from testing.proxy import MemoryProxy
from testing.services.index import Index
from testing.services.pipeline import Pipeline
from testing.structure.source import Package

Rooms = Mapping[str, list[str]]
"""The modules by what was asked: ``warm page``, or the service that a message is pushed to."""

DELIVERS = "local"
"""The package that stands in for Pub/Sub, and is no part of what a request enters."""


@dataclass
class Trace:
    """The files that functions were called in while it was on."""

    files: set[str] = field(default_factory=set)
    _undo: ExitStack = field(default_factory=ExitStack)

    def start(self) -> None:
        """Trace this thread, and those that it starts."""
        self._undo.callback(sys.settrace, sys.gettrace())
        self._undo.callback(threading.settrace, threading.gettrace())
        threading.settrace(self._called)
        sys.settrace(self._called)

    def stop(self) -> None:
        """Let those trace who did before, such as coverage."""
        self._undo.close()

    def _called(self, frame: FrameType, event: str, argument: object) -> None:
        self.files.add(frame.f_code.co_filename)


@dataclass
class TracedPipeline(Pipeline):
    """A pipeline that is traced as soon as its services are built."""

    trace: Trace = field(default_factory=Trace)

    def _apps(self) -> dict[str, Starlette]:
        apps = super()._apps()
        self.trace.start()
        return apps


def rooms(packages: list[Package]) -> Rooms:
    """What a warm page and each push enter."""
    names = {
        str(module.path): module.name
        for package in packages
        if package.name != DELIVERS
        for module in package.modules
    }
    traces = {"warm page": asyncio.run(_warm_page()), **dict(_pushes())}
    if not any(trace.files & names.keys() for trace in traces.values()):
        sys.exit("the packages that are installed are not those of this checkout")
    return {
        what: sorted(names[file] for file in trace.files if file in names)
        for what, trace in traces.items()
    }


async def _warm_page() -> Trace:
    ask = _proxy()
    await ask()
    with _traced() as trace:
        status = await ask()
    assert status == 200
    return trace


def _proxy() -> Callable[[], Awaitable[int]]:
    """Build the proxy; return how to ask it for a page, which answers with the status."""
    proxy = MemoryProxy()

    async def ask() -> int:
        return (await proxy.ask("/simple/alpha-pkg/")).status

    return ask


@contextmanager
def _traced() -> Iterator[Trace]:
    trace = Trace()
    trace.start()
    try:
        yield trace
    finally:
        trace.stop()


def _pushes() -> Iterator[tuple[str, Trace]]:
    """Let a file through, one service after the other, on an index that has others."""
    index = Index.published()
    messages: list[Message] = [index.upload("acme", "3.0")]
    for service in dict.fromkeys(each.service for each in SUBSCRIPTIONS):
        silent = frozenset(each.name for each in SUBSCRIPTIONS if each.service != service)
        pipeline = TracedPipeline(index.buckets.__getitem__, silent)
        try:
            pipeline.run(*messages)
        finally:
            pipeline.trace.stop()
        assert not pipeline.dead
        yield service, pipeline.trace
        if service != "publisher":  # the catalog hears the same messages
            messages = pipeline.messages[len(messages) :]

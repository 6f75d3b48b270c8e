"""The modules of the product that one request enters, from a trace on fakes in memory."""

import asyncio
import sys
import threading
from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from types import FrameType

from starlette.applications import Starlette

from local.topology import SUBSCRIPTIONS
from schemas.push import Message
from testing.memory_proxy import MemoryProxy
from testing.services.memory_index import MemoryIndex
from testing.services.pipeline import Pipeline
from testing.structure.source_code import Package

EnteredModules = Mapping[str, list[str]]
"""The modules by request: ``warm page``, or the service that gets a push."""

STAND_INS = "local"
"""The package with the stand-in for Pub/Sub, which is not counted."""


@dataclass
class Trace:
    """The files of all functions that were called between start and stop."""

    files: set[str] = field(default_factory=set)
    _undo: ExitStack = field(default_factory=ExitStack)

    def start(self) -> None:
        """Trace this thread and its new threads."""
        self._undo.callback(sys.settrace, sys.gettrace())
        self._undo.callback(threading.settrace, threading.gettrace())
        threading.settrace(self._record_call)
        sys.settrace(self._record_call)

    def stop(self) -> None:
        """Restore the previous trace function, such as that of coverage."""
        self._undo.close()

    def _record_call(self, frame: FrameType, event: str, argument: object) -> None:
        self.files.add(frame.f_code.co_filename)


@dataclass
class TracedPipeline(Pipeline):
    """A pipeline with a trace from the moment its services are built."""

    trace: Trace = field(default_factory=Trace)

    def _build_apps(self) -> dict[str, Starlette]:
        apps = super()._build_apps()
        self.trace.start()
        return apps


def trace_requests(packages: list[Package]) -> EnteredModules:
    """Return the modules that a warm page and each push enter."""
    names = {
        str(module.path): module.name
        for package in packages
        if package.name != STAND_INS
        for module in package.modules
    }
    traces = {"warm page": asyncio.run(_trace_warm_page()), **dict(_trace_pushes())}
    if not any(trace.files & names.keys() for trace in traces.values()):
        sys.exit("the installed packages are not those of this checkout; run `make install` here")
    return {
        request: sorted(names[file] for file in trace.files if file in names)
        for request, trace in traces.items()
    }


async def _trace_warm_page() -> Trace:
    ask = _build_proxy()
    await ask()
    with _trace_calls() as trace:
        status = await ask()
    assert status == 200
    return trace


def _build_proxy() -> Callable[[], Awaitable[int]]:
    """Build the proxy; return a function that requests a page and returns the status."""
    proxy = MemoryProxy()

    async def ask() -> int:
        return (await proxy.ask("/simple/alpha-pkg/")).status

    return ask


@contextmanager
def _trace_calls() -> Iterator[Trace]:
    trace = Trace()
    trace.start()
    try:
        yield trace
    finally:
        trace.stop()


def _trace_pushes() -> Iterator[tuple[str, Trace]]:
    """Push one file through the services in turn, on an index with other files."""
    index = MemoryIndex.publish_all()
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
        if service in ("ingest", "indexer"):  # the others get the same messages
            messages = pipeline.messages[len(messages) :]

"""The application: finds the call of a request and runs it, with hooks and faults."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from local.stand_ins.storage.core import FakeStorage, Hook
from local.stand_ins.storage.errors import StorageError
from local.stand_ins.storage.faults import Fault
from local.stand_ins.storage.http import xml_api
from local.stand_ins.storage.http.api_calls import Call, refuse_unsupported
from local.stand_ins.storage.http.fault_effects import FaultTarget, apply_faults
from local.stand_ins.storage.http.json_api import JsonApi
from local.stand_ins.storage.http.upload_api import UploadApi
from local.stand_ins.storage.http.wire import Request, WireResponse, json_error

Control = Callable[[FakeStorage, Request], WireResponse]
"""Answer to a request below ``/_fake/``, by which another process controls the storage."""


@dataclass(frozen=True, slots=True)
class SlowCall:
    """Call with faults or hooks, which can wait."""

    call: Call
    faults: Sequence[Fault]


class StorageApp:
    """Application for ``storage``.

    :param control: answers the requests of tests in other processes; None: nothing does.
    """

    def __init__(self, storage: FakeStorage, control: Control | None = None) -> None:
        self._storage = storage
        self._control = control
        self._json = JsonApi(storage)
        self._uploads = UploadApi(storage)

    def answer(self, request: Request) -> WireResponse | SlowCall:
        """Answer a request; return a call with faults or hooks instead, for :meth:`run_slowly`."""
        storage = self._storage
        try:
            if request.path[0] == "_fake" and self._control:
                return self._control(storage, request)
            call = self._resolve(request)
        except StorageError as error:
            return json_error(error)
        faults = storage.faults.pick(call.operation, call.bucket, call.name)
        if faults or storage.before or storage.after:
            return SlowCall(call, faults)
        try:
            response = call.run()
        except StorageError as error:
            response = call.explain(error)
        storage.counts.add(call.operation, response.status)
        return response

    def _resolve(self, request: Request) -> Call:
        match request.path:
            case ("storage", "v1", *_):
                refuse_unsupported(request)
                return self._json.resolve(request)
            case ("upload", *_):
                refuse_unsupported(request)
                return self._uploads.resolve(request)
        return xml_api.resolve(self._storage, request)

    async def run_slowly(self, slow: SlowCall, client: FaultTarget) -> WireResponse:
        """Run a call with its hooks and faults.

        :raises Dropped: if a fault closes the connection.
        """
        storage, call = self._storage, slow.call
        try:
            await _run_hook(storage.before, call)
            await apply_faults(slow.faults, "before", client)
            response = call.run()
        except StorageError as error:
            response = call.explain(error)
        storage.counts.add(call.operation, response.status)
        try:
            await apply_faults(slow.faults, "after", client)
            await _run_hook(storage.after, call)
        except StorageError as error:
            response = call.explain(error)
        return response


async def _run_hook(hook: Hook | None, call: Call) -> None:
    if hook is not None:  # in a thread, because it can block
        await asyncio.to_thread(hook, call.operation, call.bucket, call.name)

"""The ASGI application: reads a request, runs its call, applies its faults."""

import asyncio
from collections.abc import Callable, Iterable
from urllib.parse import parse_qsl, unquote

from local.stand_ins.storage.core import FakeStorage, Hook
from local.stand_ins.storage.errors import StorageError
from local.stand_ins.storage.faults import Fault
from local.stand_ins.storage.http import xml_api
from local.stand_ins.storage.http.api_calls import Call, refuse_unsupported
from local.stand_ins.storage.http.connection import Connection, Dropped, Receive, Scope, Send
from local.stand_ins.storage.http.json_api import JsonApi
from local.stand_ins.storage.http.upload_api import UploadApi
from local.stand_ins.storage.http.wire import Request, WireResponse, json_error

Control = Callable[[FakeStorage, Request], WireResponse]
"""Answer to a request below ``/_fake/``, by which another process controls the storage."""


_PREFIXES = {("download", "storage"), ("resumable", "upload")}
"""Beginnings of paths with another first segment, which has no effect. gcloud uses both."""


class StorageApp:
    """ASGI application for ``storage``, without lifespan events.

    :param control: answers the requests of tests in other processes; None: nothing does.
    """

    def __init__(self, storage: FakeStorage, control: Control | None = None) -> None:
        self._storage = storage
        self._control = control
        self._json = JsonApi(storage)
        self._uploads = UploadApi(storage)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        connection = Connection(receive, send)
        request = await _read_request(scope, receive)
        try:
            if request.path[0] == "_fake" and self._control:
                await connection.send(_run_control(self._control, self._storage, request))
            else:
                await self._serve(request, connection)
        except Dropped:
            return

    async def _serve(self, request: Request, connection: Connection) -> None:
        try:
            call = self._resolve(request)
        except StorageError as error:
            await connection.send(json_error(error))
            return
        faults = self._storage.faults.pick(call.operation, call.bucket, call.name)
        response = await self._run_call(call, faults, connection)
        await connection.send(response, faults)

    def _resolve(self, request: Request) -> Call:
        match request.path:
            case ("storage", "v1", *_):
                refuse_unsupported(request)
                return self._json.resolve(request)
            case ("upload", *_):
                refuse_unsupported(request)
                return self._uploads.resolve(request)
        return xml_api.resolve(self._storage, request)

    async def _run_call(
        self, call: Call, faults: Iterable[Fault], connection: Connection
    ) -> WireResponse:
        storage = self._storage
        try:
            await _run_hook(storage.before, call)
            await connection.apply_faults(faults, "before")
            response = call.run()
        except StorageError as error:
            response = call.explain(error)
        storage.counts.add(call.operation, response.status)
        try:
            await connection.apply_faults(faults, "after")
            await _run_hook(storage.after, call)
        except StorageError as error:
            response = call.explain(error)
        return response


async def _read_request(scope: Scope, receive: Receive) -> Request:
    """Read a request; split the path before unquoting, so that an object name is one segment."""
    segments = scope["raw_path"].decode("latin-1").lstrip("/").split("/")
    if tuple(segments[:2]) in _PREFIXES:
        del segments[0]
    query = scope["query_string"].decode("latin-1")
    return Request(
        scope["method"],
        tuple(unquote(each) if "%" in each else each for each in segments),
        dict(parse_qsl(query, keep_blank_values=True)) if query else {},
        {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]},
        await _read_body(receive),
    )


async def _read_body(receive: Receive) -> bytes:
    message = await receive()
    if not message.get("more_body"):
        return bytes(message.get("body", b""))
    pieces = [message["body"]]
    while message.get("more_body"):
        message = await receive()
        pieces.append(message.get("body", b""))
    return b"".join(pieces)


async def _run_hook(hook: Hook | None, call: Call) -> None:
    if hook is not None:  # in a thread, because it can block
        await asyncio.to_thread(hook, call.operation, call.bucket, call.name)


def _run_control(control: Control, storage: FakeStorage, request: Request) -> WireResponse:
    try:
        return control(storage, request)
    except StorageError as error:
        return json_error(error)

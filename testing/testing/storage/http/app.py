"""The ASGI application: reads a request, runs its call, applies its faults."""

from collections.abc import Iterable
from urllib.parse import unquote

import anyio.to_thread
from starlette.requests import Request as HttpRequest
from starlette.types import Receive, Scope, Send

from testing.storage.core import FakeStorage, Hook
from testing.storage.errors import StorageError
from testing.storage.faults import Fault
from testing.storage.http import control, xml_api
from testing.storage.http.api_calls import Call, refuse_unsupported
from testing.storage.http.connection import Connection, Dropped
from testing.storage.http.json_api import JsonApi
from testing.storage.http.upload_api import UploadApi
from testing.storage.http.wire import Request, WireResponse, json_error


class App:
    """ASGI application for ``storage``, without lifespan events."""

    def __init__(self, storage: FakeStorage) -> None:
        self._storage = storage
        self._json = JsonApi(storage)
        self._uploads = UploadApi(storage)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        connection = Connection(receive, send)
        request = await _read_request(HttpRequest(scope, receive))
        try:
            if request.path[0] == "_fake":
                await connection.send(_control(self._storage, request))
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


async def _read_request(http: HttpRequest) -> Request:
    """Read a request; split the path before unquoting, so that an object name is one segment."""
    path: bytes = http.scope["raw_path"]
    segments = path.decode("latin-1").lstrip("/").split("/")
    if segments[:2] == ["download", "storage"]:
        del segments[0]
    return Request(
        http.method,
        tuple(unquote(segment) for segment in segments),
        dict(http.query_params),
        dict(http.headers),
        await http.body(),
    )


async def _run_hook(hook: Hook | None, call: Call) -> None:
    if hook is not None:  # in a thread, because it can block
        await anyio.to_thread.run_sync(hook, call.operation, call.bucket, call.name)


def _control(storage: FakeStorage, request: Request) -> WireResponse:
    try:
        return control.handle(storage, request)
    except StorageError as error:
        return json_error(error)

"""The thin shell: takes a request off the wire, has it carried out, strikes it with its faults."""

from collections.abc import Iterable
from urllib.parse import unquote

import anyio.to_thread
from starlette.requests import Request as HttpRequest
from starlette.types import Receive, Scope, Send

from testing.storage.core import Hook, Storage
from testing.storage.errors import StorageError
from testing.storage.faults import Fault
from testing.storage.http import control, xml_api
from testing.storage.http.calls import Call, refuse_unserved
from testing.storage.http.connection import Connection, Dropped
from testing.storage.http.json_api import JsonApi
from testing.storage.http.upload_api import UploadApi
from testing.storage.http.wire import Answer, Request, json_error


class App:
    """The ASGI application over ``storage``, to be served without lifespan events."""

    def __init__(self, storage: Storage) -> None:
        self._storage = storage
        self._json = JsonApi(storage)
        self._uploads = UploadApi(storage)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        connection = Connection(receive, send)
        request = await _received(HttpRequest(scope, receive))
        try:
            if request.path[0] == "_fake":
                await connection.answer(_controlled(self._storage, request))
            else:
                await self._serve(request, connection)
        except Dropped:
            return

    async def _serve(self, request: Request, connection: Connection) -> None:
        try:
            call = self._resolve(request)
        except StorageError as error:
            await connection.answer(json_error(error))
            return
        faults = self._storage.faults.pick(call.operation, call.bucket, call.name)
        answer = await self._carry_out(call, faults, connection)
        await connection.answer(answer, faults)

    def _resolve(self, request: Request) -> Call:
        match request.path:
            case ("storage", "v1", *_):
                refuse_unserved(request)
                return self._json.resolve(request)
            case ("upload", *_):
                refuse_unserved(request)
                return self._uploads.resolve(request)
        return xml_api.resolve(self._storage, request)

    async def _carry_out(
        self, call: Call, faults: Iterable[Fault], connection: Connection
    ) -> Answer:
        storage = self._storage
        try:
            await _run(storage.before, call)
            await connection.strike(faults, "before")
            answer = call.run()
        except StorageError as error:
            answer = call.explain(error)
        storage.counts.add(call.operation, answer.status)
        try:
            await connection.strike(faults, "after")
            await _run(storage.after, call)
        except StorageError as error:
            answer = call.explain(error)
        return answer


async def _received(http: HttpRequest) -> Request:
    """The path is split before it is unquoted, so that an object's name is one segment."""
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


async def _run(hook: Hook | None, call: Call) -> None:
    if hook is not None:  # in a thread: it may block, the other clients go on
        await anyio.to_thread.run_sync(hook, call.operation, call.bucket, call.name)


def _controlled(storage: Storage, request: Request) -> Answer:
    try:
        return control.answer(storage, request)
    except StorageError as error:
        return json_error(error)

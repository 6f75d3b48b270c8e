"""Routes of commands: give a command, and read its answer."""

from starlette.concurrency import run_in_threadpool
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from checks.refusal import Reason, Refused
from schemas.headers import JSON
from schemas.holders import Holder
from upload.commands.command_intake import CommandIntake
from upload.http.errors import UnknownPath
from upload.http.problems import COMMON
from upload.http.routes import RouteFactory
from upload.http.upload_requests import UploadRequest

MAX_COMMAND_SIZE = 64 * 1024
"""Maximum size of a command, in bytes, as in ingest."""


class CommandEndpoints:
    """Handlers of the routes."""

    def __init__(self, intake: CommandIntake) -> None:
        self._intake = intake

    async def give(self, request: UploadRequest, holder: Holder) -> Response:
        """Create the object of the command in the body, and return its id."""
        request.facts.uploader = holder.uploader
        data = await _read_body(request)
        receipt = await run_in_threadpool(self._intake.give, holder, data)
        answer = {
            "command_id": receipt.command_id,
            "name": receipt.name,
            "generation": str(receipt.generation),
            "answer": f"/commands/{receipt.command_id}",
        }
        return JSONResponse(answer, 202, {**COMMON, "location": answer["answer"]})

    async def show_answer(self, request: UploadRequest, holder: Holder) -> Response:
        """Return the answer to a command, or 404 while there is none."""
        command_id = request.path_params["command_id"]
        found = await run_in_threadpool(self._intake.read_answer, holder, command_id)
        if found is None:
            raise UnknownPath(
                f"there is no answer to a command {command_id[:160]} of the uploader "
                f"{holder.uploader or 'of this credential'} yet: try again in a second"
            )
        return Response(found, headers=COMMON, media_type=JSON)


def create_routes(routes: RouteFactory, intake: CommandIntake) -> list[Route]:
    """Return the routes of commands."""
    endpoints = CommandEndpoints(intake)
    return [
        routes.create_for_holders("/commands", endpoints.give),
        routes.create_for_holders("/commands/{command_id}", endpoints.show_answer, ("GET", "HEAD")),
    ]


async def _read_body(request: UploadRequest) -> bytes:
    body = await request.content.read_whole(MAX_COMMAND_SIZE)
    if body is None:
        detail = f"the command is larger than {MAX_COMMAND_SIZE} bytes"
        raise Refused(Reason.TOO_LARGE, f"{detail}: leave out what is no field of a command")
    return body

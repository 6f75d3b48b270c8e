"""GivenCommand: a command as an object of the incoming bucket."""

from dataclasses import dataclass
from hashlib import sha256

from pydantic import ValidationError

from cloud import errors
from cloud.ports import Bucket, Headers
from gcpypi.commanding.command_author import CommandAuthor
from gcpypi.connection.cloud_failures import explain_cloud_errors
from gcpypi.errors import CommandFailure, ExitCode
from schemas import layout
from schemas.events import ProjectCommand
from schemas.headers import JSON, NO_STORE


@dataclass(frozen=True, slots=True)
class GivenCommand:
    """Object of a command."""

    name: str
    """Name of the object in the incoming bucket."""
    generation: int
    """Generation of the object."""

    @property
    def command_id(self) -> str:
        """Id of the command, part of the name of its answer."""
        return layout.derive_command_id(self.name, self.generation)


def create_command(**fields: object) -> ProjectCommand:
    """Create a command of its fields.

    :raises CommandFailure: if a field is not valid.
    """
    try:
        return ProjectCommand.model_validate(fields)
    except ValidationError as error:
        problem = error.errors(include_url=False)[0]
        text = problem["msg"].removeprefix("Value error, ")
        place = ".".join(map(str, problem["loc"]))
        raise CommandFailure(f"{place}: {text}" if place else text) from error


def write_command(incoming: Bucket, author: CommandAuthor, command: ProjectCommand) -> GivenCommand:
    """Create the object of a command under the prefix of its author.

    :raises CommandFailure: if Cloud Storage does not create it.
    """
    data = command.model_dump_json(exclude_defaults=True).encode()
    name = author.create_object_name(command.status or command.action)
    headers = Headers(JSON, NO_STORE, {layout.SHA256: sha256(data).hexdigest()})
    denied = (
        f"Check the author {author.prefix}: with this identity of Google Cloud, commands of other "
        "authors are not possible (gcloud auth application-default login changes the identity)"
    )
    with explain_cloud_errors({errors.PermissionDenied: denied}):
        try:
            return GivenCommand(
                name, incoming.write(name, data, headers, if_generation=0).generation
            )
        except errors.PreconditionFailed as error:
            raise _explain_lost_response(incoming, name) from error


def _explain_lost_response(incoming: Bucket, name: str) -> CommandFailure:
    """Return the failure after a retry: no other client can have created the object."""
    return CommandFailure(
        f"the response to the creation of gs://{incoming.name}/{name} was lost, and the command "
        "takes effect: repeat it to see its answer. A repetition does no harm",
        ExitCode.UNAVAILABLE,
    )

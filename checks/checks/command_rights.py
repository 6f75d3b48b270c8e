"""Commands that an author may give, for ingest and for the upload service."""

from collections.abc import Mapping
from dataclasses import dataclass

from checks.filenames import is_match
from checks.refusal import Reason, Refused, quote
from schemas import layout
from schemas.events import ProjectCommand
from schemas.holders.grants import UploaderGrant

_NOTHING = UploaderGrant(projects=(), commands=())
_EVERY_PROJECT = UploaderGrant(projects=("*",), upload=True)


@dataclass(frozen=True, slots=True)
class CommandRights:
    """Commands of each author. An operator may give every command for every project."""

    uploaders: Mapping[str, UploaderGrant] | None
    """None: every uploader has the default commands for every project."""

    def require(self, name: str, command: ProjectCommand) -> None:
        """Check that the author may give a command.

        :param name: the name of the command's object.
        :raises Refused: if the author may not.
        """
        author = layout.split_author(name)
        if not layout.is_operator(author):
            self._require_grant(author, command, layout.is_of_upload_service(name))

    def _require_grant(self, author: str, command: ProjectCommand, is_of_service: bool) -> None:
        if author == layout.IMPORT:
            raise Refused(
                Reason.NOT_ALLOWED,
                f"the prefix {layout.IMPORT}/ has files only: give commands under "
                f"{layout.OPERATORS}/<name>/",
            )
        grant = self._find(author)
        if is_of_service and not grant.upload:
            fault = "may not use the upload service"
        elif not is_match(command.project, grant.projects):
            fault = f"may not give commands for {command.project}"
        elif command.action not in grant.commands:
            fault = f"may not give the command {command.action}"
        else:
            return
        raise Refused(
            Reason.NOT_ALLOWED,
            f"uploader {quote(author)} {fault} (UPLOADERS): ask an operator to give it, or for the"
            " grant",
        )

    def _find(self, uploader: str) -> UploaderGrant:
        if self.uploaders is None:
            return _EVERY_PROJECT
        return self.uploaders.get(uploader, _NOTHING)

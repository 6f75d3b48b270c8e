"""Rights of uploaders: their projects, and their commands."""

from collections.abc import Mapping
from dataclasses import dataclass

from pydantic import BaseModel, ConfigDict, model_validator

from checks.filenames import is_match
from checks.refusal import Reason, Refused, quote
from schemas import layout
from schemas.events import Action, ProjectCommand


class UploaderGrant(BaseModel):
    """Rights of one uploader; a list of globs stands for the projects with the default commands."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)

    projects: tuple[str, ...]
    """Globs of the projects whose files the uploader may upload, over normalised names."""
    commands: tuple[Action, ...] = ("yank", "unyank")
    """Commands that it may give for these projects."""

    @model_validator(mode="before")
    @classmethod
    def _expand(cls, value: object) -> object:
        return {"projects": value} if isinstance(value, list | tuple) else value


_NOTHING = UploaderGrant(projects=(), commands=())
_EVERY_PROJECT = UploaderGrant(projects=("*",))


@dataclass(frozen=True, slots=True)
class CommandRights:
    """Commands of each author. An operator may give every command for every project."""

    uploaders: Mapping[str, UploaderGrant] | None
    """None: every uploader has the default commands for every project."""

    def require(self, author: str, command: ProjectCommand) -> None:
        """Check that the author may give a command.

        :raises Refused: if it may not.
        """
        if layout.is_operator(author):
            return
        if author == layout.IMPORT:
            raise Refused(
                Reason.NOT_ALLOWED,
                f"the prefix {layout.IMPORT}/ has files only: give commands under "
                f"{layout.OPERATORS}/<name>/",
            )
        grant = self._find(author)
        if not is_match(command.project, grant.projects):
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

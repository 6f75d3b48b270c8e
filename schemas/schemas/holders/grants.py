"""Rights of uploaders: their projects, their commands and their use of the upload service."""

from collections.abc import Mapping

from pydantic import BaseModel, ConfigDict, model_validator

from schemas.events import Action


class UploaderGrant(BaseModel):
    """Rights of one uploader; a list of globs stands for the projects with the default commands."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)

    projects: tuple[str, ...]
    """Globs of the projects whose files the uploader may upload, over normalised names."""
    commands: tuple[Action, ...] = ("yank", "unyank")
    """Commands that it may give for these projects."""
    upload: bool = False
    """Whether holders of its publishing tokens may use the upload service."""

    @model_validator(mode="before")
    @classmethod
    def _expand(cls, value: object) -> object:
        return {"projects": value} if isinstance(value, list | tuple) else value


def list_service_users(
    uploaders: Mapping[str, UploaderGrant] | None,
) -> Mapping[str, tuple[str, ...]] | None:
    """Return the globs of the uploaders that may use the upload service.

    None means every uploader and every project.
    """
    if uploaders is None:
        return None
    return {name: grant.projects for name, grant in uploaders.items() if grant.upload}

"""Settings of the command: flags, variables ``GCPYPI_…``, and ``[tool.gcpypi]``.

A flag precedes a variable, and a variable precedes ``pyproject.toml`` of the working directory.
An empty variable is like none.
Google's libraries read the variables of emulators themselves.
"""

from pathlib import Path
from typing import Annotated

from pydantic import AliasChoices, Field, ValidationError
from pydantic_settings import (
    BaseSettings,
    PydanticBaseSettingsSource,
    PyprojectTomlConfigSettingsSource,
    SettingsConfigDict,
    SettingsError,
)

from checks.policy import Policy
from gcpypi.errors import CommandFailure

PREFIX = "GCPYPI_"
TABLE = ("tool", "gcpypi")
_LOOK = f"Look at the variables {PREFIX}…, and at [{'.'.join(TABLE)}] in pyproject.toml"
LOCAL_AUTHOR = "local"
"""Uploader and operator on a local index, which has no accounts."""


def _read_variable(name: str) -> AliasChoices:
    """Return the names of a setting that an emulator's variable sets."""
    return AliasChoices(name.upper(), name)


class Settings(BaseSettings):
    """Settings of all commands. A field's name with ``GCPYPI_`` is its variable."""

    model_config = SettingsConfigDict(
        env_prefix=PREFIX,
        env_ignore_empty=True,
        pyproject_toml_table_header=TABLE,
        frozen=True,
        extra="forbid",
        use_attribute_docstrings=True,
    )

    index_url: str | None = None
    """URL of the index, ending in ``/simple/``; it can have the credentials of a reader."""
    token: Annotated[str | None, Field(repr=False)] = None
    """Token for reading the index. Without it: the credentials in the URL, or ``.netrc``."""
    upload_url: str | None = None
    """URL of the upload service, ending in ``/legacy/``."""
    upload_token: Annotated[str | None, Field(repr=False)] = None
    """Publishing token, for commands without credentials of Google Cloud."""
    uploader: str | None = None
    """Uploader as which files are published and commands are given."""
    operator: str | None = None
    """Operator as which commands are given, if there is no uploader."""
    timeout: Annotated[float, Field(gt=0)] = 600.0
    """Seconds to wait for an answer of the index."""
    description: Path | None = None
    """File with the description of the index; default: ``/.well-known/gcpypi.json`` of it.

    ``terraform output`` prints it, for an index that the command cannot read.
    """
    gcp_project: str | None = None
    """Id of the Google Cloud project; default: that of the description."""
    tokens_secret: str | None = None
    """Secret with the digests of the tokens; default: that of the description."""
    uploaders_secret: str = "gcpypi-uploaders"  # noqa: S105 - the name of a secret
    """Secret with the tokens and identities for publishing through the upload service."""
    policy: Policy = Policy()
    """Limits and switches of the checks, as in the settings of ingest."""
    github_run_id: Annotated[
        str | None, Field(validation_alias=_read_variable("github_run_id"))
    ] = None
    """Run of GitHub Actions."""
    github_run_attempt: Annotated[
        str | None, Field(validation_alias=_read_variable("github_run_attempt"))
    ] = None
    """Attempt of the run of GitHub Actions."""
    ci_pipeline_id: Annotated[
        str | None, Field(validation_alias=_read_variable("ci_pipeline_id"))
    ] = None
    """Pipeline of GitLab CI."""
    build_id: Annotated[str | None, Field(validation_alias=_read_variable("build_id"))] = None
    """Build of Cloud Build or Jenkins."""
    storage_emulator_host: Annotated[
        str | None, Field(validation_alias=_read_variable("storage_emulator_host"))
    ] = None
    """URL of an emulator of Cloud Storage; unset: no emulator."""
    secret_manager_emulator_host: Annotated[
        str | None, Field(validation_alias=_read_variable("secret_manager_emulator_host"))
    ] = None
    """``host:port`` of an emulator of Secret Manager; unset: no emulator."""

    xdg_config_home: Annotated[
        Path | None, Field(validation_alias=_read_variable("xdg_config_home"))
    ] = None
    """Folder of the configuration of a user; unset: ``~/.config``."""

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Read flags, then variables, then ``pyproject.toml``."""
        return init_settings, env_settings, PyprojectTomlConfigSettingsSource(settings_cls)

    @property
    def is_local(self) -> bool:
        """True for a local index, which has no Cloud Run and no Cloud Logging."""
        return bool(self.storage_emulator_host)

    @property
    def ci_run(self) -> str | None:
        """Run id of the CI that runs the command; None outside of a known CI."""
        if self.github_run_id:
            return "-".join(filter(None, (self.github_run_id, self.github_run_attempt)))
        return self.ci_pipeline_id or self.build_id


def load_settings(**flags: object) -> Settings:
    """Read the settings. Flags without a value are absent.

    :raises CommandFailure: if a setting is invalid.
    """
    given = {name: value for name, value in flags.items() if value is not None}
    try:
        return Settings(**given)  # type: ignore[arg-type] # pydantic checks the values
    except ValidationError as error:
        problems = "; ".join(
            f"{'.'.join(map(str, each['loc']))}: {each['msg']}"
            for each in error.errors(include_url=False, include_input=False)
        )
        raise CommandFailure(f"invalid settings: {problems}. {_LOOK}") from None
    except (SettingsError, ValueError) as error:
        raise CommandFailure(f"unreadable settings: {error}. {_LOOK}") from None

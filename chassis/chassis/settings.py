"""Settings of the services: one frozen class per service, read once from the environment."""

import logging
import os
import re
import sys
from datetime import timedelta
from typing import Annotated, TypeVar

from pydantic import AliasChoices, BeforeValidator, Field, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict, SettingsError

from chassis.logs import build_extra

logger = logging.getLogger(__name__)

GRACE = 8
"""Seconds to finish requests after SIGTERM. Cloud Run sends SIGKILL after 10 seconds."""

_OLD_NAME = "%s is the old name of the setting %s: set %s and remove %s"


def _parse_seconds(value: object) -> object:
    """Convert a number to seconds; leave other forms to pydantic, which reads ``P14D``."""
    return float(value) if isinstance(value, str) and value.isdecimal() else value


Duration = Annotated[timedelta, BeforeValidator(_parse_seconds)]
"""Duration in seconds, or in ISO 8601 (``P14D``)."""


class ServiceSettings(BaseSettings):
    """Settings of every service; a field's name in upper case is its environment variable.

    A renamed setting has ``AliasChoices`` as ``validation_alias``: the new name, then the old
    names, which are accepted for one release. The first name that is set wins.
    """

    model_config = SettingsConfigDict(frozen=True, extra="ignore", use_attribute_docstrings=True)

    gcp_project: Annotated[str, Field(validation_alias=AliasChoices("gcp_project", "project"))]
    """Id of the Google Cloud project."""
    host: str = "0.0.0.0"  # noqa: S104 - clients connect from outside the container
    """Address to listen on."""
    port: Annotated[int, Field(ge=1, le=65535)] = 8080
    """Port to listen on; set by Cloud Run."""
    log_level: str = "INFO"
    """Lowest severity of the log lines."""


Settings = TypeVar("Settings", bound=ServiceSettings)


def load_settings(kind: type[Settings]) -> Settings:
    """Read the settings. Print each missing or invalid setting and exit with code 1."""
    try:
        return kind()
    except ValidationError as error:
        problems = [
            _describe_problem(tuple(map(str, each["loc"])), each["msg"])
            for each in error.errors(include_url=False, include_input=False)
        ]
    except SettingsError as error:
        problems = [_describe_invalid_json(error)]
    for problem in problems:
        print(f"{kind.__module__}: setting {problem}", file=sys.stderr)
    _warn_old_names(kind)
    raise SystemExit(1)


def _describe_problem(location: tuple[str, ...], message: str) -> str:
    """Return the name of the setting, the place in its JSON if there is one, and the problem."""
    name, *place = location
    return ": ".join(filter(None, [name.upper(), ".".join(place), message]))


def _describe_invalid_json(error: SettingsError) -> str:
    """Return the name of the setting and the place of the fault.

    The name is only in the text of the error: ``error parsing value for field "…" from source``.
    """
    name = re.search(r'field "(\w+)"', str(error))
    return f"{name[1].upper() if name else error}: the value is not JSON: {error.__cause__}"


def log_settings(settings: ServiceSettings) -> None:
    """Log every setting at start; none of them is a secret."""
    values = settings.model_dump(mode="json")
    logger.info("starting with %s", values, extra=build_extra(settings=values))
    warn_old_names(settings)


def warn_old_names(settings: ServiceSettings) -> None:
    """Log a warning for each environment variable with the old name of a setting.

    Without a logging configuration, as in command-line programs, the line goes to standard error.
    """
    _warn_old_names(type(settings))


def _warn_old_names(kind: type[ServiceSettings]) -> None:
    names = {name.lower() for name in os.environ}
    for new, field in kind.model_fields.items():
        if isinstance(field.validation_alias, AliasChoices):
            for old in map(str, field.validation_alias.choices[1:]):
                if old in names:
                    logger.warning(_OLD_NAME, *map(str.upper, (old, new, new, old)))

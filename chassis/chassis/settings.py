"""How every service reads its settings: one frozen class a service, from the environment, once."""

import logging
import sys
from datetime import timedelta
from typing import Annotated, TypeVar

from pydantic import BeforeValidator, Field, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

from chassis.logs import facts

logger = logging.getLogger(__name__)


def _seconds(value: object) -> object:
    """A number is one of seconds, as in every setting; pydantic itself takes ``P14D`` only."""
    return float(value) if isinstance(value, str) and value.isdecimal() else value


Duration = Annotated[timedelta, BeforeValidator(_seconds)]
"""A length of time: so many seconds, or ISO 8601 (``P14D``)."""


class ServiceSettings(BaseSettings):
    """What every service needs; a field's name in upper case is its environment variable."""

    model_config = SettingsConfigDict(frozen=True, extra="ignore", use_attribute_docstrings=True)

    project: str
    """The Google Cloud project."""
    host: str = "0.0.0.0"  # noqa: S104 - a container's front end reaches it from outside
    """The address to listen on."""
    port: Annotated[int, Field(ge=1, le=65535)] = 8080
    """The port to listen on; Cloud Run sets it."""
    log_level: str = "INFO"
    """The least severity that is logged."""


Settings = TypeVar("Settings", bound=ServiceSettings)


def load_settings(kind: type[Settings]) -> Settings:
    """Read the settings; where one is missing or wrong, say which and exit with 1."""
    try:
        return kind()
    except ValidationError as error:
        for problem in error.errors(include_url=False, include_input=False):
            name = "_".join(map(str, problem["loc"])).upper()
            print(f"{kind.__module__}: setting {name}: {problem['msg']}", file=sys.stderr)
        raise SystemExit(1) from None


def log_settings(settings: ServiceSettings) -> None:
    """Log every setting at start; none of them is a secret."""
    values = settings.model_dump(mode="json")
    logger.info("starting with %s", values, extra=facts(settings=values))

"""State of Cloud Run services.

https://cloud.google.com/run/docs/reference/rest/v2/projects.locations.services
"""

from collections.abc import Mapping
from typing import Annotated

from pydantic import Field, ValidationError

from cloud import errors
from cloud.rest.google_api import GoogleApi
from schemas.types import Model

_READY = "CONDITION_SUCCEEDED"


class _Condition(Model):
    state: str = ""
    message: str = ""


class _Variable(Model):
    name: str = ""
    value: str = ""


class _Container(Model):
    image: str = ""
    env: tuple[_Variable, ...] = ()


class _Template(Model):
    containers: tuple[_Container, ...] = ()


class RunService(Model):
    """State of one service."""

    condition: Annotated[_Condition, Field(alias="terminalCondition")] = _Condition()
    template: _Template = _Template()

    @property
    def is_ready(self) -> bool:
        """True if the newest revision serves."""
        return self.condition.state == _READY

    @property
    def message(self) -> str:
        """Reason why the service is not ready, by Cloud Run."""
        return self.condition.message or self.condition.state

    @property
    def tag(self) -> str:
        """Tag of the image, which begins with the release; empty without a tag."""
        images = [each.image for each in self.template.containers]
        return images[0].rpartition("/")[2].partition(":")[2] if images else ""

    @property
    def environment(self) -> Mapping[str, str]:
        """Environment variables of the newest revision."""
        return {each.name: each.value for box in self.template.containers for each in box.env}


def find_service(api: GoogleApi, gcp_project: str, region: str, name: str) -> RunService:
    """Return the state of a service.

    :raises NotFound: if it does not exist.
    """
    path = f"v2/projects/{gcp_project}/locations/{region}/services/{name}"
    try:
        return RunService.model_validate(api.get(path))
    except ValidationError as error:
        raise errors.Unavailable(path, f"unexpected response: {error}") from error

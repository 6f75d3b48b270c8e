"""Commands over the upload service, for a holder without credentials of Google Cloud."""

from typing import Self
from urllib.parse import urljoin

import requests

from cloud.identity import has_credentials
from gcpypi.commanding.answer_wait import explain_refusal, explain_timeout
from gcpypi.commanding.give import Interruption, check_target, wait_for_effect
from gcpypi.connection.answers import Polling
from gcpypi.connection.http_sessions import TIMEOUT, create_session, name_cause
from gcpypi.connection.index_connection import IndexConnection
from gcpypi.errors import CommandFailure, ExitCode
from gcpypi.output import create_console, show_step
from gcpypi.settings import Settings
from schemas.events import ProjectCommand
from schemas.verdict_documents import CommandVerdict


class CommandService:
    """Client of the commands of an upload service.

    :param url: the upload URL, which ends in ``/legacy/``.
    :param token: a publishing token.
    """

    def __init__(self, url: str, token: str) -> None:
        self.url = urljoin(url if url.endswith("/") else f"{url}/", "../commands")
        self._session = create_session(connections=1)
        self._session.auth = ("__token__", token)
        self._session.headers["accept"] = "application/problem+json, application/json"

    @classmethod
    def find(cls, settings: Settings, *, has_author: bool) -> Self | None:
        """Return the service of the settings; None if the command goes to Google Cloud.

        :param has_author: whether the caller names an uploader or an operator, which needs
            credentials of Google Cloud. Without these, the service is used all the same.
        """
        if not settings.upload_url or not settings.upload_token or settings.is_local:
            return None
        if has_author and has_credentials():
            return None
        return cls(settings.upload_url, settings.upload_token)

    def give(self, command: ProjectCommand) -> str:
        """Give a command, and return its id.

        :raises CommandFailure: if the service refuses it, or does not answer.
        """
        body = command.model_dump(mode="json", exclude_defaults=True)
        response = self._request("POST", self.url, body)
        if response.status_code != requests.codes.accepted:
            raise self._explain(response)
        return str(response.json()["command_id"])

    def find_answer(self, command_id: str) -> CommandVerdict | None:
        """Return the answer to a command, or None if there is none yet.

        :raises CommandFailure: if the service does not answer.
        """
        response = self._request("GET", f"{self.url}/{command_id}", None)
        if response.status_code == requests.codes.not_found:
            return None
        if response.status_code != requests.codes.ok:
            raise self._explain(response)
        return CommandVerdict.model_validate_json(response.content)

    def _request(self, method: str, url: str, body: object) -> requests.Response:
        try:
            return self._session.request(
                method, url, json=body, timeout=TIMEOUT, allow_redirects=False
            )
        except requests.RequestException as error:
            raise CommandFailure(
                f"the upload service {self.url} does not answer: {name_cause(error)}. Repeat the "
                "command; that is safe",
                ExitCode.UNAVAILABLE,
            ) from error

    def _explain(self, response: requests.Response) -> CommandFailure:
        """Return the failure with the sentence of the service."""
        status = response.status_code
        try:
            detail = str(response.json()["detail"])
        except (ValueError, KeyError, TypeError):
            detail = f"{status} {response.reason}"
        if status == requests.codes.unauthorized:
            text = f"the upload service refuses GCPYPI_UPLOAD_TOKEN: {detail}"
            return CommandFailure(text, ExitCode.UNAVAILABLE)
        if requests.codes.bad_request <= status < requests.codes.internal_server_error:
            return CommandFailure(f"refused: {detail}", ExitCode.REFUSED)
        return CommandFailure(f"the upload service {self.url}: {detail}", ExitCode.UNAVAILABLE)


def give_to_service(
    service: CommandService, connection: IndexConnection, command: ProjectCommand, *, wait: bool
) -> None:
    """Give a command to the service, and wait until the page shows its effect.

    :raises CommandFailure: if the command is refused, late, interrupted, or without effect.
    """
    console = create_console(stderr=True)
    with Interruption("no command was given") as interruption:
        has_page = check_target(connection, command, console)
        interruption.consequence = "the command was possibly given. Repeat it; that is safe"
        command_id = service.give(command)
        answer = f"{service.url}/{command_id}"
        interruption.consequence = f"the command is given, and takes effect. Its answer: {answer}"
        console.print(f"given    command {command_id}", markup=False)
        if not wait:
            text = f"given as {command_id}; the answer will be {answer}"
            create_console().print(text, markup=False)
            return
        with show_step(console, "waiting for the answer of the index"):
            _wait_for_answer(service, command_id, connection.settings.timeout)
        console.print(f"done     command {command_id}", markup=False)
        if has_page:
            wait_for_effect(connection, command, console)


def _wait_for_answer(service: CommandService, command_id: str, timeout: float) -> None:
    answer = Polling(timeout).wait_for(lambda: service.find_answer(command_id))
    if answer is None:
        fact = "the index has no answer to the command"
        raise explain_timeout(fact, timeout, f"{service.url}/{command_id}")
    if answer.outcome == "refused":
        raise explain_refusal(answer.reason, answer.detail)

"""Commands over the upload service: ``gcpypi.commanding.command_service``."""

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from urllib.parse import urljoin

import pytest

from cloud.ports import Headers
from gcpypi.commanding.command_service import CommandService
from gcpypi.commanding.given_command import create_command
from gcpypi.settings import Settings
from schemas import layout
from schemas.events import ProjectCommand
from schemas.headers import JSON, NO_STORE
from schemas.verdict_documents import CommandVerdict
from testing.memory_upload import PUBLISHER, READ_ONLY, MemoryUpload
from testing.served_app import serve_app
from testing.storage import Fault
from unit.cli.command_run import Finished, run_command
from unit.cli.loopback_index import LoopbackIndex, describe_file, serve_index

WHEEL = "acme_tools-1.0-py3-none-any.whl"


@dataclass
class Services:
    """Upload service, pages, and an indexer that answers each command."""

    index: LoopbackIndex
    url: str
    upload: MemoryUpload
    refusal: str | None = None
    is_silent: bool = False
    given: list[dict[str, object]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.index.add("acme-tools", [describe_file(WHEEL)])
        self.upload.incoming.after = self._answer

    def _answer(self, operation: str, bucket: str, name: str) -> None:
        stored = self.upload.incoming.read(name) if operation == "objects.insert" else None
        if stored is None:
            return
        self.given.append(json.loads(stored.data))
        self.index.add("acme-tools", [describe_file(WHEEL, yanked="broken")])
        if not self.is_silent:
            self._write_answer(layout.derive_command_id(name, stored.generation))

    def _write_answer(self, command_id: str) -> None:
        verdict = CommandVerdict(
            outcome="refused" if self.refusal else "done",
            command_id=command_id,
            time=datetime.now(UTC),
            reason=self.refusal,
            detail="no such release" if self.refusal else None,
        )
        name = layout.locate_command_verdict(command_id)
        headers = Headers(JSON, NO_STORE)
        self.upload.verdicts.write(name, verdict.encode(), headers, if_generation=0)

    def run(self, *arguments: str, token: str = PUBLISHER, **variables: str) -> Finished:
        return run_command(
            *arguments,
            GCPYPI_INDEX_URL=self.index.url,
            GCPYPI_UPLOAD_URL=urljoin(self.url, "/legacy/"),
            GCPYPI_UPLOAD_TOKEN=token,
            NO_GCE_CHECK="true",
            GOOGLE_APPLICATION_CREDENTIALS="",
            **variables,
        )


@pytest.fixture
def services() -> Iterator[Services]:
    upload = MemoryUpload()
    with serve_index() as index, serve_app(upload.app) as url:
        yield Services(index, url, upload)


YANK = ("yank", "acme-tools", "1.0", "--reason", "broken")


def test_a_holder_of_a_publishing_token_yanks_without_credentials_of_google(
    services: Services,
) -> None:
    done = services.run(*YANK)

    assert (done.code, done.stdout) == (0, f"acme-tools 1.0 is yanked: {WHEEL}\n")
    (command,) = services.given
    assert ProjectCommand.model_validate(command) == create_command(
        action="yank", project="acme-tools", version="1.0", reason="broken"
    )


def test_an_author_without_credentials_of_google_uses_the_service(services: Services) -> None:
    assert services.run(*YANK, "--as", "acme").code == 0


def test_without_waiting_the_address_of_the_answer_is_printed(services: Services) -> None:
    services.is_silent = True
    done = services.run(*YANK, "--no-wait")
    assert done.code == 0
    assert f"the answer will be {services.url}/commands/acme." in done.stdout.replace("\n", " ")


def test_a_refusal_of_the_service_is_shown(services: Services) -> None:
    services.index.add("beta", [describe_file("beta-1.0-py3-none-any.whl")])
    done = services.run("yank", "beta", "1.0")
    assert (done.code, services.given) == (1, [])
    assert "refused: not-allowed: 'beta' is outside the scope of 'ada'" in done.stderr


def test_a_refusal_of_the_indexer_is_shown(services: Services) -> None:
    services.refusal = "not-found"
    done = services.run(*YANK)
    assert done.code == 1
    assert "refused (not-found): no such release" in done.stderr


def test_a_typing_error_is_found_before_the_command_is_given(services: Services) -> None:
    done = services.run("yank", "acme-tools", "2.0")
    assert (done.code, services.given) == (2, [])


def test_a_late_answer_is_a_timeout(services: Services) -> None:
    services.is_silent = True
    done = services.run(*YANK, "--timeout", "0.5")
    assert done.code == 3
    assert "no answer to the command after 0.5 s" in done.stderr


def test_a_wrong_token_is_refused(services: Services) -> None:
    done = services.run(*YANK, token="gcpypi_wrong")
    assert done.code == 4
    assert "refuses GCPYPI_UPLOAD_TOKEN" in done.stderr
    assert "gcpypi_wrong" not in done.stderr
    assert services.run(*YANK, token=READ_ONLY).code == 1


def test_a_fault_of_the_service_has_its_sentence(services: Services) -> None:
    services.upload.storage.faults.add(Fault(operation="objects.insert", bucket="incoming"))
    done = services.run(*YANK)
    assert (done.code, services.given) == (4, [])
    assert "unavailable: " in done.stderr


def test_a_service_that_does_not_answer_is_no_access(services: Services) -> None:
    services.url = "http://127.0.0.1:9"
    done = services.run(*YANK)
    assert done.code == 4
    assert "does not answer" in done.stderr


@pytest.mark.parametrize(
    "settings",
    [
        {},
        {"upload_url": "https://upload.example/legacy/"},
        {"upload_token": "gcpypi_x"},
        {
            "upload_url": "https://upload.example/legacy/",
            "upload_token": "gcpypi_x",
            "STORAGE_EMULATOR_HOST": "http://127.0.0.1:4443",
        },
    ],
    ids=str,
)
def test_without_url_and_token_or_on_a_local_index_the_command_goes_to_storage(
    settings: dict[str, str],
) -> None:
    assert CommandService.find(Settings(**settings), has_author=False) is None  # type: ignore[arg-type]


def test_an_upload_url_without_a_final_slash_is_the_same() -> None:
    service = CommandService("https://upload.example/legacy", "gcpypi_x")
    assert service.url == "https://upload.example/commands"

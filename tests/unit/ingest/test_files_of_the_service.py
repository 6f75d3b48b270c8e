"""Files and commands from the upload service: the prefix ``upload/<uploader>/``."""

import json

import pytest

from schemas import layout
from schemas.events import CommandAccepted
from schemas.holders.grants import UploaderGrant
from testing.fakes.examples import NOON
from unit.ingest.service import FILENAME, WHEEL, InMemoryIngest
from unit.ingest.test_facts import reindex

NAME = f"upload/acme/run-1/{FILENAME}"
COMMAND = "upload/acme/run-1/yank.command.json"
YANK = json.dumps({"action": "yank", "project": "acme", "version": "1.0"}).encode()
USER = {"acme": UploaderGrant(projects=("acme",), upload=True)}
NO_USER = {"acme": UploaderGrant(projects=("acme",))}


def upload(service: InMemoryIngest, name: str = NAME, data: bytes = WHEEL, **claims: str) -> str:
    """Upload and announce an object; return the outcome or the reason."""
    service.incoming.now = NOON
    generation = service.upload(data, name, **claims)
    service.announce(name=name)
    verdict = service.read_verdict(generation, name)
    return verdict.reason or verdict.outcome


def test_the_second_segment_is_the_uploader_and_the_third_the_run() -> None:
    service = InMemoryIngest(uploaders=USER)
    assert upload(service, holder="Ada Ö") == "accepted"
    file = service.read_last_file()
    assert (file.uploader, file.run, file.holder) == ("acme", "run-1", "Ada Ö")


def test_reindex_announces_the_holder_too() -> None:
    service = InMemoryIngest()
    upload(service, holder="Ada Ö")
    assert reindex(service) == [service.read_last_file()]


def test_only_the_service_states_a_holder() -> None:
    service = InMemoryIngest()
    assert upload(service, f"acme/run-1/{FILENAME}", holder="ada") == "accepted"
    assert service.read_last_file().holder is None


def test_a_long_holder_is_cut() -> None:
    service = InMemoryIngest()
    assert upload(service, holder="é" * 1000) == "accepted"
    assert service.read_last_file().holder == "é" * 200


@pytest.mark.parametrize(
    "uploaders", [NO_USER, {}, {"acme": UploaderGrant(projects=("b",), upload=True)}]
)
def test_an_uploader_needs_the_right_to_use_the_service(
    uploaders: dict[str, UploaderGrant],
) -> None:
    assert upload(InMemoryIngest(uploaders=uploaders)) == "not-allowed"


@pytest.mark.parametrize("prefix", ["import", "operators", "upload", ""])
def test_the_service_cannot_claim_a_reserved_prefix(prefix: str) -> None:
    service = InMemoryIngest()
    name = f"upload/{prefix}/run-1/{FILENAME}"
    service.upload(WHEEL, name)
    service.announce(name=name)
    assert service.read_answer().reason == "not-allowed"
    assert service.read_package() is None


def test_a_command_has_the_uploader_as_its_author() -> None:
    service = InMemoryIngest(uploaders=USER)
    assert upload(service, COMMAND, YANK) == "accepted"
    [message] = service.commands.messages
    assert isinstance(message, CommandAccepted)
    assert message.issued_by == "acme"
    assert (message.command.command_id or "").startswith("acme.")


def test_a_command_needs_the_right_to_use_the_service() -> None:
    service = InMemoryIngest(uploaders=NO_USER)
    assert upload(service, COMMAND, YANK) == "not-allowed"
    assert service.commands.messages == ()


def test_a_command_through_the_service_is_never_that_of_an_operator() -> None:
    assert layout.split_author("upload/operators/ada/yank.command.json") == "operators"
    assert not layout.is_operator("operators")
    assert layout.split_incoming_name("upload/operators/ada/x.command.json")[0] == ""

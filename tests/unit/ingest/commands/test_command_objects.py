"""Command objects: decisions, announcements, redelivery, and the limits of an object."""

import hashlib
import json
import threading
from datetime import timedelta

import pytest

from checks.refusal import Reason
from cloud.ports import Headers
from ingest.commands.reading import MAX_COMMAND_SIZE
from schemas import layout
from schemas.events import CommandAccepted, FileRefused, ProjectCommand
from schemas.holders.grants import UploaderGrant
from schemas.push import Message
from schemas.verdict_documents import CommandVerdict, Verdict
from testing.fakes.examples import NOON
from testing.storage import Attributes, FakeStorage, Fault
from unit.ingest.service import InMemoryIngest

ACME = "acme/17/yank.command.json"
SERVICE = "upload/web/17/yank.command.json"
ADA = "operators/ada/yank.command.json"
YANK = {"action": "yank", "project": "acme-tools", "version": "1.0", "reason": "broken"}
GRANTS = {
    "acme": UploaderGrant(projects=("acme-*",)),
    "core": UploaderGrant(projects=("*",), commands=("remove",)),
    "web": UploaderGrant(projects=("acme-*",), upload=True),
}


def serve(store: FakeStorage | None = None) -> InMemoryIngest:
    return InMemoryIngest(store, uploaders=GRANTS)


@pytest.fixture
def service() -> InMemoryIngest:
    return serve()


def give(service: InMemoryIngest, command: object, name: str = ACME, **claims: str) -> int:
    """Create a command object; return its generation."""
    data = command if isinstance(command, bytes) else json.dumps(command).encode()
    service.incoming.now = NOON
    return service.upload(data, name, **claims)


def derive_id(generation: int, name: str = ACME) -> str:
    digest = hashlib.sha256(f"{name}#{generation}".encode()).hexdigest()
    return f"{name.removeprefix('upload/').partition('/')[0]}.{digest[:32]}"


def read_command_verdict(service: InMemoryIngest, command_id: str) -> CommandVerdict | None:
    stored = service.verdicts.read(f"commands/{command_id}.json")
    return CommandVerdict.model_validate_json(stored.data) if stored else None


def list_verdicts(service: InMemoryIngest) -> list[str]:
    return [info.name for info in service.verdicts.list()]


def expect_refusal(service: InMemoryIngest, generation: int, name: str = ACME) -> Verdict:
    """Check that both answers and the message are one refusal; return it."""
    verdict, command_id = service.read_verdict(generation, name), derive_id(generation, name)
    assert verdict.command_id == command_id
    assert read_command_verdict(service, command_id) == CommandVerdict(
        outcome="refused",
        command_id=command_id,
        time=verdict.time,
        reason=verdict.reason,
        detail=verdict.detail,
    )
    assert set(service.refused.messages) == {
        FileRefused(
            reason=verdict.reason or "",
            detail=verdict.detail or "",
            bucket="incoming",
            name=name,
            generation=generation,
            command_id=command_id,
        )
    }
    assert service.commands.messages == ()
    return verdict


@pytest.mark.parametrize(
    ("name", "author"),
    [
        (ACME, "acme"),
        ("acme/17/a/b.command.json", "acme"),
        (ADA, "operators/ada"),
        (SERVICE, "web"),
    ],
)
def test_a_command_object_is_published_with_its_author_id_and_time(
    name: str, author: str, service: InMemoryIngest
) -> None:
    generation = give(service, YANK, name)
    service.incoming.now = NOON + timedelta(hours=1)
    assert service.announce(name=name) == 204
    command_id = derive_id(generation, name)
    command = ProjectCommand.model_validate({**YANK, "command_id": command_id, "issued_at": NOON})
    assert service.commands.messages == (CommandAccepted(command=command, issued_by=author),)
    assert (
        CommandAccepted.decode(service.commands.messages[0].encode())
        == (service.commands.messages[0])
    )
    assert service.read_verdict(generation, name) == Verdict(
        outcome="accepted",
        bucket="incoming",
        name=name,
        generation=generation,
        time=NOON,
        command_id=command_id,
    )
    assert list_verdicts(service) == [f"{name}/{generation}.json"]
    assert service.refused.messages == ()


def test_the_message_does_not_matter_only_the_object(service: InMemoryIngest) -> None:
    """A message of another uploader has the same effect as the notification of the bucket."""
    generation = give(service, YANK)
    resource = {"bucket": "incoming", "name": ACME, "generation": str(generation)}
    service.push(json.dumps(resource).encode(), "1", eventType="OBJECT_FINALIZE")
    forged = {**resource, "issued_by": "operators/ada", "metadata": {"uploader": "core"}}
    service.push(json.dumps(forged).encode(), "2")
    assert len(service.commands.messages) == 2
    assert len(set(map(Message.encode, service.commands.messages))) == 1


def test_an_author_in_the_object_does_not_matter(service: InMemoryIngest) -> None:
    give(service, {**YANK, "issued_by": "operators/ada"})
    service.announce(name=ACME)
    (message,) = service.commands.messages
    assert isinstance(message, CommandAccepted)
    assert message.issued_by == "acme"


@pytest.mark.parametrize(
    ("name", "command", "fault"),
    [
        (ACME, {**YANK, "project": "beta"}, "may not give commands for beta"),
        ("other/1/x.command.json", YANK, "may not give commands for acme-tools"),
        (ACME, {**YANK, "action": "remove"}, "may not give the command remove"),
        ("core/1/x.command.json", YANK, "may not give the command yank"),
        (
            ACME,
            {"action": "set-status", "project": "acme-tools", "status": "active"},
            "may not give the command set-status",
        ),
        (f"upload/{ACME}", YANK, "may not use the upload service"),
        (SERVICE, {**YANK, "project": "beta"}, "may not give commands for beta"),
        (SERVICE, {**YANK, "action": "remove"}, "may not give the command remove"),
    ],
)
def test_a_command_without_the_right_is_refused_at_both_addresses(
    name: str, command: object, fault: str, service: InMemoryIngest
) -> None:
    generation = give(service, command, name)
    assert service.announce(name=name) == 204
    verdict = expect_refusal(service, generation, name)
    assert verdict.reason == "not-allowed"
    uploader = name.removeprefix("upload/").partition("/")[0]
    assert verdict.detail == (
        f"uploader '{uploader}' {fault} (UPLOADERS): ask an operator to give it, or for the grant"
    )


@pytest.mark.parametrize(
    "command",
    [
        {**YANK, "action": "remove", "project": "beta"},
        {"action": "set-status", "project": "beta", "status": "quarantined", "version": "1"},
        {"action": "restore", "project": "beta", "filename": "beta-1.tar.gz"},
    ],
)
def test_an_operator_may_give_every_command(command: object, service: InMemoryIngest) -> None:
    give(service, command, ADA)
    service.announce(name=ADA)
    assert len(service.commands.messages) == 1


@pytest.mark.parametrize(
    "name", [f"upload/{ADA}", f"upload/{SERVICE}", "upload/import/1/x.command.json"]
)
def test_the_service_cannot_give_commands_of_operators_without_uploaders(name: str) -> None:
    """A take-over of the upload service gives no rights of operators."""
    service = InMemoryIngest(uploaders=None)
    give(service, {**YANK, "action": "remove"}, name)
    service.announce(name=name)
    assert service.read_answer().reason == "not-allowed"
    assert service.commands.messages == ()


def test_without_uploaders_every_uploader_may_yank_every_project() -> None:
    service = InMemoryIngest()
    give(service, YANK)
    service.announce(name=ACME)
    assert len(service.commands.messages) == 1
    generation = give(service, {**YANK, "action": "remove"})
    service.announce(name=ACME)
    assert service.read_verdict(generation, ACME).reason == "not-allowed"


@pytest.mark.parametrize(
    ("data", "detail"),
    [
        (b"", "is not a project-command message: message: Invalid JSON"),
        (b"\xff", "is not a project-command message: message: Invalid JSON"),
        (b"[]", "is not a project-command message: message: Input should be an object"),
        (b"{}", "action: Field required; project: Field required"),
        (b'{"action":"delete","project":"acme-x"}', "action: Input should be 'yank'"),
        (b'{"action":"yank","project":"acme-x"}', "yank needs either a version or a filename"),
        (json.dumps({**YANK, "reasn": "broken"}).encode(), "possibly a misspelled reason"),
        (
            b'{"action":"set-status","project":"acme-x","verison":"1","status":"quarantined"}',
            "unknown field 'verison': it is possibly a misspelled version",
        ),
        (json.dumps({**YANK, "command_id": "1"}).encode(), "leave both out"),
        (json.dumps({**YANK, "issued_at": "2026-11-28T12:00:00Z"}).encode(), "leave both out"),
    ],
)
def test_an_object_that_is_no_command_is_refused(
    data: bytes, detail: str, service: InMemoryIngest
) -> None:
    generation = give(service, data)
    assert service.announce(name=ACME) == 204
    verdict = expect_refusal(service, generation)
    assert verdict.reason == "bad-command"
    assert detail in (verdict.detail or "")
    assert (verdict.detail or "").startswith(f"'{ACME}' ")


def test_a_field_of_a_newer_release_is_passed_on(service: InMemoryIngest) -> None:
    give(service, {**YANK, "on_platform": "linux"})
    assert service.announce(name=ACME) == 204
    [message] = service.commands.messages
    assert json.loads(message.encode())["command"]["on_platform"] == "linux"


@pytest.mark.parametrize("name", ["acme/yank.command.json", "operators/yank.command.json"])
def test_a_command_in_the_wrong_place_is_refused(name: str, service: InMemoryIngest) -> None:
    generation = give(service, YANK, name)
    assert service.announce(name=name) == 204
    verdict = expect_refusal(service, generation, name)
    assert verdict.reason == "bad-command"
    assert "<uploader>/<run id>/<any>.command.json" in (verdict.detail or "")


@pytest.mark.parametrize(
    "name",
    [
        "operators//x.command.json",
        f"operators/{'x' * 201}/x.command.json",
        "operators/a b/x.command.json",
        "a c/1/x.command.json",
        f"{'x' * 91}/1/x.command.json",
        "é/1/x.command.json",
    ],
)
def test_a_name_that_cannot_be_answered_is_refused_under_the_message(
    name: str, service: InMemoryIngest
) -> None:
    give(service, YANK, name)
    assert service.announce(name=name) == 204
    assert service.read_answer().reason == "not-allowed"
    assert list_verdicts(service) == ["messages/77.json"]
    assert service.commands.messages == ()


@pytest.mark.parametrize(
    "name", [f"{'x' * 90}/1/x.command.json", f"operators/{'x' * 200}/x.command.json"]
)
def test_the_longest_author_fits_into_the_message(name: str) -> None:
    service = InMemoryIngest()
    give(service, YANK, name)
    assert service.announce(name=name) == 204
    (message,) = service.commands.messages
    assert CommandAccepted.decode(message.encode()) == message


def test_a_large_object_is_refused_unread(service: InMemoryIngest) -> None:
    full = json.dumps(YANK).encode().ljust(MAX_COMMAND_SIZE)
    give(service, full)
    service.announce(name=ACME)
    assert len(service.commands.messages) == 1

    other = "acme/18/yank.command.json"
    generation = give(service, full + b" ", other)
    service.incoming.before = lambda operation, bucket, name: (
        pytest.fail("the object was read") if operation == "objects.download" else None
    )
    service.announce(name=other)
    assert service.read_verdict(generation, other).reason == "too-large"


def test_an_encoded_object_and_one_with_a_wrong_digest_are_refused(
    service: InMemoryIngest,
) -> None:
    encoded = Attributes(content_encoding="gzip")
    name = "acme/1/x.command.json"
    generation = service.store.insert("incoming", name, b"x", encoded).generation
    service.announce(name=name)
    assert service.read_verdict(generation, name).reason == "content-encoded"
    generation = give(service, YANK, sha256="0" * 64)
    service.announce(name=ACME)
    assert service.read_verdict(generation, ACME).reason == "digest-mismatch"


def test_a_wrong_digest_in_a_message_decides_only_about_the_message(
    service: InMemoryIngest,
) -> None:
    generation = give(service, YANK)
    service.announce(name=ACME, sha256="0" * 64)
    assert service.read_answer().reason == "digest-mismatch"
    assert service.commands.messages == ()
    service.announce(name=ACME)
    assert service.read_verdict(generation, ACME).outcome == "accepted"


def test_a_refusal_is_final_and_announced_at_each_delivery(service: InMemoryIngest) -> None:
    generation = give(service, {**YANK, "project": "beta"})
    service.announce(name=ACME)
    before = service.read_buckets()
    lax = InMemoryIngest(service.store)
    assert lax.announce(name=ACME) == 204
    assert lax.commands.messages == ()
    assert lax.refused.messages == service.refused.messages
    assert lax.read_buckets() == before
    expect_refusal(service, generation)


def test_an_acceptance_is_final_and_published_at_each_delivery(service: InMemoryIngest) -> None:
    """The right can be taken between two deliveries, for example before the first one published."""
    generation = give(service, YANK)
    service.announce(name=ACME)
    strict = InMemoryIngest(service.store, uploaders={})
    assert strict.announce(name=ACME, generation=str(generation)) == 204
    assert strict.commands.messages == service.commands.messages
    assert strict.refused.messages == ()
    assert strict.read_verdict(generation, ACME).outcome == "accepted"


def test_an_accepted_command_that_cannot_be_read_is_not_lost(service: InMemoryIngest) -> None:
    generation = give(service, b"a command of another release")
    accepted = Verdict(
        outcome="accepted", bucket="incoming", name=ACME, generation=generation, time=NOON
    )
    service.verdicts.put(layout.locate_verdict(ACME, generation), accepted.encode())
    assert service.announce(name=ACME) == 500
    assert service.refused.messages == ()


def test_two_deliveries_that_disagree_have_one_result() -> None:
    """Two instances with other grants decide at the same time; the first verdict counts."""
    for _ in range(10):
        store = FakeStorage()
        services = [InMemoryIngest(store), InMemoryIngest(store, uploaders={})]
        generation = give(services[0], YANK)
        barrier = threading.Barrier(2)

        def race(service: InMemoryIngest, barrier: threading.Barrier = barrier) -> None:
            def meet(operation: str, bucket: str, name: str) -> None:
                if name.startswith("acme/") and operation == "objects.insert":
                    barrier.wait(timeout=600)

            service.verdicts.before = meet
            assert service.announce(name=ACME) == 204

        threads = [threading.Thread(target=race, args=(each,)) for each in services]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        is_accepted = services[0].read_verdict(generation, ACME).outcome == "accepted"
        published = [len(each.commands.messages) for each in services]
        refused = [len(each.refused.messages) for each in services]
        assert (published, refused) == (([1, 1], [0, 0]) if is_accepted else ([0, 0], [1, 1]))
        answer = read_command_verdict(services[0], derive_id(generation))
        assert (answer is None) == is_accepted


class DeliveryStopped(Exception):
    """Simulated end of one delivery."""


@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize("project", ["acme-tools", "beta"])
def test_stopped_at_any_step_and_delivered_again_it_ends_in_the_same_state(
    project: str, when: str
) -> None:
    step = 0
    while True:
        service = serve()
        generation = give(service, {**YANK, "project": project})
        remaining = [step]

        def stop(*_: object, remaining: list[int] = remaining) -> None:
            remaining[0] -= 1
            if remaining[0] == -1:
                raise DeliveryStopped

        fakes = (service.incoming, service.verdicts, service.commands, service.refused)
        for fake in fakes:
            setattr(fake, when, stop)
        stopped = service.announce(name=ACME) == 500
        for fake in fakes:
            setattr(fake, when, None)
        assert service.announce(name=ACME, generation=str(generation)) == 204
        if project == "beta":
            expect_refusal(service, generation)
        else:
            assert service.read_verdict(generation, ACME).outcome == "accepted"
            assert {each.encode() for each in service.commands.messages} != set()
            assert len({each.encode() for each in service.commands.messages}) == 1
            assert service.refused.messages == ()
        if not stopped:
            break
        step += 1
    assert step >= 4, "there are at least four steps"


def test_an_immediate_second_delivery_is_no_error() -> None:
    service = serve(FakeStorage(write_interval=1.0))
    for project, name in (("acme-tools", ACME), ("beta", "acme/18/x.command.json")):
        generation = give(service, {**YANK, "project": project}, name)
        assert service.announce(name=name) == 204
        assert service.announce(name=name, generation=str(generation)) == 204
    assert len(service.commands.messages) == len(service.refused.messages) == 2


def test_a_failure_of_storage_is_not_acknowledged(service: InMemoryIngest) -> None:
    give(service, YANK)
    service.verdicts.fault(Fault(operation="objects.insert"))
    assert service.announce(name=ACME) == 503
    assert service.commands.messages == ()
    assert service.announce(name=ACME) == 204
    assert len(service.commands.messages) == 1


def test_the_verdict_of_a_deleted_command_object_stays_its_only_answer(
    service: InMemoryIngest,
) -> None:
    generation = give(service, YANK)
    service.announce(name=ACME)
    service.incoming.remove(ACME)
    assert service.announce(name=ACME, generation=str(generation)) == 204
    assert list_verdicts(service) == [f"{ACME}/{generation}.json"]


def test_a_command_object_is_not_a_file_and_a_file_is_not_a_command(
    service: InMemoryIngest,
) -> None:
    give(service, YANK)
    service.announce(name=ACME)
    assert list(service.packages.list()) == []
    name = "acme/17/yank.json"
    generation = service.incoming.put(name, b"{}", Headers("application/json", "")).generation
    service.announce(name=name)
    assert service.read_verdict(generation, name).reason == Reason.BAD_FILENAME
    assert len(service.commands.messages) == 1

"""Commands: their authors, objects, effects, and the registers that still hold.

The modules are in ``gcpypi/commanding``.
"""

import json
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest

from cloud.errors import PermissionDenied
from cloud.ports import Headers, StoredObject
from gcpypi.commanding.answer_wait import PageWatch, wait_for_answer
from gcpypi.commanding.command_author import CommandAuthor, choose_author
from gcpypi.commanding.give import Interruption
from gcpypi.commanding.given_command import GivenCommand, create_command, write_command
from gcpypi.commanding.recorded_files import require_recorded
from gcpypi.commanding.remaining_registers import explain_registers
from gcpypi.commanding.visible_files import VisibleFiles
from gcpypi.connection.index_client import IndexClient
from gcpypi.connection.record_reader import find_record
from gcpypi.errors import CommandFailure, ExitCode
from gcpypi.settings import Settings
from ingest.commands.reading import require_author
from ingest.upload import Upload
from schemas import layout
from schemas.events import FileUploaded, ProjectCommand
from schemas.headers import JSON, NO_STORE
from schemas.names import normalize_project
from schemas.records import ProjectRecord, Register, StatusRegister
from schemas.verdict_documents import CommandVerdict, Verdict
from testing.fakes.examples import make_file_record
from testing.fakes.memory_ports import MemoryBucket
from unit.cli.command_run import run_command
from unit.cli.loopback_index import LoopbackIndex, describe_file, serve_index

NOW = datetime(2026, 11, 28, 12, tzinfo=UTC)
WHEEL = "acme-1.0-py3-none-any.whl"
HEADERS = Headers(JSON, NO_STORE)
UPLOADER, OPERATOR = CommandAuthor("acme"), CommandAuthor("operators/ada")
YANK = create_command(action="yank", project="acme", version="1.0", reason="broken")
UNYANK = create_command(action="unyank", project="acme", version="1.0")
ACTIVATE = create_command(action="set-status", project="acme", version="1.0", status="active")


@pytest.fixture
def index() -> Iterator[LoopbackIndex]:
    with serve_index() as started:
        yield started


def make_register(author: str | None, *, value: bool = True) -> Register:
    return Register(issued_at=NOW, command_id="c", value=value, reason="unsafe", issued_by=author)


def make_record(**registers: object) -> ProjectRecord:
    return ProjectRecord.model_validate(
        {"project": "acme", "revision": 1, "files": {WHEEL: make_file_record(WHEEL)}, **registers}
    )


def on_release(register: Register) -> dict[str, object]:
    return {"versions": {"1": register}}


def quarantine() -> StatusRegister:
    return StatusRegister(
        issued_at=NOW, command_id="c", value="quarantined", issued_by="operators/ada"
    )


@pytest.mark.parametrize(
    ("flags", "settings", "prefix"),
    [
        (("acme", None), {}, "acme"),
        ((None, "ada"), {"uploader": "acme"}, "operators/ada"),
        ((None, None), {"uploader": "acme", "operator": "ada"}, "acme"),
        ((None, None), {"operator": "ada"}, "operators/ada"),
    ],
)
def test_flags_precede_settings_and_an_uploader_precedes_an_operator(
    flags: tuple[str | None, str | None], settings: dict[str, str], prefix: str
) -> None:
    assert choose_author(Settings(**settings), *flags).prefix == prefix  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("flags", "message"),
    [
        ((None, None), "no author: give --operator NAME"),
        (("acme", "ada"), "exclude each other"),
        (("operators", None), "give --operator NAME"),
        (("a/b", None), "is not the name of an uploader"),
        ((None, "a/b"), "is not the name of an operator"),
    ],
)
def test_an_author_without_a_valid_prefix_is_wrong_usage(
    flags: tuple[str | None, str | None], message: str
) -> None:
    with pytest.raises(CommandFailure, match=message):
        choose_author(Settings(), *flags)


def test_a_local_index_has_an_operator_of_its_own() -> None:
    settings = Settings(storage_emulator_host="http://127.0.0.1:4443")

    assert choose_author(settings, None, None).prefix == "operators/local"
    assert choose_author(settings, "acme", None).prefix == "acme"


@pytest.mark.parametrize("author", [UPLOADER, OPERATOR])
def test_ingest_accepts_the_names_of_the_objects_and_no_two_are_equal(
    author: CommandAuthor,
) -> None:
    first, second = (author.create_object_name("yank") for _ in range(2))

    assert first != second
    for name in (first, second):
        assert layout.is_command_name(name)
        assert layout.split_author(name) == author.prefix
        require_author(Upload.from_message(FileUploaded(bucket="incoming", name=name)))


def test_an_object_has_the_fields_of_the_command_only() -> None:
    incoming = MemoryBucket("incoming")

    given = write_command(incoming, OPERATOR, YANK)

    stored = incoming.read(given.name)
    assert stored is not None
    assert json.loads(stored.data) == {
        "action": "yank",
        "project": "acme",
        "version": "1.0",
        "reason": "broken",
    }
    assert given.command_id == layout.derive_command_id(given.name, stored.generation)


def test_a_denied_creation_names_the_author() -> None:
    incoming = MemoryBucket("incoming")

    def deny(operation: str, bucket: str, name: str) -> None:
        raise PermissionDenied(f"gs://{bucket}/{name}")

    incoming.before = deny
    with pytest.raises(CommandFailure, match="Check the author acme") as failure:
        write_command(incoming, UPLOADER, YANK)

    assert failure.value.code == ExitCode.UNAVAILABLE


def test_an_invalid_field_is_wrong_usage() -> None:
    with pytest.raises(CommandFailure, match="reason: String should have at most 500") as failure:
        create_command(action="yank", project="acme", version="1.0", reason="x" * 501)

    assert failure.value.code == ExitCode.USAGE


def answer(verdicts: MemoryBucket, outcome: str, *, by_ingest: bool) -> None:
    """Store the verdict on ``acme/1/x.command.json``, and the answer if ingest accepted it."""
    name, refusal = "acme/1/x.command.json", {"reason": "not-found", "detail": "it has no file"}
    refused = refusal if outcome == "refused" else {}
    verdict = Verdict.model_validate(
        {
            "outcome": "refused" if by_ingest else "accepted",
            "bucket": "incoming",
            "name": name,
            "generation": 7,
            "time": NOW,
            **(refused if by_ingest else {}),
        }
    )
    verdicts.write(layout.locate_verdict(name, 7), verdict.encode(), HEADERS, if_generation=0)
    if by_ingest:
        return
    command_id = layout.derive_command_id(name, 7)
    document = CommandVerdict.model_validate(
        {"outcome": outcome, "command_id": command_id, "time": NOW, **refused}
    )
    address = layout.locate_command_verdict(command_id)
    verdicts.write(address, document.encode(), HEADERS, if_generation=0)


@pytest.mark.parametrize("by_ingest", [True, False])
def test_a_refusal_of_ingest_or_indexer_has_its_reason(by_ingest: bool) -> None:
    verdicts = MemoryBucket("verdicts")
    answer(verdicts, "refused", by_ingest=by_ingest)

    with pytest.raises(CommandFailure, match=r"refused \(not-found\): it has no file") as failure:
        wait_for_answer(verdicts, GivenCommand("acme/1/x.command.json", 7), 30)

    assert failure.value.code == ExitCode.REFUSED


def test_an_accepted_command_without_an_answer_is_a_timeout_of_the_indexer() -> None:
    verdicts = MemoryBucket("verdicts")
    given = GivenCommand("acme/2/x.command.json", 7)
    verdict = Verdict(
        outcome="accepted", bucket="incoming", name=given.name, generation=7, time=NOW
    )
    address = layout.locate_verdict(given.name, 7)
    verdicts.write(address, verdict.encode(), HEADERS, if_generation=0)

    with pytest.raises(CommandFailure, match="the indexer has no answer") as failure:
        wait_for_answer(verdicts, given, 0)

    assert failure.value.code == ExitCode.TIMEOUT
    assert f"gs://verdicts/commands/{given.command_id}.json" in str(failure.value)


def watch(index: LoopbackIndex, command: ProjectCommand, record: ProjectRecord | None) -> PageWatch:
    metadata = MemoryBucket("metadata")
    if record:
        metadata.write("projects/acme.json", record.encode(), HEADERS, if_generation=0)
    client = IndexClient.from_url(index.url, "token")
    return PageWatch(client, metadata if record else None, command)


def test_the_page_of_a_command_without_effect_ends_the_wait_if_it_agrees_with_the_record(
    index: LoopbackIndex,
) -> None:
    index.add("acme", [describe_file(WHEEL, yanked="unsafe")])
    record = make_record(yanked=on_release(make_register("operators/ada")))

    page, _ = watch(index, UNYANK, record).wait_for_page(30)

    assert page == VisibleFiles("active", {WHEEL: True})
    assert not page.shows(UNYANK)


@pytest.mark.parametrize(
    ("command", "cause"),
    [(UNYANK, "an operator's yank still holds"), (ACTIVATE, "a quarantine of the project or")],
)
def test_without_the_record_an_old_page_is_a_timeout_with_its_likely_cause(
    command: ProjectCommand, cause: str, index: LoopbackIndex
) -> None:
    is_yank = command is UNYANK
    index.add("acme", [describe_file(WHEEL, yanked="unsafe")] if is_yank else [])

    with pytest.raises(CommandFailure, match=cause) as failure:
        watch(index, command, None).wait_for_page(0)

    assert failure.value.code == ExitCode.TIMEOUT


def test_an_old_page_with_a_newer_record_is_a_timeout(index: LoopbackIndex) -> None:
    index.add("acme", [describe_file(WHEEL)])
    record = make_record(yanked=on_release(make_register("operators/ada")))

    with pytest.raises(CommandFailure, match="publisher verify") as failure:
        watch(index, YANK, record).wait_for_page(0)

    assert failure.value.code == ExitCode.TIMEOUT


def test_each_command_has_its_effect_on_the_files() -> None:
    listed, yanked, hidden = ({WHEEL: False}, {WHEEL: True}, dict[str, bool]())
    target = {"project": "acme", "version": "1.0"}
    effects = {
        action: [
            VisibleFiles("active", files).shows(create_command(action=action, **target))
            for files in (listed, yanked, hidden)
        ]
        for action in ("yank", "unyank", "remove", "restore")
    }

    assert effects == {
        "yank": [False, True, True],
        "unyank": [True, False, True],
        "remove": [False, False, True],
        "restore": [True, True, False],
    }


def test_a_yank_that_still_holds_is_explained_with_the_remedy_for_the_author() -> None:
    record = make_record(
        yanked=on_release(make_register("operators/ada")),
        yanked_by_uploaders={"files": {WHEEL: make_register("acme")}},
    )
    when = "on 2026-11-28 12:00 UTC (unsafe) still holds"

    assert explain_registers(record, UNYANK, UPLOADER) == [
        f"a yank by operators/ada {when}: an uploader cannot lift the yank of an operator, so ask "
        "an operator",
        f"a yank by acme {when}: give unyank again",
    ]
    assert explain_registers(record, UNYANK, OPERATOR) == [
        f"a yank by operators/ada {when}: give unyank again, without --of-uploaders",
        f"a yank by acme {when}: add --of-uploaders",
    ]


def test_hidden_files_are_explained_by_quarantines_and_removals() -> None:
    record = make_record(
        status=quarantine(),
        release_status={"1": quarantine()},
        removed=on_release(make_register(None)),
    )

    by_ada = "by operators/ada on 2026-11-28 12:00 UTC"
    assert explain_registers(record, ACTIVATE, OPERATOR) == [
        f"the project is quarantined {by_ada}: gcpypi activate acme lifts it",
        f"the release is quarantined {by_ada}: gcpypi activate acme 1.0 lifts it",
        f"{WHEEL} is removed by an operator, by message on 2026-11-28 12:00 UTC (unsafe): gcpypi "
        "restore acme 1.0 lifts it",
    ]


@pytest.mark.parametrize("action", ["yank", "unyank", "remove", "restore"])
@pytest.mark.parametrize("target", [(), ("1.0", "--file", WHEEL)])
def test_a_target_is_either_a_release_or_a_file(action: str, target: tuple[str, ...]) -> None:
    done = run_command(action, "acme", *target, "--as", "acme")

    assert (done.code, done.stderr) == (2, "gcpypi: give either VERSION or --file FILENAME\n")


def test_of_uploaders_is_no_option_of_an_uploader() -> None:
    done = run_command("unyank", "acme", "1.0", "--as", "acme", "--of-uploaders")

    assert done.code == 2
    assert "--of-uploaders is an option of operators" in done.stderr


def test_a_hidden_release_is_looked_for_in_the_record() -> None:
    record = make_record(removed=on_release(make_register(None)))
    target = {"action": "restore", "project": "acme"}
    require_recorded(record, create_command(**target, version="1.0.0"))
    require_recorded(record, create_command(**target, filename=WHEEL))

    with pytest.raises(CommandFailure, match=r"acme has no release 1\.1: it has 1\.0"):
        require_recorded(record, create_command(**target, version="1.1"))
    with pytest.raises(CommandFailure, match="acme has no other.tar.gz: it has " + WHEEL):
        require_recorded(record, create_command(**target, filename="other.tar.gz"))


def test_a_record_of_a_newer_release_asks_for_an_upgrade() -> None:
    records = MemoryBucket("metadata")
    records.write("projects/acme.json", b'{"schema_version": 2}', HEADERS, if_generation=0)

    with pytest.raises(CommandFailure, match="upgrade gcpypi") as failure:
        find_record(records, normalize_project("acme"))

    assert failure.value.code == ExitCode.UNAVAILABLE


def test_an_interruption_has_the_consequence_of_its_step() -> None:
    def interrupt() -> None:
        with Interruption("no command was given") as interruption:
            interruption.consequence = "the command is given"
            raise KeyboardInterrupt

    with pytest.raises(CommandFailure, match=r"^interrupted: the command is given$") as failure:
        interrupt()

    assert failure.value.code == ExitCode.INTERRUPTED


def test_without_the_right_to_read_the_answer_the_command_ends_at_once() -> None:
    class UnreadableBucket(MemoryBucket):
        def read(self, name: str) -> StoredObject | None:
            raise PermissionDenied(f"gs://{self.name}/{name}", "403 no storage.objects.get access")

    with pytest.raises(
        CommandFailure, match="command can still take effect; an owner gives"
    ) as failure:
        wait_for_answer(UnreadableBucket("verdicts"), GivenCommand("acme/1/x.command.json", 7), 600)

    assert failure.value.code == ExitCode.UNAVAILABLE

from publisher.repair.effective_commands import list_effective_commands
from schemas.records import ProjectRecord, Register, Registers, StatusRegister
from schemas.types import Status
from testing.calls import count_calls
from testing.fakes.examples import make_time
from unit.publisher.publisher_fixtures import make_record

FILES = ("acme-1.0-py3-none-any.whl", "acme-1.0.0.tar.gz", "acme-2.0-py3-none-any.whl")
WHEEL, SDIST, NEWER = FILES


def mark(by: str | None, at: float = 1, *, value: bool = True, reason: str | None = None) -> object:
    return Register(
        issued_at=make_time(at), command_id=f"c{at}", value=value, reason=reason, issued_by=by
    )


def make_registers(**registers: object) -> Registers:
    return Registers.model_validate(registers)


def set_status(value: Status, by: str | None, at: float = 1) -> StatusRegister:
    return StatusRegister(issued_at=make_time(at), command_id=f"s{at}", value=value, issued_by=by)


def list_lines(record: ProjectRecord) -> list[str]:
    return [str(command) for command in list_effective_commands(record)]


def test_a_line_has_effect_target_author_time_id_and_reason() -> None:
    yanked = make_registers(versions={"1": mark("operators/ada", reason="broken\nbuild")})
    assert list_lines(make_record(*FILES, yanked=yanked)) == [
        "yanked acme 1: by operators/ada, 2026-11-24T12:00:01.000000Z, command c1: broken build"
    ]


def test_a_message_has_no_name_of_an_author() -> None:
    assert list_lines(make_record(*FILES, status=set_status("archived", None))) == [
        "archived acme: by an operator without a name, by message, 2026-11-24T12:00:01.000000Z, "
        "command s1"
    ]


def list_subjects(record: ProjectRecord) -> list[str]:
    return [line.split(",")[0] for line in list_lines(record)]


def test_yanks_of_an_operator_and_an_uploader_are_two_lines() -> None:
    record = make_record(
        *FILES,
        yanked=make_registers(files={SDIST: mark("operators/ada")}),
        yanked_by_uploaders=make_registers(versions={"1": mark("acme"), "2": mark("tools")}),
    )
    assert list_subjects(record) == [
        f"yanked acme {SDIST}: by operators/ada",
        "yanked acme 1: by acme",
        "yanked acme 2: by tools",
    ]


def test_a_command_that_newer_commands_replaced_has_no_line() -> None:
    record = make_record(
        *FILES,
        yanked=make_registers(
            versions={"1": mark("operators/ada"), "2": mark("operators/ada", value=False)},
            files={WHEEL: mark("operators/bob", 2, value=False), NEWER: mark("operators/bob", 0)},
        ),
        removed=make_registers(files={WHEEL: mark("operators/ada", value=False)}),
        status=set_status("active", "operators/ada"),
        release_status={
            "1": set_status("quarantined", "operators/ada"),
            "2": set_status("active", "operators/ada"),
        },
    )
    assert list_subjects(record) == [
        "quarantined acme 1: by operators/ada",
        "yanked acme 1: by operators/ada",
    ]


def test_the_status_of_the_project_comes_first() -> None:
    record = make_record(
        *FILES,
        status=set_status("quarantined", "operators/ada"),
        removed=make_registers(versions={"2": mark("operators/bob")}),
    )
    assert list_subjects(record) == [
        "quarantined acme: by operators/ada",
        "removed acme 2: by operators/bob",
    ]


def test_a_record_without_commands_costs_no_calls_for_its_files() -> None:
    small, large = make_record(*FILES), make_record(*[f"acme-{n}.tar.gz" for n in range(100)])

    def count(record: ProjectRecord) -> int:
        return count_calls(lambda: list(list_effective_commands(record)))

    assert count(small) == count(large)

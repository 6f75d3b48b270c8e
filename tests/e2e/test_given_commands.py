"""Commands by objects on the local runtime: uploaders, operators, refusals, a typing error."""

import json
from collections.abc import Iterator

import pytest

from e2e.conftest import LocalIndex, make_bare_path, run_local_index, wait_until
from testing.fakes.small_wheels import build_wheel, wheel_filename

GRANTS = {"acme": ["acme-*"], "core": {"projects": ["core-*"], "commands": ["yank"]}}
BROKEN = {"action": "yank", "version": "1.0", "reason": "broken"}


@pytest.fixture(scope="module")
def runtime(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalIndex]:
    """Runtime with two uploaders, on a machine without gcloud, Java and Docker."""
    path = make_bare_path(tmp_path_factory.mktemp("bin") / "bin")
    directory = tmp_path_factory.mktemp("commands")
    with run_local_index(directory, path, UPLOADERS=json.dumps(GRANTS)) as started:
        yield started
        assert started.find_complaints() == []


def publish(runtime: LocalIndex, project: str, *versions: str) -> None:
    for version in versions:
        filename = wheel_filename(project.replace("-", "_"), version)
        data = build_wheel(project.replace("-", "_"), version)
        verdict = runtime.wait_for_verdict(runtime.upload_file(filename, data, "acme"))
        assert verdict["outcome"] == "accepted"
        runtime.wait_for(project, filename)


def give(runtime: LocalIndex, author: str, **command: str) -> dict[str, object]:
    """Give a command with an object; return the verdict on the object."""
    name = runtime.upload_file("given.command.json", json.dumps(command).encode(), author)
    return runtime.wait_for_verdict(name)


def execute(runtime: LocalIndex, author: str, **command: str) -> dict[str, object]:
    """Give a command that ingest accepts; return the answer of the indexer."""
    verdict = give(runtime, author, **command)
    assert verdict["outcome"] == "accepted", verdict
    return runtime.wait_for_command(str(verdict["command_id"]))


def list_yanks(runtime: LocalIndex, project: str) -> dict[str, object]:
    """Return the yanked files on the page of a project, each with the reason."""
    files = (runtime.fetch_page(project) or {})["files"]
    assert isinstance(files, list)
    return {file["filename"]: file["yanked"] for file in files if file.get("yanked")}


def test_an_uploader_yanks_its_own_release_and_reads_the_answer(runtime: LocalIndex) -> None:
    publish(runtime, "acme-own", "1.0", "2.0")
    answer = execute(runtime, "acme", project="acme-own", **BROKEN)
    assert answer["outcome"] == "done"
    assert str(answer["command_id"]).startswith("acme.")
    yanked = {wheel_filename("acme_own", "1.0"): "broken"}
    wait_until(lambda: list_yanks(runtime, "acme-own") == yanked)

    assert execute(runtime, "acme", project="acme-own", action="unyank", version="1.0")
    wait_until(lambda: list_yanks(runtime, "acme-own") == {})


@pytest.mark.parametrize(
    ("uploader", "action"), [("core", "yank"), ("stranger", "yank"), ("acme", "remove")]
)
def test_a_command_without_the_right_is_refused_and_changes_nothing(
    uploader: str, action: str, runtime: LocalIndex
) -> None:
    project = f"acme-{uploader}-{action}"
    publish(runtime, project, "1.0")
    before = runtime.fetch_page(project)
    verdict = give(runtime, uploader, project=project, **{**BROKEN, "action": action})
    answer = runtime.wait_for_command(str(verdict["command_id"]))
    for each in (verdict, answer):
        assert (each["outcome"], each["reason"]) == ("refused", "not-allowed")
    assert runtime.fetch_page(project) == before


def test_the_unyank_of_an_uploader_does_not_lift_the_yank_of_an_operator(
    runtime: LocalIndex,
) -> None:
    publish(runtime, "acme-both", "1.0")
    execute(runtime, "operators/ada", project="acme-both", **{**BROKEN, "reason": "unsafe"})
    execute(runtime, "acme", project="acme-both", **BROKEN)
    execute(runtime, "acme", project="acme-both", action="unyank", version="1.0")
    record = json.loads(
        runtime.read_objects("metadata", "projects/acme-both")["projects/acme-both.json"]
    )
    assert record["yanked"]["versions"]["1"]["issued_by"] == "operators/ada"
    assert record["yanked_by_uploaders"]["versions"]["1"]["issued_by"] == "acme"
    unsafe = {wheel_filename("acme_both", "1.0"): "unsafe"}
    wait_until(lambda: list_yanks(runtime, "acme-both") == unsafe)


def test_the_quarantine_of_a_release_by_an_operator_is_on_the_page(runtime: LocalIndex) -> None:
    publish(runtime, "acme-lock", "1.0", "2.0")
    bad, good = wheel_filename("acme_lock", "1.0"), wheel_filename("acme_lock", "2.0")
    command = {"action": "set-status", "project": "acme-lock", "version": "1.0"}
    answer = execute(runtime, "operators/ada", **command, status="quarantined")
    assert answer["outcome"] == "done"
    wait_until(lambda: runtime.list_filenames("acme-lock") == {good})
    wait_until(lambda: runtime.get(f"/packages/{bad}")[0] == 404)
    assert runtime.get(f"/packages/{good}")[0] == 200

    late = "acme_lock-1.0-2-py3-none-any.whl"
    name = runtime.upload_file(late, build_wheel("acme_lock", "1.0"), "acme")
    assert runtime.wait_for_verdict(name)["reason"] == "project-closed"

    execute(runtime, "operators/ada", **command, status="active")
    wait_until(lambda: runtime.list_filenames("acme-lock") == {bad, good})
    wait_until(lambda: runtime.get(f"/packages/{bad}")[0] == 200)


def test_a_mistyped_command_object_is_answered_without_a_failed_delivery(
    runtime: LocalIndex,
) -> None:
    answer = execute(runtime, "acme", project="acme-misspelled", **BROKEN)
    assert (answer["outcome"], answer["reason"]) == ("refused", "not-found")
    outcomes = {
        entry.get("outcome")
        for entry in runtime.read_log_entries("indexer")
        if entry.get("project") == "acme-misspelled" or entry.get("outcome") == "failed"
    }
    assert outcomes <= {"too-early", "refused"}

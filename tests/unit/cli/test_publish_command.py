"""``gcpypi publish`` on an index on loopback, in the process of the test."""

import json
import re
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path

import pytest

from gcpypi.publishing.waiting import choose_some
from testing.fakes.small_wheels import build_wheel, wheel_filename
from testing.storage import Fault
from unit.cli.command_run import Finished, run_command
from unit.cli.served_index import DESCRIPTION, ServedIndex, serve_index

WHEEL = wheel_filename()
DIGEST = sha256(build_wheel()).hexdigest()


@pytest.fixture
def index() -> Iterator[ServedIndex]:
    with serve_index() as served:
        yield served


@pytest.fixture
def dist(tmp_path: Path) -> Path:
    """Folder with one wheel."""
    folder = tmp_path / "dist"
    folder.mkdir()
    write_wheel(folder)
    return folder


@pytest.fixture
def description(tmp_path: Path) -> Path:
    path = tmp_path / "description.json"
    path.write_text(DESCRIPTION.model_dump_json())
    return path


def write_wheel(folder: Path, project: str = "acme", version: str = "1.0") -> Path:
    path = folder / wheel_filename(project, version)
    path.write_bytes(build_wheel(project, version))
    return path


def publish(index: ServedIndex, *arguments: str | Path, **variables: str) -> Finished:
    return run_command(
        "publish", *map(str, arguments), **{**index.build_environment(), **variables}
    )


def read_results(done: Finished) -> dict[str, str]:
    """Return the result of each file from the output with ``--json``."""
    return {file["file"]: file["result"] for file in json.loads(done.stdout)["files"]}


def test_a_file_is_uploaded_with_its_digest_and_published(index: ServedIndex, dist: Path) -> None:
    done = publish(index, dist, "--as", "ci", "--run-id", "42")

    (name,) = index.list_uploads()
    assert re.fullmatch(rf"ci/42-[0-9a-f]{{8}}/{re.escape(WHEEL)}", name)
    attributes = index.storage.get("incoming", name).attributes
    assert attributes.metadata == {"sha256": DIGEST}
    assert (done.code, done.stdout.split()[2:]) == (0, ["published", WHEEL])


def test_a_repeated_command_uploads_nothing(index: ServedIndex, dist: Path) -> None:
    publish(index, dist)
    again = publish(index, dist)

    assert len(index.list_uploads()) == 1
    assert (again.code, "already there" in again.stdout) == (0, True)


def test_other_bytes_under_a_listed_name_are_refused_without_an_upload(
    index: ServedIndex, dist: Path
) -> None:
    index.pages["acme"] = {WHEEL: "0" * 64}

    done = publish(index, dist)

    assert (done.code, index.list_uploads()) == (1, [])
    assert "exists: " in done.stdout


def test_one_refused_file_does_not_stop_the_others(index: ServedIndex, dist: Path) -> None:
    refused = write_wheel(dist, "late")
    (dist / "broken-1.0-py3-none-any.whl").write_bytes(b"no zip")
    index.refusals[refused.name] = "project-closed"

    done = publish(index, dist, "--json")

    assert done.code == 1
    assert read_results(done) == {
        str(dist / WHEEL): "published",
        str(refused): "refused",
        str(dist / "broken-1.0-py3-none-any.whl"): "refused",
    }
    reasons = {file["reason"] for file in json.loads(done.stdout)["files"]}
    assert reasons == {None, "project-closed", "not-a-zip"}
    assert {name.rpartition("/")[2] for name in index.list_uploads()} == {WHEEL, refused.name}


def test_the_json_has_the_run_and_the_address_of_each_object(
    index: ServedIndex, dist: Path
) -> None:
    done = publish(index, dist, "--json")

    printed, (name,) = json.loads(done.stdout), index.list_uploads()
    (file,) = printed["files"]
    assert (printed["uploader"], printed["counts"]) == ("local", {"published": 1})
    assert f"local/{printed['run']}/{WHEEL}" == file["object"] == name
    assert file["generation"] == str(index.storage.get("incoming", name).generation)


def test_without_a_wait_the_files_are_uploaded_only(index: ServedIndex, dist: Path) -> None:
    index.is_idle = True

    done = publish(index, dist, "--no-wait", "--json")

    assert (done.code, read_results(done)) == (0, {str(dist / WHEEL): "uploaded"})


def test_a_file_without_a_verdict_is_not_finished(index: ServedIndex, dist: Path) -> None:
    index.is_idle = True

    done = publish(index, dist, "--timeout", "0.2", "--json")

    assert (done.code, read_results(done)) == (3, {str(dist / WHEEL): "uploaded"})
    assert "1 files are not finished after 0.2 s" in done.stderr


def test_an_accepted_file_that_no_page_lists_is_not_finished(
    index: ServedIndex, dist: Path
) -> None:
    index.is_listing = False

    done = publish(index, dist, "--timeout", "0.5", "--json")

    assert (done.code, read_results(done)) == (3, {str(dist / WHEEL): "accepted"})


@pytest.mark.parametrize("index_url", ["", "token"])
def test_without_the_pages_the_command_waits_for_verdicts_only(
    index: ServedIndex, dist: Path, description: Path, index_url: str
) -> None:
    index.denies = True
    variables = index.build_environment(description)
    if not index_url:
        del variables["GCPYPI_INDEX_URL"]

    done = run_command("publish", str(dist), "--json", **variables)

    assert (done.code, read_results(done)) == (0, {str(dist / WHEEL): "accepted"})
    assert "waits for verdicts" in done.stderr


DENIED = (
    "ci@acme.iam.gserviceaccount.com does not have {right} access to the Google Cloud Storage "
    "object. Permission '{right}' denied on resource (or it may not exist)."
)


def deny_verdicts(index: ServedIndex, right: str) -> None:
    message = DENIED.format(right=right)
    index.storage.faults.add(
        Fault(
            operation="objects.download", bucket="verdicts", status=403, message=message, times=None
        )
    )


def test_without_the_right_to_read_verdicts_the_command_waits_for_the_pages(
    index: ServedIndex, dist: Path
) -> None:
    deny_verdicts(index, "storage.objects.get")
    index.is_listing = False

    done = publish(index, dist, "--timeout", "0.5", "--json")

    assert (done.code, read_results(done)) == (3, {str(dist / WHEEL): "uploaded"})
    assert done.stderr.count("storage.objects.get access") == 1
    assert "gives you the right to read your own verdicts" in done.stderr
    assert "waits for the pages only" in done.stderr


def test_pages_suffice_without_the_right_to_read_verdicts(index: ServedIndex, dist: Path) -> None:
    deny_verdicts(index, "storage.objects.get")

    done = publish(index, dist, "--json")

    assert (done.code, read_results(done)) == (0, {str(dist / WHEEL): "published"})


def test_without_verdicts_and_pages_the_command_ends_at_once(
    index: ServedIndex, dist: Path, description: Path
) -> None:
    index.denies = True
    deny_verdicts(index, "storage.objects.get")

    done = run_command(
        "publish", str(dist), "--timeout", "600", "--json", **index.build_environment(description)
    )

    assert (done.code, read_results(done)) == (4, {str(dist / WHEEL): "uploaded"})
    assert "gives you the right to read your own verdicts" in done.stderr


def test_a_verdict_is_awaited_by_an_identity_that_may_not_list(
    index: ServedIndex, dist: Path
) -> None:
    """Cloud Storage then answers 403 for an absent verdict, and names the right to list."""
    index.is_idle = True
    deny_verdicts(index, "storage.objects.list")

    done = publish(index, dist, "--timeout", "0.2")

    assert done.code == 3
    assert "right" not in done.stderr


def test_an_installation_publishes_its_own_wheels_without_a_token(
    index: ServedIndex, dist: Path, description: Path
) -> None:
    """``deploy/install`` runs this: the prefix of imports, and no access to the pages."""
    variables = index.build_environment(description)
    del variables["GCPYPI_INDEX_URL"]

    done = run_command("publish", "--as", "import", "--run-id", "install-1", str(dist), **variables)

    [name] = index.list_uploads()
    assert (done.code, name.startswith("import/install-1-")) == (0, True)


def test_a_wrong_token_is_a_denial(index: ServedIndex, dist: Path) -> None:
    index.denies = True

    done = publish(index, dist)

    assert (done.code, index.list_uploads()) == (4, [])
    assert "set GCPYPI_TOKEN to a live token" in done.stderr


def test_an_identity_without_rights_has_the_remedy(index: ServedIndex, dist: Path) -> None:
    index.storage.faults.add(Fault(operation="objects.insert", status=403, times=99))

    done = publish(index, dist, "--as", "other")

    assert (done.code, index.list_uploads()) == (4, [])
    assert "may create objects below other/" in done.stderr


def test_a_failed_upload_of_one_file_does_not_stop_the_others(
    index: ServedIndex, dist: Path
) -> None:
    second = write_wheel(dist, "second")
    index.storage.faults.add(
        Fault(operation="objects.insert", status=501, times=1, name=f"*{WHEEL}")
    )

    done = publish(index, dist, "--json")

    assert read_results(done) == {str(dist / WHEEL): "failed", str(second): "published"}
    assert done.code == 4


def test_a_lost_response_without_the_right_to_read_uploads_under_another_name(
    index: ServedIndex, dist: Path
) -> None:
    index.storage.faults.add(Fault("reset", operation="objects.insert", when="after"))
    index.storage.faults.add(Fault(operation="objects.get", status=403))

    done = publish(index, dist)

    first, second = index.list_uploads()
    assert done.code == 0
    assert second.replace(".1/", "/") == first or first.replace(".1/", "/") == second


def test_the_same_file_in_two_folders_is_uploaded_once(
    index: ServedIndex, dist: Path, tmp_path: Path
) -> None:
    (tmp_path / "copy").mkdir()
    write_wheel(tmp_path / "copy")

    done = publish(index, dist, tmp_path / "copy")

    assert (done.code, len(index.list_uploads())) == (0, 1)


def test_without_an_uploader_the_usage_is_wrong(dist: Path, description: Path) -> None:
    variables = {"GCPYPI_DESCRIPTION": str(description), "STORAGE_EMULATOR_HOST": ""}

    done = run_command("publish", str(dist), **variables)

    assert done.code == 2
    assert "--as UPLOADER" in done.stderr


@pytest.mark.parametrize("run_id", ["", "a/b", "x" * 200])
def test_an_invalid_run_id_is_wrong_usage(index: ServedIndex, dist: Path, run_id: str) -> None:
    done = publish(index, dist, "--run-id", run_id)

    assert (done.code, index.list_uploads()) == (2, [])


@pytest.mark.parametrize(
    ("variables", "run"),
    [
        ({"GITHUB_RUN_ID": "7", "GITHUB_RUN_ATTEMPT": "2"}, "7-2"),
        ({"CI_PIPELINE_ID": "8"}, "8"),
        ({"BUILD_ID": "9"}, "9"),
    ],
)
def test_the_run_id_begins_with_that_of_the_ci(
    index: ServedIndex, dist: Path, variables: dict[str, str], run: str
) -> None:
    done = publish(index, dist, "--json", **variables)

    assert re.fullmatch(rf"{run}-[0-9a-f]{{8}}", json.loads(done.stdout)["run"])


def test_many_files_of_one_result_are_one_row(index: ServedIndex, dist: Path) -> None:
    for number in range(30):
        write_wheel(dist, "many", f"1.{number}")

    done = publish(index, dist)

    assert done.stdout.split("\n", 1)[1].split() == ["published", "31", "files"]
    assert len(done.stderr.splitlines()) <= 2


def test_a_broken_copy_does_not_replace_the_good_file(
    index: ServedIndex, dist: Path, tmp_path: Path
) -> None:
    broken = tmp_path / "copy" / WHEEL
    broken.parent.mkdir()
    broken.write_bytes(b"no zip")

    done = publish(index, broken, dist, "--json")

    assert read_results(done) == {str(broken): "refused", str(dist / WHEEL): "published"}


def test_the_json_has_the_results_also_after_a_failure(index: ServedIndex, dist: Path) -> None:
    index.storage.faults.add(Fault(operation="objects.insert", status=403, times=99))

    done = publish(index, dist, "--json")

    assert (done.code, read_results(done)) == (4, {str(dist / WHEEL): "not uploaded"})


def test_every_answer_is_found_in_turn() -> None:
    files = list(range(100))
    found = {each for turn in range(1, 20) for each in choose_some(files, 16, turn)}
    assert found == set(files)
    assert all(choose_some(files, 16, turn)[:8] == files[:8] for turn in range(20))
    assert choose_some(files[:16], 16, 3) == files[:16]

"""``gcpypi check``: the verdict of ingest, offline."""

import json
from dataclasses import asdict
from pathlib import Path

import pytest

from checks.distribution import check_name, verify
from checks.policy import Policy
from checks.refusal import Refused
from gcpypi.checking.local_check import check_file
from testing.corpus.case import Oddity, Refusal
from testing.corpus.everything import ODDITIES, REFUSALS
from testing.fakes.small_wheels import build_wheel, wheel_filename
from unit.cli.command_run import run_command


def write(folder: Path, name: str, data: bytes) -> Path:
    path = folder / name
    path.write_bytes(data)
    return path


def is_file_name(name: str) -> bool:
    return "/" not in name and "\0" not in name and 0 < len(name.encode()) <= 255


def refuse(case: Refusal, data: bytes) -> None:
    name = check_name(case.filename, case.policy, None)
    verify(name, [data], case.policy, len(data))


@pytest.mark.parametrize("case", REFUSALS, ids=lambda case: case.title)
def test_a_refused_file_of_the_corpus_has_the_reason_of_ingest(
    case: Refusal, tmp_path: Path
) -> None:
    if not is_file_name(case.filename):
        pytest.skip("no file of this system has this name")
    data = case.build()

    checked = check_file(write(tmp_path, case.filename, data), case.policy)

    with pytest.raises(Refused) as expected:
        refuse(case, data)
    assert checked.refused is not None
    assert (checked.refused.reason, checked.refused.detail) == (
        expected.value.reason,
        expected.value.detail,
    )


@pytest.mark.parametrize("case", ODDITIES, ids=lambda case: case.title)
def test_an_accepted_file_of_the_corpus_has_the_facts_of_ingest(
    case: Oddity, tmp_path: Path
) -> None:
    data = case.build()

    checked = check_file(write(tmp_path, case.filename, data), Policy())

    assert checked.verified is not None
    assert asdict(checked.verified) == asdict(verify(case.filename, [data], Policy(), len(data)))


def test_each_file_has_a_line_and_the_exit_code_is_one_after_a_refusal(tmp_path: Path) -> None:
    write(tmp_path, wheel_filename(), build_wheel())
    write(tmp_path, "broken-1.0-py3-none-any.whl", b"no zip")

    done = run_command("check", str(tmp_path))

    assert done.code == 1
    assert [line.split(":")[0].split() for line in done.stdout.splitlines()] == [
        ["accepted", str(tmp_path / wheel_filename())],
        ["refused", str(tmp_path / "broken-1.0-py3-none-any.whl")],
    ]
    assert done.stderr == "1 accepted, 1 refused\n"


def test_json_has_the_facts_of_each_file(tmp_path: Path) -> None:
    path = write(tmp_path, wheel_filename(), build_wheel())

    done = run_command("check", "--json", str(path))

    assert done.code == 0
    (file,) = json.loads(done.stdout)
    assert (file["file"], file["outcome"], file["project"]) == (str(path), "accepted", "acme")


def test_two_spellings_of_one_release_are_refused_like_in_the_index(tmp_path: Path) -> None:
    write(tmp_path, wheel_filename(version="1.0"), build_wheel(version="1.0"))
    write(tmp_path, wheel_filename(version="1.0.0"), build_wheel(version="1.0.0"))

    done = run_command("check", str(tmp_path))

    assert done.code == 1
    assert "exists: " in done.stdout


@pytest.mark.parametrize("name", ["absent.whl", "empty"])
def test_a_path_without_a_distribution_is_wrong_usage(tmp_path: Path, name: str) -> None:
    (tmp_path / "empty").mkdir()

    done = run_command("check", str(tmp_path / name))

    assert done.code == 2
    assert str(tmp_path / name) in done.stderr


def test_a_path_that_is_not_readable_is_a_sentence(tmp_path: Path) -> None:
    done = run_command("check", str(tmp_path / ("a" * 300)))

    assert (done.code, "is not readable: File name too long" in done.stderr) == (2, True)

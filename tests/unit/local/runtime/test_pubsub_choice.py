"""Choice of Pub/Sub by the installed programs, with the reason."""

from pathlib import Path

import pytest

from local.runtime.pubsub_choice import choose


@pytest.fixture
def programs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Directory of an empty SDK, which is the only one on the PATH."""
    directory = tmp_path / "sdk" / "bin"
    directory.mkdir(parents=True)
    monkeypatch.setenv("PATH", str(directory))
    return directory


def install_program(directory: Path, name: str, code: int = 0) -> None:
    path = directory / name
    path.write_text(f"#!/bin/sh\nexit {code}\n")
    path.chmod(0o755)


def install_emulator(programs: Path, version: str) -> Path:
    jar = programs.parent / f"platform/pubsub-emulator/lib/cloud-pubsub-emulator-{version}-all.jar"
    jar.parent.mkdir(parents=True, exist_ok=True)
    jar.touch()
    return jar


def test_with_gcloud_its_emulator_and_java_it_is_googles(programs: Path) -> None:
    install_program(programs, "gcloud")
    install_program(programs, "java")
    jar = install_emulator(programs, "0.8.20")

    choice = choose(8085)

    assert choice.google
    assert choice.description == "Google's emulator 0.8.20"
    assert choice.command[0] == str(programs / "java")
    assert choice.command[-3:] == (str(jar), "--host=127.0.0.1", "--port=8085")


def test_without_both_it_is_the_built_in_one_and_both_are_named(programs: Path) -> None:
    choice = choose(8085)

    assert not choice.google
    assert (
        choice.description == "the built-in one, in memory, because there is no gcloud and no java"
    )
    assert choice.command[-2:] == ("local.stand_ins.pubsub", "--port=8085")


def test_a_java_that_does_not_run_is_none(programs: Path) -> None:
    install_program(programs, "gcloud")
    install_program(programs, "java", code=1)
    install_emulator(programs, "0.8.20")

    assert choose(8085).description.endswith("because there is no java")


def test_without_the_emulator_the_reason_has_the_install_command(programs: Path) -> None:
    install_program(programs, "gcloud")
    install_program(programs, "java")

    assert "gcloud components install pubsub-emulator" in choose(8085).description

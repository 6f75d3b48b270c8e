"""Compose commands of the Docker runtime; a script replaces the engine."""

from pathlib import Path

import pytest

from local.errors import LocalError
from local.runtime import docker, lifecycle
from local.runtime.state import StartedRuntime, State
from local.topology import GCP_PROJECT, Ports

HEALTHY = "\n".join(
    f"{name} running {'' if name == 'relay' else 'healthy'}" for name in docker.CONTAINERS
)


class FakeDockerEngine:
    """Fake ``docker`` on the PATH that records its calls and runs scripts as answers."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.calls_file = directory / "calls"
        script = directory / "docker"
        script.write_text(
            f'#!/bin/sh\necho "$@" "token=$GCPYPI_TOKEN" "publishing=$GCPYPI_UPLOAD_TOKEN"'
            f' "proxy=$PROXY_PORT" >> {self.calls_file}\n'
            f"for word; do\n"
            f"  if [ -f {directory}/$word ]; then . {directory}/$word; fi\n"
            f"done\n"
        )
        script.chmod(0o755)

    def answer(self, word: str, script: str) -> None:
        (self.directory / word).write_text(script)

    def find_calls(self, word: str) -> list[str]:
        return [line for line in self.calls_file.read_text().splitlines() if f" {word}" in line]


@pytest.fixture
def engine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> FakeDockerEngine:
    directory = tmp_path / "bin"
    directory.mkdir()
    monkeypatch.setenv("PATH", f"{directory}:/usr/bin:/bin")
    engine = FakeDockerEngine(directory)
    engine.answer("ps", f"cat <<END\n{HEALTHY}\nEND\n")
    return engine


@pytest.fixture
def state(tmp_path: Path) -> State:
    return State(tmp_path / "state")


def test_an_engine_that_answers_is_preferred(engine: FakeDockerEngine, state: State) -> None:
    said: list[str] = []

    running = lifecycle.up(state, None, None, said.append)

    assert running == StartedRuntime("docker", Ports(), gcloud_publishes=True)
    (up,) = engine.find_calls("up")
    assert (
        f"--project-directory {docker.ROOT} --project-name {GCP_PROJECT} up --detach --build" in up
    )
    tokens = f"token={state.load_token()} publishing={state.load_upload_token()}"
    assert f"{tokens} proxy=8080" in up


def test_a_running_runtime_is_left_unchanged(engine: FakeDockerEngine, state: State) -> None:
    said: list[str] = []
    lifecycle.up(state, None, None, said.append)

    lifecycle.up(state, None, None, said.append)

    assert len(engine.find_calls("up")) == 1
    assert said[-1] == "It is already up (docker)."


def test_a_second_runtime_on_other_ports_is_another_project(
    engine: FakeDockerEngine, state: State
) -> None:
    lifecycle.up(state, Ports.from_base(9000), "docker", print)

    (up,) = engine.find_calls("up")
    assert f"--project-name {GCP_PROJECT}-9000" in up
    assert "proxy=9000" in up


def test_a_failure_of_compose_is_a_failure_of_the_command(
    engine: FakeDockerEngine, state: State
) -> None:
    engine.answer("up", "exit 17")

    with pytest.raises(LocalError, match="docker compose up failed"):
        lifecycle.up(state, None, "docker", print)


def test_down_removes_the_containers_and_keeps_the_volumes(
    engine: FakeDockerEngine, state: State
) -> None:
    lifecycle.up(state, None, None, print)

    lifecycle.down(state, print)

    (down,) = engine.find_calls("down")
    assert "--volumes" not in down
    assert state.load() is None


def test_down_works_when_the_engine_is_gone(engine: FakeDockerEngine, state: State) -> None:
    lifecycle.up(state, None, None, print)
    engine.answer("info", "exit 1")

    lifecycle.down(state, print)

    assert engine.calls_file.read_text().count(" down") == 0
    assert state.load() is None


def test_without_an_engine_none_is_available(engine: FakeDockerEngine) -> None:
    engine.answer("info", "exit 1")

    assert not docker.is_engine_available()

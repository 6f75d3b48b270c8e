"""State directory: facts of the started runtime, and the environment file."""

import shlex
import subprocess
from pathlib import Path

from local.runtime.state import StartedRuntime, State
from local.topology import Ports

RUNNING = StartedRuntime("native", Ports.from_base(9000), gcloud_publishes=True)


def test_a_started_runtime_is_kept_until_it_is_cleared(tmp_path: Path) -> None:
    state = State(tmp_path / "state")
    assert state.load() is None

    state.save(RUNNING)
    assert state.load() == RUNNING

    state.clear()
    assert state.load() is None


def test_the_tokens_stay_the_same_over_restarts(tmp_path: Path) -> None:
    state = State(tmp_path)
    state.save(RUNNING)
    tokens = state.read_tokens()
    state.clear()
    state.save(RUNNING)

    assert all(token.startswith("gcpypi_") for token in tokens.values())
    assert len(set(tokens.values())) == 2
    assert State(tmp_path).read_tokens() == tokens


def test_an_environment_without_a_publishing_token_gets_one(tmp_path: Path) -> None:
    state = State(tmp_path)
    state.environment.write_text("export GCPYPI_TOKEN=gcpypi_x\n")
    state.save(RUNNING)

    assert state.load_token() == "gcpypi_x"
    assert state.read_environment()["GCPYPI_UPLOAD_TOKEN"] == state.load_upload_token()


def test_only_its_owner_reads_the_environment(tmp_path: Path) -> None:
    state = State(tmp_path)
    state.save(RUNNING)

    assert state.environment.stat().st_mode & 0o777 == 0o600


def test_a_shell_reads_the_environment(tmp_path: Path) -> None:
    state = State(tmp_path / "a directory")
    state.save(RUNNING)

    script = (
        f". {shlex.quote(str(state.environment))}; echo $GCPYPI_INDEX_URL; echo $CLOUDSDK_CONFIG"
    )
    said = subprocess.run(["sh", "-c", script], capture_output=True, text=True, check=True).stdout

    index, gcloud = said.splitlines()
    assert index == f"http://__token__:{state.load_token()}@127.0.0.1:9000/simple/"
    assert gcloud == str(tmp_path / "a directory" / "gcloud")
    environment = state.read_environment()
    assert environment["GCPYPI_INDEX_URL"] == index
    assert environment["GCPYPI_UPLOAD_URL"] == f"http://127.0.0.1:{RUNNING.ports.upload}/legacy/"
    assert environment["GCPYPI_UPLOAD_TOKEN"] == state.load_upload_token()


def test_the_environment_leads_gcloud_and_the_libraries_to_the_stand_ins(tmp_path: Path) -> None:
    state = State(tmp_path)
    state.save(StartedRuntime("native", Ports(), gcloud_publishes=True))

    environment = state.read_environment()

    assert {key: environment[key] for key in environment if "EMULATOR" in key} == {
        "PUBSUB_EMULATOR_HOST": "127.0.0.1:8085",
        "STORAGE_EMULATOR_HOST": "http://127.0.0.1:4443",
        "SECRET_MANAGER_EMULATOR_HOST": "127.0.0.1:8086",
    }
    assert environment["CLOUDSDK_CORE_PROJECT"] == environment["GCP_PROJECT"] == "gcpypi-local"
    assert environment["TOKENS_SECRET"] == "gcpypi-tokens"
    assert environment["CLOUDSDK_API_ENDPOINT_OVERRIDES_PUBSUB"] == "http://127.0.0.1:8085/"
    assert (
        environment["CLOUDSDK_API_ENDPOINT_OVERRIDES_STORAGE"]
        == "http://127.0.0.1:4443/storage/v1/"
    )
    assert environment["CLOUDSDK_AUTH_DISABLE_CREDENTIALS"] == "true"

"""``uv publish`` through the upload service, on the local runtime: from the tool to an install."""

import subprocess
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from e2e.conftest import LocalIndex, run_local_index
from testing.fakes.small_wheels import build_wheel
from testing.services.upload_processes import UploadProcesses, run_upload

UV = Path(sys.executable).with_name("uv")
WHEEL = "shiny-1.0-py3-none-any.whl"

pytestmark = pytest.mark.filterwarnings("ignore:unclosed <socket:ResourceWarning")


@pytest.fixture(scope="module")
def index(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalIndex]:
    with run_local_index(tmp_path_factory.mktemp("runtime")) as index:
        yield index


@pytest.fixture(scope="module")
def service(
    index: LocalIndex, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[UploadProcesses]:
    """The upload service on the buckets of the runtime."""
    storage = index.environment["STORAGE_EMULATOR_HOST"]
    index_url = f"http://{index.index_url.split('@')[1]}"
    with run_upload(
        tmp_path_factory.mktemp("service"),
        STORAGE_EMULATOR_HOST=storage,
        INDEX_URL=index_url,
        LISTING_TIMEOUT="30",
    ) as processes:
        yield processes


def publish(
    index: LocalIndex, service: UploadProcesses, file: Path, token: str | None = None
) -> subprocess.CompletedProcess[str]:
    return index.run(
        *(UV, "publish", "--publish-url", service.url, "--no-config"),
        *("--username", "__token__", "--password", token or service.token, file),
        check=False,
    )


def write_wheel(folder: Path, body: bytes = b"VERSION = 1\n") -> Path:
    file = folder / WHEEL
    file.write_bytes(build_wheel("shiny", "1.0", body=body))
    return file


def test_a_published_wheel_is_installable_and_final(
    index: LocalIndex, service: UploadProcesses, tmp_path: Path
) -> None:
    done = publish(index, service, write_wheel(tmp_path))
    assert done.returncode == 0, done.stderr
    assert index.list_filenames("shiny") == {WHEEL}

    again = publish(index, service, write_wheel(tmp_path))
    assert again.returncode == 0, again.stderr

    other = publish(index, service, write_wheel(tmp_path, b"VERSION = 2\n"))
    assert other.returncode != 0
    assert "already exists with other bytes" in other.stderr

    [record] = index.read_objects("metadata", "projects/shiny").values()
    assert b'"uploader":"acme"' in record
    assert b'"holder":"ada"' in record
    target = tmp_path / "installed"
    index.run(
        *(UV, "pip", "install", "--no-cache", "--target", target),
        *("--default-index", index.index_url, "shiny"),
    )
    assert (target / "shiny.py").read_text() == "VERSION = 1\n"


def test_a_refusal_and_a_wrong_password_are_sentences_in_the_output(
    index: LocalIndex, service: UploadProcesses, tmp_path: Path
) -> None:
    file = tmp_path / "shiny-1.1-py3-none-any.whl"
    file.write_bytes(build_wheel("shiny", "1.1"))
    with zipfile.ZipFile(file, "a") as archive:
        archive.writestr("unrecorded.py", "")
    refused = publish(index, service, file)
    assert refused.returncode != 0
    assert "bad-record: " in refused.stderr
    assert "unrecorded.py" in refused.stderr

    unknown = publish(index, service, file, token="gcpypi_unknown")
    assert unknown.returncode != 0
    assert "unauthorized: send a publishing token" in unknown.stderr

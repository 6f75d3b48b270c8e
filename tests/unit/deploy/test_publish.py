"""examples/publish.sh under an identity with only the rights of an uploader."""

import hashlib
import shutil
import subprocess
from pathlib import Path

import pytest

from unit.deploy.ci_storage import TOKEN, CiStorage, serve_ci_storage

pytestmark = [
    pytest.mark.skipif(shutil.which("curl") is None, reason="publish.sh needs curl"),
    pytest.mark.any_python("bash and curl run the script"),
]

SCRIPT = Path(__file__).parents[3] / "examples/publish.sh"
WHEEL = "acme_widgets-1.0+local-py3-none-any.whl"
ACCEPTED = {"outcome": "accepted", "address": f"/packages/{WHEEL}"}


@pytest.fixture
def wheel(tmp_path: Path) -> Path:
    file = tmp_path / WHEEL
    file.write_bytes(b"not really a wheel")
    return file


def publish(
    storage: CiStorage, wheel: Path, uploader: str = "acme"
) -> "subprocess.CompletedProcess[str]":
    gcloud = wheel.parent / "gcloud"
    gcloud.write_text(f"#!/bin/sh\ntest \"$*\" = 'auth print-access-token' && echo {TOKEN}\n")
    gcloud.chmod(0o755)
    environment = {
        "PATH": f"{wheel.parent}:/usr/bin:/bin",
        "STORAGE_URL": storage.url,
        "INCOMING_BUCKET": "incoming",
        "VERDICTS_BUCKET": "verdicts",
        "VERDICT_PAUSE": "0.01",
    }
    return subprocess.run(
        ["bash", str(SCRIPT), uploader, "42", str(wheel)],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )


def test_publish_uploads_a_file_with_its_digest_and_prints_the_verdict(wheel: Path) -> None:
    with serve_ci_storage(ACCEPTED) as storage:
        done = publish(storage, wheel)
    digest = hashlib.sha256(wheel.read_bytes()).hexdigest()
    assert (done.returncode, done.stderr) == (0, "")
    assert storage.objects == {
        f"acme/42/{WHEEL}": ({"metadata": {"sha256": digest}}, wheel.read_bytes())
    }
    assert storage.verdicts_read == [f"acme/42/{WHEEL}/1795500102873944.json"]
    assert '"accepted"' in done.stdout


def test_publish_waits_for_a_late_verdict(wheel: Path) -> None:
    with serve_ci_storage(ACCEPTED, misses=3) as storage:
        done = publish(storage, wheel)
    assert done.returncode == 0
    assert len(storage.verdicts_read) == 4


def test_a_refused_file_fails_the_build(wheel: Path) -> None:
    with serve_ci_storage({"outcome": "refused", "reason": "exists"}) as storage:
        done = publish(storage, wheel)
    assert done.returncode == 1
    assert '"exists"' in done.stdout


def test_a_run_cannot_upload_a_file_twice(wheel: Path) -> None:
    with serve_ci_storage(ACCEPTED) as storage:
        publish(storage, wheel)
        again = publish(storage, wheel)
    assert again.returncode == 22
    assert "412" in again.stderr


def test_the_prefix_of_another_uploader_is_refused(wheel: Path) -> None:
    with serve_ci_storage(ACCEPTED) as storage:
        done = publish(storage, wheel, uploader="zeta")
    assert done.returncode == 22
    assert "403" in done.stderr
    assert storage.objects == {}

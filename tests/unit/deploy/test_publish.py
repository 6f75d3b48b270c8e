"""examples/publish.sh, run by an identity that may create and nothing else."""

import hashlib
import shutil
import subprocess
from pathlib import Path

import pytest

from unit.deploy.ci_storage import TOKEN, CiStorage, served

pytestmark = pytest.mark.skipif(shutil.which("curl") is None, reason="publish.sh needs curl")

SCRIPT = Path(__file__).parents[3] / "examples/publish.sh"
WHEEL = "acme_widgets-1.0+local-py3-none-any.whl"
ACCEPTED = {"outcome": "accepted", "address": f"/packages/{WHEEL}"}


@pytest.fixture
def wheel(tmp_path: Path) -> Path:
    file = tmp_path / WHEEL
    file.write_bytes(b"not really a wheel")
    return file


def publish(
    storage: CiStorage, wheel: Path, publisher: str = "acme"
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
        "VERDICT_TIMEOUT": "5",
    }
    return subprocess.run(
        ["bash", str(SCRIPT), publisher, "42", str(wheel)],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


def test_a_file_is_created_with_its_digest_and_its_verdict_printed(wheel: Path) -> None:
    with served(ACCEPTED) as storage:
        done = publish(storage, wheel)
    digest = hashlib.sha256(wheel.read_bytes()).hexdigest()
    assert (done.returncode, done.stderr) == (0, "")
    assert storage.objects == {
        f"acme/42/{WHEEL}": ({"metadata": {"sha256": digest}}, wheel.read_bytes())
    }
    assert storage.verdicts_read == [f"acme/42/{WHEEL}/1795500102873944.json"]
    assert '"accepted"' in done.stdout


def test_a_verdict_that_is_not_there_yet_is_waited_for(wheel: Path) -> None:
    with served(ACCEPTED, misses=3) as storage:
        done = publish(storage, wheel)
    assert done.returncode == 0
    assert len(storage.verdicts_read) == 4


def test_a_refused_file_fails_the_build(wheel: Path) -> None:
    with served({"outcome": "refused", "reason": "exists"}) as storage:
        done = publish(storage, wheel)
    assert done.returncode == 1
    assert '"exists"' in done.stdout


def test_the_same_run_cannot_upload_twice(wheel: Path) -> None:
    with served(ACCEPTED) as storage:
        publish(storage, wheel)
        again = publish(storage, wheel)
    assert again.returncode == 1
    assert "take a new run id" in again.stderr


def test_another_publishers_prefix_is_refused(wheel: Path) -> None:
    with served(ACCEPTED) as storage:
        done = publish(storage, wheel, publisher="zeta")
    assert done.returncode == 1
    assert "(403)" in done.stderr
    assert storage.objects == {}

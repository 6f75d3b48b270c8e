"""Scripts of docs/operate.md that restore records and buckets, on the real gcloud.

Cloud Storage is the strict fake, which keeps versions. It has no soft delete.
"""

import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from documented import doc_pages
from testing.storage import Attributes, FakeStorage, StorageServer

pytestmark = [
    pytest.mark.skipif(shutil.which("gcloud") is None, reason="needs gcloud"),
    pytest.mark.any_python("gcloud and bash run the scripts of the page"),
]

SCRIPT = "gcloud storage ls --all-versions --long"

VERSIONS = (
    ("acme", 9, b"first"),
    ("acme", 11, b"yesterday"),
    ("acme", 13, b"today"),
    ("beta-tools", 10, b"only"),
    ("gamma", 14, b"later"),
)
"""Projects, hours of their versions, and contents."""


@pytest.fixture
def server() -> Iterator[StorageServer]:
    with StorageServer() as started:
        storage = started.storage
        storage.create_bucket("meta", versioning=True)
        for project, hour, data in VERSIONS:
            storage.now = datetime(2026, 11, 27, hour, tzinfo=UTC)
            attributes = Attributes("application/json", metadata={"record-revision": str(hour)})
            storage.insert("meta", f"projects/{project}.json", data, attributes)
        storage.now = None
        yield started


def run(server: StorageServer, step: str, configuration: Path) -> str:
    """Run a step of the page with gcloud on ``server``; return its messages."""
    environment = {
        **os.environ,
        "METADATA_BUCKET": "meta",
        "CLOUDSDK_CONFIG": str(configuration),
        "CLOUDSDK_CORE_PROJECT": "gcpypi-local",
        "CLOUDSDK_AUTH_DISABLE_CREDENTIALS": "true",
        "CLOUDSDK_CORE_DISABLE_USAGE_REPORTING": "true",
        "CLOUDSDK_API_ENDPOINT_OVERRIDES_STORAGE": f"{server.url}/storage/v1/",
    }
    done = subprocess.run(
        ["bash", "-c", step],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )
    return done.stderr


def find_step(start: str) -> str:
    [step] = [
        step.text
        for step in doc_pages.list_steps("docs/operate.md")
        if step.text.startswith(start) and not step.is_mention
    ]
    return step


def read(storage: FakeStorage, bucket: str) -> dict[str, tuple[bytes, str]]:
    return {
        name: (version.data, version.attributes.metadata["record-revision"])
        for name, version in storage.buckets[bucket].live.items()
    }


def test_each_record_is_restored_as_it_was_at_the_time(
    server: StorageServer, tmp_path: Path
) -> None:
    messages = run(server, f"{find_step('at=')}\n{find_step(SCRIPT)}", tmp_path)
    [error] = [line for line in messages.splitlines() if "ERROR" in line]
    assert "Source URL matches destination URL: gs://meta/projects/beta-tools.json#" in error
    assert read(server.storage, "meta") == {
        "projects/acme.json": (b"yesterday", "11"),
        "projects/beta-tools.json": (b"only", "10"),
        "projects/gamma.json": (b"later", "14"),  # it did not exist then, so it stays
    }


def test_deleted_records_are_restored_at_the_present_time(
    server: StorageServer, tmp_path: Path
) -> None:
    before = read(server.storage, "meta")
    for name in before:
        server.storage.delete("meta", name)
    now = f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}"
    run(server, f"at={now}\n{find_step(SCRIPT)}", tmp_path)
    assert read(server.storage, "meta") == before


def test_a_copied_bucket_keeps_the_custom_metadata(server: StorageServer, tmp_path: Path) -> None:
    server.storage.create_bucket("copy")
    step = find_step("gcloud storage rsync --recursive gs://my-packages-gcpypi-backup-metadata")
    run(server, re.sub(r"gs://my-\S+ gs://my-\S+", "gs://meta gs://copy", step), tmp_path)
    assert read(server.storage, "copy") == read(server.storage, "meta")

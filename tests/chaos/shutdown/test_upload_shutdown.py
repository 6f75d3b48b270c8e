"""SIGTERM to the upload service while an upload arrives, and while it waits for its verdict."""

import json
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from local import topology
from schemas import layout
from schemas.names import ProjectName
from testing.fakes.small_wheels import build_wheel, wheel_filename
from testing.services.proxy_processes import wait_until
from testing.services.upload_processes import UploadProcesses, read_response, run_upload

FILENAME, WHEEL = wheel_filename(), build_wheel()
PATIENCE = 600.0
PROJECT = ProjectName(FILENAME.partition("-")[0].replace("_", "-"))

pytestmark = pytest.mark.filterwarnings("ignore:unclosed <socket:ResourceWarning")


def send(processes: UploadProcesses) -> bytes:
    with processes.connect() as client:
        client.settimeout(PATIENCE)
        client.sendall(processes.encode_request(FILENAME, WHEEL))
        return read_response(client)


def begin_shutdown(processes: UploadProcesses) -> None:
    """Send SIGTERM, and return when the service accepts no connection."""
    processes.service.process.terminate()

    def is_closed() -> bool:
        try:
            processes.connect().close()
        except OSError:
            return True
        return False

    wait_until(is_closed, "the service accepts no connection", PATIENCE)


def test_a_shutdown_waits_for_the_publication_of_a_stored_file(tmp_path: Path) -> None:
    with run_upload(tmp_path, LISTING_TIMEOUT="60") as processes, ThreadPoolExecutor() as threads:
        answer = threads.submit(send, processes)
        wait_until(lambda: bool(processes.list_uploads()), "the file is stored", PATIENCE)
        begin_shutdown(processes)
        put_publication(processes)
        response = answer.result(PATIENCE)
        assert response.startswith(b"HTTP/1.1 200 "), response
        assert b"installable" in response
        assert processes.service.process.wait(PATIENCE) == 0


def put_publication(processes: UploadProcesses) -> None:
    """Write the verdict and the page of the stored file, as ingest and the publisher do."""
    storage = processes.storage.storage
    [name] = processes.list_uploads()
    stored = storage.get(topology.INCOMING, name)
    verdict = {
        "schema_version": 1,
        "outcome": "accepted",
        "bucket": topology.INCOMING,
        "name": name,
        "generation": str(stored.generation),
        "time": "2026-11-24T12:00:00Z",
    }
    address = layout.locate_verdict(name, stored.generation)
    page = f'{{"files":[{{"filename":"{FILENAME}"}}]}}'.encode()
    storage.insert(topology.STATIC, layout.locate_project_json(PROJECT), page)
    storage.insert(topology.VERDICTS, address, json.dumps(verdict).encode())


def test_a_shutdown_answers_for_a_stored_file_whose_publication_takes_longer(
    tmp_path: Path,
) -> None:
    """Without an answer the tool would report a failure, although the file is published later."""
    with run_upload(tmp_path, LISTING_TIMEOUT="600") as processes, ThreadPoolExecutor() as threads:
        answer = threads.submit(send, processes)
        wait_until(lambda: bool(processes.list_uploads()), "the file is stored", PATIENCE)
        begin_shutdown(processes)
        response = answer.result(PATIENCE)
        assert response.startswith(b"HTTP/1.1 200 "), response
        assert b"stored: " in response
        assert processes.service.process.wait(PATIENCE) == 0
    assert len(processes.list_uploads()) == 1

"""The upload service under slow, interrupted and killed connections, with real processes.

``CHAOS=full`` sends files of 200 MiB.
"""

import os
import random
import subprocess
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from testing.fakes.small_wheels import build_wheel, wheel_filename
from testing.memory_upload import BOUNDARY, build_fields, encode_form, encode_login
from testing.services.proxy_processes import wait_until
from testing.services.upload_processes import (
    UploadProcesses,
    is_listening,
    read_response,
    run_upload,
)

MEBIBYTES = 200 if os.environ.get("CHAOS") == "full" else 12
FILENAME = wheel_filename()
LARGE = build_wheel(body=os.urandom(3 * 1024 * 1024))
CLIENTS = 50

pytestmark = pytest.mark.filterwarnings("ignore:unclosed <socket:ResourceWarning")


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[UploadProcesses]:
    """One start for all tests that leave the service running."""
    with run_upload(tmp_path_factory.mktemp("upload"), IDLE_TIMEOUT="2") as processes:
        yield processes


@pytest.fixture
def processes(running: UploadProcesses) -> UploadProcesses:
    """The service with an empty storage."""
    running.empty_storage()
    return running


def send(processes: UploadProcesses, data: bytes) -> bytes:
    """Upload a file on a new connection; return the response."""
    with processes.connect() as client:
        client.sendall(processes.encode_request(FILENAME, data))
        return read_response(client)


@pytest.mark.parametrize("protocol", ["--http1.1", "--http2-prior-knowledge"])
def test_both_protocols_have_one_port(
    processes: UploadProcesses, tmp_path: Path, protocol: str
) -> None:
    data = build_wheel(body=os.urandom(MEBIBYTES * 1024 * 1024))
    body = tmp_path / "form"
    body.write_bytes(encode_form(build_fields(FILENAME, data), FILENAME, data))
    login = encode_login(processes.token)["authorization"]
    before = processes.service.measure().mebibytes
    command = [
        *("curl", "--silent", "--show-error", protocol, "--data-binary", f"@{body}"),
        *("--header", f"authorization: {login}", "--header", "expect:"),
        *("--header", f"content-type: multipart/form-data; boundary={BOUNDARY}"),
        *("--write-out", "%{http_version} %{http_code}", processes.url),
    ]
    ran = subprocess.run(command, capture_output=True, text=True, check=True, timeout=300)
    version = "1.1" if protocol == "--http1.1" else "2"
    assert ran.stdout.endswith(f"\n{version} 200"), ran.stdout
    [name] = processes.list_uploads()
    assert name.startswith("upload/acme/")
    assert processes.storage.storage.get("gcpypi-local-incoming", name).data == data
    assert processes.service.measure().mebibytes - before < 40


@pytest.mark.parametrize("part", ["head", "fields", "file"])
def test_a_client_that_sends_single_bytes_is_cut_off(processes: UploadProcesses, part: str) -> None:
    request = processes.encode_request(FILENAME, LARGE)
    sent = {"head": len(processes.encode_head(len(LARGE))), "fields": 700, "file": 2_000_000}[part]
    with processes.connect() as client:
        client.sendall(request[:sent])
        client.settimeout(0.2)
        response, position, end = b"", sent, time.monotonic() + 60
        while not response and time.monotonic() < end:
            try:
                response = client.recv(4096)
            except TimeoutError:
                client.sendall(request[position : position + 1])
                position += 1
    assert response.startswith(b"HTTP/1.1 408 "), response
    assert b"too-slow: less than 1024 bytes a second arrived for 2 s" in response
    assert processes.list_uploads() == []
    assert processes.count("uploads.start") == processes.count("uploads.cancel")


def test_a_retry_after_a_kill_in_the_middle_of_an_upload_succeeds(tmp_path: Path) -> None:
    with run_upload(tmp_path, IDLE_TIMEOUT="100") as processes:
        request = processes.encode_request(FILENAME, LARGE)
        with processes.connect() as client:
            client.sendall(request[:2_000_000])
            wait_until(lambda: processes.count("uploads.start") == 1, "the upload has started")
            processes.service.kill()
        assert processes.list_uploads() == []

        processes.start()
        assert send(processes, LARGE).startswith(b"HTTP/1.1 200 ")
        assert len(processes.list_uploads()) == 1


def count_incomplete(processes: UploadProcesses) -> int:
    """Return the number of the requests whose client left."""
    return processes.service.log.read_text().count('"incomplete":true')


def disconnect_many(processes: UploadProcesses, chance: random.Random) -> int:
    """Disconnect clients at random points; return the open descriptors after the cancellations."""
    ended = count_incomplete(processes) + CLIENTS
    request = processes.encode_request(FILENAME, LARGE)
    stops = [chance.randrange(1, len(request) - 1) for _ in range(CLIENTS)]

    def disconnect(stop: int) -> None:
        with processes.connect() as client:
            client.sendall(request[:stop])

    with ThreadPoolExecutor(10) as threads:
        list(threads.map(disconnect, stops))

    def is_clean() -> bool:
        return count_incomplete(processes) == ended and (
            processes.count("uploads.start") == processes.count("uploads.cancel")
        )

    wait_until(is_clean, "every upload is cancelled", 120)
    return processes.service.measure().descriptors


def test_clients_that_disconnect_leave_no_object_and_no_descriptor(tmp_path: Path) -> None:
    with run_upload(tmp_path, UPLOAD_CONCURRENCY="4") as processes:
        chance = random.Random(17)  # noqa: S311 - not secret
        first = disconnect_many(processes, chance)  # opens the connections that stay open
        second = disconnect_many(processes, chance)
        assert second <= first + 8
        assert processes.list_uploads() == []
        assert processes.count("uploads.cancel") > 0
        assert send(processes, LARGE).startswith(b"HTTP/1.1 200 ")


def test_a_shutdown_waits_for_the_current_upload(tmp_path: Path) -> None:
    with run_upload(tmp_path, IDLE_TIMEOUT="100") as processes:
        request = processes.encode_request(FILENAME, LARGE)
        with processes.connect() as client:
            client.sendall(request[:-100])
            wait_until(lambda: processes.count("uploads.start") == 1, "the upload has started")
            processes.service.process.terminate()
            wait_until(lambda: not is_listening(processes.port), "no new connection is accepted")
            client.sendall(request[-100:])
            response = read_response(client)
        assert response.startswith(b"HTTP/1.1 200 ")
        assert processes.service.process.wait(600) == 0


def test_a_shutdown_cancels_an_upload_that_does_not_end(tmp_path: Path) -> None:
    with run_upload(tmp_path, IDLE_TIMEOUT="100") as processes:
        request = processes.encode_request(FILENAME, LARGE)
        with processes.connect() as client:
            client.sendall(request[:2_000_000])
            wait_until(lambda: processes.count("uploads.start") == 1, "the upload has started")
            processes.service.process.terminate()
            assert processes.service.process.wait(600) == 0
        assert processes.count("uploads.cancel") == 1
        assert processes.list_uploads() == []

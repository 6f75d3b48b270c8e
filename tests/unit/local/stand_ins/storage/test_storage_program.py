"""``python -m local.stand_ins.storage``: a kill and a restart lose no confirmed change."""

import signal
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest
import requests

from local.stand_ins.storage.disk.small_contents import MAX_SIZE
from testing.processes import Process, find_free_port

Start = Callable[[], tuple[Process, str]]


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    """Start the program on one folder; return it and the URL of the bucket's uploads."""
    port = find_free_port()
    command = [sys.executable, "-W", "error", "-m", "local.stand_ins.storage", f"--port={port}"]
    with ExitStack() as stack:

        def start_program() -> tuple[Process, str]:
            program = stack.enter_context(Process([*command, f"--folder={tmp_path / 'buckets'}"]))
            url = f"http://127.0.0.1:{port}"
            wait_for_answer(program, url)
            return program, url

        yield start_program


def wait_for_answer(program: Process, url: str) -> None:
    while True:
        try:
            requests.get(f"{url}/storage/v1/b?project=p", timeout=600).raise_for_status()
            return
        except requests.ConnectionError:
            assert program.poll() is None, "the program has ended"


def make_bytes(number: int) -> bytes:
    """Return the content of an object; that of every second one is a file."""
    return b"%d," % number * (1 if number % 2 else MAX_SIZE)


@contextmanager
def upload_until_killed(url: str) -> Iterator[dict[str, str]]:
    """Upload small and large objects from four threads.

    Yield the generations of the confirmed ones by name.
    """
    confirmed: dict[str, str] = {}

    def upload(thread: int) -> None:
        with requests.Session() as http:
            for number in range(100_000):
                query = {"uploadType": "media", "name": f"{thread}/{number}"}
                place = f"{url}/upload/storage/v1/b/b/o"
                try:
                    answer = http.post(place, params=query, data=make_bytes(number), timeout=600)
                except requests.RequestException:
                    return  # killed, perhaps in the middle of the response
                confirmed[query["name"]] = answer.json()["generation"]

    threads = [threading.Thread(target=upload, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    yield confirmed
    for thread in threads:
        thread.join()


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM])
def test_confirmed_objects_survive_the_end_of_the_program(start: Start, number: int) -> None:
    program, url = start()
    requests.post(f"{url}/storage/v1/b?project=p", json={"name": "b"}, timeout=600)
    with upload_until_killed(url) as confirmed:
        while len(confirmed) < 100:
            assert program.poll() is None
        program.send_signal(number)
        program.wait(600)
    _, url = start()
    for name, generation in confirmed.items():
        place = f"{url}/storage/v1/b/b/o/{name.replace('/', '%2F')}?alt=media"
        answer = requests.get(place, timeout=600)
        assert answer.headers["x-goog-generation"] == generation
        assert answer.content == make_bytes(int(name.rpartition("/")[2]))


def test_the_program_ends_without_an_error(start: Start) -> None:
    program, _ = start()
    program.send_signal(signal.SIGTERM)
    assert program.wait(600) == 0

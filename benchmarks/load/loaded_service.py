"""Measurement of a load: answers, peak of the memory, and the time of recovery."""

import threading
import time
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

from benchmarks.harness.process_resources import measure_tree, read_peak, reset_peak
from benchmarks.load.load_result import AnswerCounts, LoadResult
from testing.services.proxy_processes import HttpResponse

Send = Callable[[], HttpResponse]
"""Function that sends one request."""
PROBES = 5
"""Normal requests before the load. A first one, which is not timed, opens connections."""
PATIENCE = 120.0
"""Seconds after the load to wait for the recovery."""
SAMPLE = 0.1
"""Seconds between two samples of the memory."""
FACTOR, NOISE = 2.0, 0.1
"""A request takes as long as before if it takes at most twice the longest time, and 0.1 s."""


class LoadedService:
    """A service under load.

    :param pid: its process.
    :param probe: normal request, which must be answered with success.
    """

    def __init__(self, service: str, pid: int, probe: Send) -> None:
        self._service, self._pid, self._probe = service, pid, probe
        self.answers = AnswerCounts()

    def measure(self, load: str, run: Callable[[AnswerCounts], None]) -> LoadResult:
        """Run a load, and measure the service.

        :param load: description of the load.
        :param run: function that sends the load and counts its answers.
        """
        self._require_probe()
        usual = max(self._require_probe() for _ in range(PROBES))
        with watch_memory(self._pid) as peak:
            started = time.monotonic()
            run(self.answers)
            seconds = time.monotonic() - started
            recovery = self._measure_recovery(FACTOR * usual + NOISE)
        mebibytes = max(*peak, read_peak(self._pid))
        return LoadResult(self._service, load, self.answers, mebibytes, seconds, usual, recovery)

    def _require_probe(self) -> float:
        started = time.monotonic()
        answer = self._probe()
        if answer.status not in (200, 204):
            raise RuntimeError(f"{self._service} answers {answer.status}: {answer.body[:300]!r}")
        return time.monotonic() - started

    def _measure_recovery(self, limit: float) -> float | None:
        ended = time.monotonic()
        while (started := time.monotonic()) < ended + PATIENCE:
            answer = self._probe()
            now = time.monotonic()
            if answer.status in (200, 204) and now - started <= limit:
                return now - ended
        return None


@contextmanager
def watch_memory(pid: int) -> Iterator[list[float]]:
    """Yield the samples of the resident memory of a process and its children, in MiB.

    The peak of the process itself, which the kernel keeps, starts again.
    """
    samples, is_over = [measure_tree(pid).mebibytes], threading.Event()
    reset_peak(pid)

    def watch() -> None:
        while not is_over.wait(SAMPLE):
            samples.append(measure_tree(pid).mebibytes)

    thread = threading.Thread(target=watch, name="memory")
    thread.start()
    try:
        yield samples
    finally:
        is_over.set()
        thread.join()


def send_all(requests: Iterable[Send], at_once: int, answers: AnswerCounts) -> None:
    """Send requests, ``at_once`` at the same time, and count their answers."""
    with ThreadPoolExecutor(at_once, "client") as threads:
        for answer in threads.map(_send, requests):
            if isinstance(answer, HttpResponse):
                answers.add(answer.status, answer.retry_after)
            else:
                answers.statuses[type(answer).__name__] += 1


def _send(request: Send) -> HttpResponse | OSError:
    try:
        return request()
    except OSError as error:
        return error

"""Server under measurement: a process on the loopback and its target requests."""

import http.client
import os
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from urllib.parse import urlsplit
from urllib.request import Request, urlopen

from testing.processes import Process, list_children

HOST = "127.0.0.1"
START = 600.0
"""Maximum number of seconds until a server must answer."""
SETTLE = 20.0
"""Maximum number of seconds to wait for the end of earlier work."""
HTML, JSON = "text/html", "application/vnd.pypi.simple.v1+json"
GZIP = {"Accept-Encoding": "gzip, deflate"}
"""Field of pip, uv, poetry and pdm for pages."""
GZIPPED = ", gzip"
"""End of the name of a request with :data:`GZIP`."""
WHEEL = "small_project-1.0-py3-none-any.whl"
LARGE_WHEEL = "big_project-1.0-py3-none-any.whl"


Command = list[str | Path]
"""A program and its arguments."""


class NotMeasurable(Exception):
    """A server cannot be measured on this machine; the message has the reason."""


@dataclass(frozen=True)
class Target:
    """One request."""

    url: str
    headers: Mapping[str, str]


@dataclass(frozen=True)
class ServerProcess:
    """A running server."""

    name: str
    pid: int
    targets: Mapping[str, Target] = field(default_factory=dict)
    """Target requests by name. Unsupported ones are absent."""

    def read_cpu_seconds(self) -> float:
        """Return the CPU seconds of the process and its descendants."""
        return sum(_read_cpu_ticks(pid) for pid in walk_tree(self.pid)) / os.sysconf("SC_CLK_TCK")

    def read_mebibytes(self) -> float:
        """Return the resident memory of the process and its descendants."""
        pages = sum(_read_resident_pages(pid) for pid in walk_tree(self.pid))
        return pages * os.sysconf("SC_PAGE_SIZE") / 2**20


def _read_resident_pages(pid: int) -> int:
    try:
        return int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    except FileNotFoundError:
        return 0


def _read_cpu_ticks(pid: int) -> int:
    """Return utime and stime in ticks.

    Source: https://man7.org/linux/man-pages/man5/proc_pid_stat.5.html
    """
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except FileNotFoundError:
        return 0
    return int(fields[11]) + int(fields[12])


def settle(
    servers: Sequence[ServerProcess], *, pause: float = 0.2, longest: float = SETTLE
) -> None:
    """Wait until all servers are idle: until they use a tenth of a core at most.

    A slow server continues with the requests of clients that have left.

    :param pause: seconds in which they must be idle.
    :param longest: seconds after which the wait ends anyway.
    """
    give_up, before = time.monotonic() + longest, -1.0
    while (now := sum(server.read_cpu_seconds() for server in servers)) > before + pause / 10:
        if time.monotonic() > give_up:
            return
        before = now
        time.sleep(pause)


def walk_tree(pid: int) -> Iterator[int]:
    """Yield the ids of a process and of its descendants."""
    yield pid
    for child in list_children(pid):
        yield from walk_tree(child)


def make_targets(base: str, authorization: str) -> Mapping[str, Target]:
    """Return the target requests of a server that has the addresses of the proxy."""
    fields = {"Authorization": authorization}
    targets = {}
    for request, path in (("small", "small-project/"), ("500 files", "hot-project/"), ("root", "")):
        for kind, media_type in (("HTML", HTML), ("JSON", JSON)):
            headers = {**fields, "Accept": media_type}
            target = targets[f"{request} {kind}"] = Target(f"{base}/simple/{path}", headers)
            targets[f"{request} {kind}{GZIPPED}"] = replace(target, headers={**headers, **GZIP})
    page = targets["small HTML"]
    tag = fetch(page)[0]["etag"]
    targets["304"] = Target(page.url, {**page.headers, "If-None-Match": tag})
    targets[".metadata"] = Target(f"{base}/packages/{WHEEL}.metadata", fields)
    targets["10 KB wheel"] = Target(f"{base}/packages/{WHEEL}", fields)
    targets["50 MB wheel"] = Target(f"{base}/packages/{LARGE_WHEEL}", fields)
    return targets


def fetch(target: Target) -> tuple[Mapping[str, str], bytes]:
    """Return the header fields by lower-case name, and the body."""
    with urlopen(Request(target.url, headers=dict(target.headers)), timeout=60) as response:  # noqa: S310 - loopback
        return {name.lower(): value for name, value in response.headers.items()}, response.read()


@contextmanager
def run_process(
    command: Sequence[str | Path],
    log: Path,
    ready: str | None = None,
    environment: Mapping[str, str] | None = None,
) -> Iterator[int]:
    """Start a process and yield its id when ``ready``, if any, is answered.

    :raises NotMeasurable: if the process does not answer in time.
    """
    variables = {name: value for name, value in os.environ.items() if name != "PYTHONWARNINGS"}
    variables |= environment or {}
    with (
        log.open("wb") as output,
        Process(command, environment=variables, stdout=output, stderr=output) as process,
    ):
        if ready is not None:
            _await_answer(process, ready)
        yield process.pid


def _await_answer(process: Process, url: str) -> None:
    """Wait for any response below 500."""
    give_up, parts = time.monotonic() + START, urlsplit(url)
    while True:
        with closing(http.client.HTTPConnection(parts.netloc, timeout=10)) as connection:
            try:
                connection.request("GET", parts.path)
                with connection.getresponse() as response:
                    if response.status < 500:
                        return
            except (OSError, http.client.HTTPException):
                pass
        if process.poll() is not None or time.monotonic() > give_up:
            raise NotMeasurable("it does not start")
        time.sleep(0.1)

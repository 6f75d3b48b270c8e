"""A server under measurement: a process on the loopback, and where it has what is asked for."""

import http.client
import os
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit
from urllib.request import Request, urlopen

from testing.processes import Process
from testing.services.fleet import free_ports

HOST = "127.0.0.1"
START = 90.0
"""Seconds until one must answer."""
SETTLE = 20.0
"""Seconds that those who were asked may go on, at most."""
HTML, JSON = "text/html", "application/vnd.pypi.simple.v1+json"
WHEEL = "small_project-1.0-py3-none-any.whl"
LARGE_WHEEL = "big_project-1.0-py3-none-any.whl"


Command = list[str | Path]
"""A program and its arguments."""


class Absent(Exception):
    """The server cannot be measured here, and why."""


@dataclass(frozen=True)
class Ask:
    """One request."""

    url: str
    headers: Mapping[str, str]


@dataclass(frozen=True)
class Server:
    """One that runs."""

    name: str
    pid: int
    asks: Mapping[str, Ask] = field(default_factory=dict)
    """By what is asked for; what it has not is missing."""

    def seconds(self) -> float:
        """The CPU time that the process and those it started have used."""
        return sum(_used(pid) for pid in _tree(self.pid)) / os.sysconf("SC_CLK_TCK")

    def mebibytes(self) -> float:
        """The resident memory of the process and of those it started."""
        pages = sum(_resident(pid) for pid in _tree(self.pid))
        return pages * os.sysconf("SC_PAGE_SIZE") / 2**20


def _resident(pid: int) -> int:
    try:
        return int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    except FileNotFoundError:
        return 0


def _used(pid: int) -> int:
    """https://man7.org/linux/man-pages/man5/proc_pid_stat.5.html: utime and stime, in ticks."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except FileNotFoundError:
        return 0
    return int(fields[11]) + int(fields[12])


def settle(servers: Sequence[Server]) -> None:
    """Wait until all are at rest: a slow one goes on with what nobody waits for any more."""
    give_up, before = time.monotonic() + SETTLE, -1.0
    while (now := sum(server.seconds() for server in servers)) > before + 0.02:
        if time.monotonic() > give_up:
            return
        before = now
        time.sleep(0.2)


def _tree(pid: int) -> Iterator[int]:
    yield pid
    for listed in Path(f"/proc/{pid}/task").glob("*/children"):
        for child in listed.read_text().split():
            yield from _tree(int(child))


def same_addresses(base: str, authorization: str) -> Mapping[str, Ask]:
    """What is asked of whoever serves the addresses that the proxy does."""
    fields = {"Authorization": authorization}
    asks = {}
    for what, path in (("small", "small-project/"), ("500 files", "hot-project/"), ("root", "")):
        for kind, media_type in (("HTML", HTML), ("JSON", JSON)):
            headers = {**fields, "Accept": media_type}
            asks[f"{what} {kind}"] = Ask(f"{base}/simple/{path}", headers)
    page = asks["small HTML"]
    tag = fetch(page)[0]["etag"]
    asks["304"] = Ask(page.url, {**page.headers, "If-None-Match": tag})
    asks[".metadata"] = Ask(f"{base}/packages/{WHEEL}.metadata", fields)
    asks["10 KB wheel"] = Ask(f"{base}/packages/{WHEEL}", fields)
    asks["50 MB wheel"] = Ask(f"{base}/packages/{LARGE_WHEEL}", fields)
    return asks


def fetch(ask: Ask) -> tuple[Mapping[str, str], bytes]:
    """Header fields, by lower-case name, and body."""
    with urlopen(Request(ask.url, headers=dict(ask.headers)), timeout=60) as answer:  # noqa: S310 - loopback
        return {name.lower(): value for name, value in answer.headers.items()}, answer.read()


@contextmanager
def running(
    command: Sequence[str | Path],
    log: Path,
    ready: str | None = None,
    environment: Mapping[str, str] | None = None,
) -> Iterator[int]:
    """Start a process; yield its id when ``ready``, if any, is answered.

    :raises Absent: if it is not, in time.
    """
    wanted = {name: value for name, value in os.environ.items() if name != "PYTHONWARNINGS"}
    wanted |= environment or {}
    with (
        log.open("wb") as output,
        Process(command, environment=wanted, stdout=output, stderr=output) as process,
    ):
        if ready is not None:
            _await(process, ready)
        yield process.pid


def _await(process: Process, url: str) -> None:
    """Any answer will do that is no failure of the server's."""
    give_up, parts = time.monotonic() + START, urlsplit(url)
    while True:
        with closing(http.client.HTTPConnection(parts.netloc, timeout=10)) as connection:
            try:
                connection.request("GET", parts.path)
                with connection.getresponse() as answer:
                    if answer.status < 500:
                        return
            except (OSError, http.client.HTTPException):
                pass
        if process.poll() is not None or time.monotonic() > give_up:
            raise Absent("it does not start")
        time.sleep(0.1)


def free_port() -> int:
    """A port nobody listens on right now."""
    return free_ports(1)[0]

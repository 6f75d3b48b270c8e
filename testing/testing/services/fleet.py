"""Workers in separate processes, on the strict Cloud Storage and the built-in Pub/Sub."""

import json
import os
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.error import URLError
from urllib.request import Request, urlopen

from local import topology
from testing.processes import Process, find_free_ports
from testing.storage import Fault

HOST = "127.0.0.1"
START = 60.0
"""Timeout of the first response, in seconds; many processes start at once on a shared machine."""


@dataclass(frozen=True)
class Fleet:
    """Addresses of the processes."""

    storage: str
    """The URL of Cloud Storage."""
    pubsub: str
    """``host:port`` of Pub/Sub."""
    indexers: Sequence[str]
    publishers: Sequence[str]
    catalog: str
    web: str

    def fault(self, **rule: object) -> None:
        """Make storage operations fail from now on."""
        Fault.from_json(rule)
        self._control("POST", "faults", json.dumps(rule).encode())

    def heal(self) -> None:
        """Remove all faults."""
        self._control("DELETE", "faults")

    def count_answers(self) -> Mapping[str, int]:
        """Return the number of responses by operation and status (``objects.insert 412``)."""
        counts: Mapping[str, Mapping[str, int]] = json.loads(self._control("GET", "counts"))
        return counts["answers"]

    def _control(self, method: str, path: str, body: bytes | None = None) -> bytes:
        request = Request(f"{self.storage}/_fake/{path}", body, method=method)  # noqa: S310 - ours
        with urlopen(request, timeout=600) as answer:  # noqa: S310 - ours
            return bytes(answer.read())


@contextmanager
def run_fleet(log: Path, indexers: int, publishers: int, write_interval: float) -> Iterator[Fleet]:
    """Start all processes; end them in reverse order."""
    modules = ["indexer.main"] * indexers + ["publisher.main"] * (publishers + 1)
    modules.append("publisher.web.main")
    storage, pubsub, *workers = find_free_ports(2 + len(modules))
    environment = {
        **{name: value for name, value in os.environ.items() if name != "PYTHONWARNINGS"},
        **topology.BUCKETS,
        "GCP_PROJECT": topology.GCP_PROJECT,
        "HOST": HOST,
        "LOG_LEVEL": "WARNING",
        "PYTHONWARNINGS": "error",
        "CATALOG_INTERVAL": "1",
        "STORAGE_EMULATOR_HOST": f"http://{HOST}:{storage}",
        "PUBSUB_EMULATOR_HOST": f"{HOST}:{pubsub}",
    }
    buckets = [
        f"--bucket={name}" for name in topology.BUCKETS.values() if name != topology.METADATA
    ]
    interval = f"--write-interval={write_interval}"
    with log.open("wb") as output, ExitStack() as stack:

        def start(*command: str, port: int) -> None:
            own = {**environment, "PORT": str(port)}
            python = [sys.executable, "-m", *command]
            stack.enter_context(Process(python, environment=own, stdout=output, stderr=output))

        start("local.stand_ins.pubsub", f"--port={pubsub}", port=pubsub)
        versioned = f"--versioned={topology.METADATA}"
        command = ("testing.storage", f"--port={storage}", interval, versioned, *buckets)
        start(*command, port=storage)
        for module, port in zip(modules, workers, strict=True):
            start(module, port=port)
        urls = [f"http://{HOST}:{port}" for port in workers]
        await_answer(f"http://{HOST}:{storage}/_fake/health")
        for url in urls:
            await_answer(f"{url}/ready")
        yield Fleet(
            storage=f"http://{HOST}:{storage}",
            pubsub=f"{HOST}:{pubsub}",
            indexers=urls[:indexers],
            publishers=urls[indexers:-2],
            catalog=urls[-2],
            web=urls[-1],
        )


def await_answer(url: str) -> None:
    """Wait until a request to ``url`` succeeds."""
    give_up = time.monotonic() + START
    while True:
        try:
            urlopen(url, timeout=5).close()  # noqa: S310 - ours
            return
        except (URLError, OSError):
            assert time.monotonic() < give_up, f"{url} does not answer"
            time.sleep(0.1)

"""Reader that installs without an installer: the requests of pip and of uv, in turn.

pip asks for the page of a project, for the metadata of a file, and for the file. uv does the same,
asks for the page again with its entity tag, and for a part of a file by ``Range``.
"""

import hashlib
import threading
import time
from collections import Counter
from collections.abc import Mapping
from random import Random
from typing import Self
from urllib.parse import urlsplit

import httpx

from testing.chaos.polling_reader.linked_files import LinkedFile, read_links
from testing.chaos.polling_reader.observations import (
    PATIENCE,
    Observations,
    SeenPublication,
    Settled,
)
from testing.chaos.polling_reader.reader_clock import ReaderClock

_V1 = "application/vnd.pypi.simple.v1"
PIP = f"{_V1}+json, {_V1}+html; q=0.1, text/html; q=0.01"
UV = f"{_V1}+json, {_V1}+html;q=0.2, text/html;q=0.01"
"""Values of ``Accept``."""
READ_SIDE = ("proxy", "storage", "secrets")
"""Parts that the answers of the index depend on."""
PAUSE = 0.02
"""Seconds between two requests."""
_TIMEOUT = 60.0
_OK, _PARTIAL, _NOT_MODIFIED = 200, 206, 304
_NO_ANSWER = (404, 410, 451)


class PollingReader:
    """Context manager with a thread that reads until its end.

    :param index_url: URL of the index, which ends in ``/simple/``.
    :param patience: seconds after ``project-published`` in which a withdrawn file can be served.
    :param guard: seconds after the run in which each withdrawn file must stop answering.
    """

    def __init__(
        self,
        index_url: str,
        token: str,
        *,
        seed: int = 0,
        patience: float = PATIENCE,
        guard: float = 60.0,
    ) -> None:
        self.index_url, self._guard = index_url, guard
        self.observations = Observations(patience=patience)
        self.clock = ReaderClock()
        self.counts: Counter[str] = Counter()
        """Number of answers by status, and of requests without an answer."""
        self._client = httpx.Client(
            auth=("__token__", token), timeout=_TIMEOUT, trust_env=False, follow_redirects=True
        )
        self._random = Random(f"reader {seed}")  # noqa: S311 - repeatable
        self._faults: Counter[str] = Counter()
        self._etags: dict[str, str] = {}
        self._files: dict[str, dict[str, LinkedFile]] = {}
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._run, name="polling-reader", daemon=True)
        self._failure: BaseException | None = None

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *error: object) -> None:
        self._ended.set()
        self._thread.join()
        self._client.close()

    def note_publication(self, project: str, revision: int, filenames: "frozenset[str]") -> None:
        """Add a message on ``project-published``; any thread can call this."""
        moment = self.clock()
        self.observations.note_publication(SeenPublication(project, revision, filenames, moment))

    def note_interruption(self, part: str, has_begun: bool) -> None:
        """Note that a part begins or ends to be interrupted; see ``Conductor``.

        The clock of the reader pauses while the proxy or the storage is interrupted.
        """
        self._faults[part] += 1 if has_begun else -1
        if part in ("proxy", "storage"):
            (self.clock.stop if has_begun else self.clock.start)()

    def finish(self, settled: Settled) -> list[str]:
        """Read each page and each withdrawn file once more; return all contradictions.

        Call it once, when the system has settled, and before the end of the context.
        """
        self._ended.set()
        self._thread.join()
        if self._failure is not None:
            raise self._failure
        for project in settled.listed:
            self._read_page(project, PIP, {})
        self._await_withdrawals(settled)
        return self.observations.find_differences(settled)

    def _await_withdrawals(self, settled: Settled) -> None:
        """Request each file that a page has linked, and that the settled page does not link."""
        deadline = time.monotonic() + self._guard
        for project, names in settled.listed.items():
            files = self._files.get(project, {})
            for filename in sorted(files.keys() - names - settled.losers):
                while not self._is_refused(files[filename].url):
                    if time.monotonic() > deadline:
                        self.observations.note_withdrawn(filename)
                        break
                    time.sleep(0.1)

    def _is_refused(self, url: str) -> bool:
        response = self._send(url, {})
        return response is not None and response.status_code in _NO_ANSWER

    def _run(self) -> None:
        try:
            while not self._ended.is_set():
                self._poll()
        except BaseException as error:  # the thread of the test raises it
            self._failure = error

    def _poll(self) -> None:
        """Install a random project like one of the two tools."""
        projects = sorted(self.observations.publications)
        if not projects:
            self._ended.wait(PAUSE)
            return
        project = self._random.choice(projects)
        if self._random.random() < 0.5:
            self._install_like_pip(project)
        else:
            self._install_like_uv(project)
        self._request_withdrawn(project)

    def _install_like_pip(self, project: str) -> None:
        self._read_page(project, PIP, {"Cache-Control": "max-age=0"})
        if file := self._choose_file(project):
            if file.has_metadata:
                self._get(f"{file.url}.metadata", {}, file)
            self._get(file.url, {"Accept-Encoding": "identity"}, file)

    def _install_like_uv(self, project: str) -> None:
        etag = self._etags.get(project)
        self._read_page(project, UV, {"If-None-Match": etag} if etag else {})
        if file := self._choose_file(project):
            if file.has_metadata:
                self._get(f"{file.url}.metadata", {}, file)
            self._get(file.url, {"Range": "bytes=-64"}, file)
            self._get(file.url, {"Accept-Encoding": "identity"}, file)

    def _choose_file(self, project: str) -> LinkedFile | None:
        """Choose a linked file; new ones first."""
        files = [
            each
            for each in self._files.get(project, {}).values()
            if each.filename in self.observations.pages.get(project, ())
        ]
        fresh = [file for file in files if file.filename not in self.observations.known]
        chosen = self._random.choice(fresh or files) if files else None
        if chosen is not None:
            self.observations.known[chosen.filename] = chosen.url
        return chosen

    def _request_withdrawn(self, project: str) -> None:
        """Request a file that was listed before, as a lock file does."""
        if names := self.observations.list_withdrawn(project):
            filename = self._random.choice(names)
            url, moment = self.observations.known[filename], self.clock()
            response = self._send(url, {})
            if response is not None and response.status_code == _OK:
                self.observations.note_file(project, filename, moment)

    def _read_page(self, project: str, accept: str, headers: Mapping[str, str]) -> None:
        url = f"{self.index_url}{project}/"
        response = self._send(url, {"Accept": accept, **headers})
        if response is None or response.status_code == _NOT_MODIFIED:
            return
        if response.status_code == _OK:
            self._etags[project] = response.headers.get("ETag", "")
            files = {file.filename: file for file in read_links(project, url, response)}
            self._files[project] = self._files.get(project, {}) | files
            self.observations.note_page(project, files)
        elif response.status_code in _NO_ANSWER:
            self.observations.note_page(project, None)

    def _get(self, url: str, headers: Mapping[str, str], file: LinkedFile) -> None:
        moment = self.clock()
        response = self._send(url, headers)
        if response is None:
            return
        if response.status_code in _NO_ANSWER:
            self.observations.note_dead_link(file.project, file.filename, response.status_code)
        elif url == file.url and response.status_code in (_OK, _PARTIAL):
            self.observations.note_file(file.project, file.filename, moment)
            if response.status_code == _OK:
                digest = hashlib.sha256(response.content).hexdigest()
                self.observations.note_content(url, digest, file.sha256)

    def _send(self, url: str, headers: Mapping[str, str]) -> httpx.Response | None:
        """Send a request; return None without an answer: the proxy was killed or is stopped."""
        self._ended.wait(PAUSE)
        had_fault = self.is_fault_on()
        try:
            response = self._client.get(url, headers=headers)
        except httpx.TransportError as error:
            self.counts[type(error).__name__] += 1
            return None
        self.counts[str(response.status_code)] += 1
        self.observations.note_status(
            urlsplit(url).path,
            response.status_code,
            has_retry_after="Retry-After" in response.headers,
            is_fault_on=had_fault or self.is_fault_on(),
        )
        return response

    def is_fault_on(self) -> bool:
        """Return whether a part of the read side is interrupted."""
        return any(self._faults[part] > 0 for part in READ_SIDE)

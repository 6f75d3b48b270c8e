"""Reads of the soak: the requests of pip, of uv and of a browser, in turn."""

import hashlib
import itertools
import json
import random
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple
from urllib.parse import urljoin

import aiohttp

from benchmarks.soak.traffic import TrafficCounts, UnexpectedAnswer
from benchmarks.soak.upload_traffic import PROJECTS

JSON = "application/vnd.pypi.simple.v1+json"
HTML = "application/vnd.pypi.simple.v1+html"
PIP: Mapping[str, str] = {
    "Accept": f"{JSON}, {HTML}; q=0.1, text/html; q=0.01",
    "User-Agent": "pip/26.0",
    "Cache-Control": "max-age=0",
}
UV: Mapping[str, str] = {
    "Accept": f"{JSON}, {HTML};q=0.2, text/html;q=0.01",
    "User-Agent": "uv/0.12.0",
}
BROWSER: Mapping[str, str] = {"Accept": "text/html", "User-Agent": "Mozilla/5.0"}
REQUESTS = 3
"""Number of requests of each client."""

Json = dict[str, Any]


@dataclass
class ReadTraffic:
    """Clients that read pages and listed files."""

    session: aiohttp.ClientSession
    index: str
    """URL of the proxy, without a trailing slash."""
    login: Mapping[str, str] = field(repr=False)
    """Header field with the token for reading."""
    counts: TrafficCounts
    projects: Sequence[str]
    """Projects with pages, from the oldest to the newest. Those at the end are read."""
    _chance: random.Random = field(default_factory=lambda: random.Random(1))  # noqa: S311 - a load
    _tags: dict[str, str] = field(default_factory=dict)
    """Entity tags of the pages that uv has in its cache."""
    _pages: dict[str, Json] = field(default_factory=dict)
    _turn: Iterator[int] = field(default_factory=itertools.count)

    async def read_next(self) -> None:
        """Run the requests of the next client."""
        clients: tuple[Callable[[str], Awaitable[None]], ...] = (
            self._install_with_pip,
            self._install_with_uv,
            self._browse,
        )
        project = self._chance.choice(self.projects[-PROJECTS:])
        await clients[next(self._turn) % len(clients)](project)

    async def has_pages(self, project: str) -> bool:
        """Return whether a project has its page for installers and its page for people."""
        for path in (f"/simple/{project}/", f"/projects/{project}/", "/"):
            async with self.session.get(
                self.index + path, headers={**BROWSER, **self.login}
            ) as answer:
                await answer.read()
                if answer.status != 200:
                    return False
        return True

    async def list_files(self, project: str) -> set[str]:
        """Return the names of the files on the page of a project."""
        async with self.session.get(
            f"{self.index}/simple/{project}/", headers={**PIP, **self.login}
        ) as answer:
            page = await answer.json(content_type=JSON)
            return {file["filename"] for file in page["files"]}

    async def _install_with_pip(self, project: str) -> None:
        url = f"{self.index}/simple/{project}/"
        page = await self._read_page(url, PIP)
        await self._read_file(url, self._chance.choice(page["files"]), PIP)

    async def _install_with_uv(self, project: str) -> None:
        url = f"{self.index}/simple/{project}/"
        condition = {"If-None-Match": self._tags[url]} if url in self._tags else {}
        page = await self._read_page(url, {**UV, **condition})
        await self._read_file(url, self._chance.choice(page["files"]), UV)

    async def _browse(self, project: str) -> None:
        for path in ("/", f"/projects/{project}/", f"/projects/{project}/1.0/"):
            await self._read(self.index + path, BROWSER)

    async def _read_page(self, url: str, headers: Mapping[str, str]) -> Json:
        """Return a page, or the known one if it has not changed."""
        answer = await self._read(url, headers)
        if answer.status == 200:
            self._pages[url], self._tags[url] = json.loads(answer.body), answer.tag
        return self._pages[url]

    async def _read_file(self, page: str, file: Json, headers: Mapping[str, str]) -> None:
        url = urljoin(page, file["url"])
        await self._read(f"{url}.metadata", headers)
        answer = await self._read(url, {**headers, "Accept-Encoding": "identity"})
        if hashlib.sha256(answer.body).hexdigest() != file["hashes"]["sha256"]:
            raise UnexpectedAnswer(f"wrong bytes: {file['filename']}")

    async def _read(self, url: str, headers: Mapping[str, str]) -> "ReadAnswer":
        async with self.session.get(url, headers={**headers, **self.login}) as response:
            body = await response.read()
            answer = ReadAnswer(response.status, body, response.headers.get("ETag", ""))
        if answer.status not in ((200, 304) if "If-None-Match" in headers else (200,)):
            raise UnexpectedAnswer(f"read: {answer.status} {url.removeprefix(self.index)}")
        self.counts.done[f"reads with {answer.status}"] += 1
        return answer


class ReadAnswer(NamedTuple):
    """Response to a read."""

    status: int
    body: bytes
    tag: str
    """Entity tag, or an empty string."""

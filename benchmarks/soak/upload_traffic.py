"""Uploads of the soak: small wheels with a description, by three ways in turn."""

import asyncio
import itertools
import os
from collections.abc import Iterator
from dataclasses import dataclass, field

import aiohttp
from google.pubsub_v1.types import PubsubMessage

from benchmarks.soak.soak_runtime import SoakRuntime
from benchmarks.soak.traffic import TrafficCounts, UnexpectedAnswer
from local import topology
from schemas.events import FileUploaded
from testing.fakes.small_wheels import build_wheel, wheel_filename
from testing.memory_upload import BOUNDARY, build_fields, encode_form, encode_login

PROJECTS = 30
"""Number of projects that get releases at a time."""
RELEASES = 10
"""Releases of a project. Then the uploads go on with new projects, because the memory of a service
depends on the size of a project."""
READ_AFTER = 45.0
"""Seconds from the first upload of a project to its first read. In the local index the pages for
people can wait for 30 s (``local/stand_ins/delivery_activity.py``)."""
SIZE, LARGE_SIZE = 4_000, 1_500_000
"""Bytes of the module of a small wheel, and of a large one: the upload service sends a file above
512 KiB in pieces, and the proxy has no file above 256 KiB in its cache."""
LARGE_EVERY = 11
"""Of so many files, one is large."""
DESCRIPTION = (
    "Summary: a wheel of the soak\nKeywords: soak\nDescription-Content-Type: text/markdown\n\n"
    "# Soak\n\n* one\n* two\n\n`code`\n"
)
WAYS = ("bucket", "bucket and message", "upload service")
SEED_JOBS = 8
"""Uploads at a time before the traffic."""


def name_project(number: int) -> str:
    """Return the normalised name of a project."""
    return f"soak-{number:04}"


@dataclass
class UploadTraffic:
    """Uploads of new files, a release each."""

    runtime: SoakRuntime
    session: aiohttp.ClientSession
    counts: TrafficCounts
    filenames: dict[str, set[str]] = field(default_factory=dict)
    """Accepted files by project."""
    readable: list[str] = field(default_factory=list)
    """Projects with all kinds of pages, from the oldest to the newest."""
    _numbers: Iterator[int] = field(default_factory=itertools.count)

    async def seed(self) -> None:
        """Upload the releases of the first projects: one by the upload service, then by bucket."""
        for _ in range(PROJECTS):
            await self._upload(next(self._numbers), "upload service", SIZE)
        rest = itertools.islice(self._numbers, PROJECTS * (RELEASES - 1))

        async def upload_some() -> None:
            for number in rest:
                await self._upload(number, "bucket", SIZE)

        await asyncio.gather(*(upload_some() for _ in range(SEED_JOBS)))
        self.readable.extend(map(name_project, range(PROJECTS)))
        self.counts.done.clear()

    async def upload_next(self) -> None:
        """Upload the next file by the next way."""
        number = next(self._numbers)
        project, release = _locate(number)
        if release == 0:
            asyncio.get_running_loop().call_later(READ_AFTER, self.readable.append, project)
        size = SIZE if number % LARGE_EVERY else LARGE_SIZE
        await self._upload(number, WAYS[number % len(WAYS)], size)

    async def _upload(self, number: int, way: str, size: int) -> None:
        project, release = _locate(number)
        spelled, version = project.replace("-", "_"), f"1.{release}"
        body = b"#" + os.urandom(size // 2).hex().encode()
        data = build_wheel(spelled, version, metadata=DESCRIPTION, body=body)
        filename = wheel_filename(spelled, version)
        if way == "upload service":
            await self._send_form(filename, data)
        else:
            await self._create_object(f"ci/{number}/{filename}", data)
        if way == "bucket and message":
            await asyncio.to_thread(self._announce, f"ci/{number}/{filename}")
        self.filenames.setdefault(project, set()).add(filename)
        self.counts.done[f"uploads by {way}"] += 1

    async def _send_form(self, filename: str, data: bytes) -> None:
        token = self.runtime.state.load_upload_token()
        async with self.session.post(
            topology.build_upload_url(self.runtime.ports),
            data=encode_form(build_fields(filename, data), filename, data),
            headers={
                "Content-Type": f"multipart/form-data; boundary={BOUNDARY}",
                **encode_login(token),
            },
        ) as answer:
            text = await answer.text()
            if answer.status != 200:
                raise UnexpectedAnswer(f"upload: {answer.status} {text.strip()}")

    async def _create_object(self, name: str, data: bytes) -> None:
        storage = self.runtime.ports.url("storage")
        async with self.session.post(
            f"{storage}/upload/storage/v1/b/{topology.INCOMING}/o",
            params={"uploadType": "media", "name": name, "ifGenerationMatch": "0"},
            data=data,
        ) as answer:
            await answer.read()
            if answer.status != 200:
                raise UnexpectedAnswer(f"bucket: {answer.status}")

    def _announce(self, name: str) -> None:
        message = FileUploaded(bucket=topology.INCOMING, name=name)
        topic = f"projects/{topology.GCP_PROJECT}/topics/{message.topic}"
        publisher = self.runtime.clients.publisher
        publisher.publish(topic=topic, messages=[PubsubMessage(data=message.encode())])


def _locate(number: int) -> tuple[str, int]:
    """Return the project and the release of an upload."""
    turn, place = divmod(number, PROJECTS)
    group, release = divmod(turn, RELEASES)
    return name_project(group * PROJECTS + place), release

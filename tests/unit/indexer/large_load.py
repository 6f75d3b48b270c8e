"""Load of the indexer with large records, in a process of its own; prints its peak memory.

``python large_load.py PROJECTS`` announces one file for each project at the same time. Each record
has 12 MiB, the size up to which ingest accepts files. The bucket holds no objects, so that the
memory is that of the indexer.
"""

import asyncio
import base64
import json
import sys
from datetime import timedelta
from pathlib import Path

from cloud.ports import Headers, ObjectInfo, StoredObject
from indexer.app import Indexer
from indexer.command_answers import Answers
from indexer.commit import Records
from schemas.events import FileAccepted
from schemas.names import ProjectName
from schemas.push import PushEnvelope
from schemas.records import FileRecord, ProjectRecord
from testing.fakes.examples import NOON, make_file_record
from testing.fakes.memory_ports import MemoryBucket, MemoryTopic

SIZE = 12 << 20


def make_file(number: int) -> FileRecord:
    """Return a file with 2000 short requirements, each of which is in this file only."""
    requirements = tuple(f"a{number}b{one}" for one in range(2000))
    return make_file_record(f"acme-{number}.0-py3-none-any.whl", requires_dist=requirements)


def build_record() -> bytes:
    """Return a record of about ``SIZE`` bytes."""
    count = SIZE // len(make_file(0).model_dump_json()) + 1
    files = {file.filename: file for file in map(make_file, range(count))}
    return ProjectRecord(project=ProjectName("acme"), revision=1, files=files).encode()


class LargeRecords(MemoryBucket):
    """Bucket with the same large record under every name."""

    def __init__(self, record: bytes) -> None:
        super().__init__("metadata")
        self.record = record
        self.sizes: list[int] = []

    def read_up_to(self, name: str, limit: int) -> StoredObject | int | None:
        return len(self.record)

    def read(self, name: str) -> StoredObject | None:
        return StoredObject(1, bytes(bytearray(self.record)))

    def write(self, name: str, data: bytes, headers: Headers, *, if_generation: int) -> ObjectInfo:
        self.sizes.append(len(data))
        return ObjectInfo(name, 2, len(data), NOON)


def encode_push(number: int) -> PushEnvelope:
    file = make_file_record(f"acme{number}-1.0-py3-none-any.whl", project=f"acme{number}")
    message = {
        "data": base64.b64encode(FileAccepted(file=file).encode()).decode(),
        "messageId": str(number),
        "publishTime": "2026-11-24T12:00:00Z",
    }
    return PushEnvelope.model_validate_json(json.dumps({"message": message, "subscription": "s"}))


async def load(projects: int) -> int:
    bucket = LargeRecords(build_record())
    topic = MemoryTopic()
    answers = Answers(MemoryBucket(), topic)
    records = Records(bucket, topic, topic, lambda: NOON)
    indexer = Indexer(records, answers, lambda: NOON, timedelta(minutes=10))
    await asyncio.gather(*(indexer.record_file(encode_push(one)) for one in range(projects)))
    return sum(size > SIZE for size in bucket.sizes)


if __name__ == "__main__":
    written = asyncio.run(load(int(sys.argv[1])))
    status = Path("/proc/self/status").read_text("utf-8")
    peak = next(line.split()[1] for line in status.splitlines() if line.startswith("VmHWM:"))
    print(json.dumps({"written": written, "peak": int(peak) * 1024}))

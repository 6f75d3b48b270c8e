"""Ingest with fakes that share one store, and the requests of CI and Pub/Sub."""

import base64
import json
from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta

from starlette.testclient import TestClient

from checks.command_rights import CommandRights
from checks.policy import Policy
from cloud.ports import Headers
from ingest.app import FILE_UPLOADED, Ingest, create_app
from ingest.closing import ClosingRules
from ingest.commands.command_objects import CommandObjects
from ingest.promotion import Promotion
from ingest.uniqueness import UniqueFiles
from ingest.verdicts import Verdicts
from schemas.events import FileAccepted
from schemas.holders.grants import UploaderGrant, list_service_users
from schemas.records import FileRecord
from schemas.verdict_documents import Verdict
from testing.fakes.examples import NOON
from testing.fakes.memory_ports import MemoryBucket, MemoryTopic
from testing.fakes.small_wheels import build_wheel, wheel_filename
from testing.storage import FakeStorage

WHEEL = build_wheel(metadata="Requires-Python: >=3.8\nRequires-Dist: requests\nSummary: A tool\n")
OTHER = build_wheel(body=b"VERSION = 2\n")
FILENAME = wheel_filename()
NAME = f"ci/42/{FILENAME}"
BINARY = "application/octet-stream"


class InMemoryIngest:
    """Ingest with fakes of its buckets and topics."""

    def __init__(
        self,
        store: FakeStorage | None = None,
        policy: Policy | None = None,
        release_closes_after: timedelta | None = None,
        uploaders: Mapping[str, UploaderGrant] | None = None,
    ) -> None:
        self.store = store or FakeStorage()
        self.incoming = MemoryBucket("incoming", storage=self.store)
        self.packages = MemoryBucket("packages", storage=self.store)
        self.verdicts = MemoryBucket("verdicts", storage=self.store)
        self.metadata = MemoryBucket("metadata", storage=self.store)
        self.accepted, self.refused, self.commands = MemoryTopic(), MemoryTopic(), MemoryTopic()
        verdicts = Verdicts(self.verdicts, self.accepted, self.refused, lambda: NOON)
        promotion = Promotion(
            self.incoming,
            self.packages,
            policy or Policy(),
            ClosingRules(self.metadata, self.packages, release_closes_after).require_open,
            UniqueFiles(self.metadata).require_unique,
            replace(policy or Policy(), uploaders=list_service_users(uploaders)),
        )
        commands = CommandObjects(
            self.incoming,
            self.verdicts,
            self.commands,
            self.refused,
            CommandRights(uploaders),
            lambda: NOON,
        )
        self.ingest = Ingest(promotion, verdicts, commands)
        app = create_app(self.ingest, "p", lambda: None)
        self.http = TestClient(app, raise_server_exceptions=True)

    def upload(self, data: bytes = WHEEL, name: str = NAME, **claims: str) -> int:
        """Upload a file like CI; return the generation."""
        return self.incoming.put(name, data, Headers(BINARY, "", claims)).generation

    def announce(self, **fields: object) -> int:
        message = {"bucket": "incoming", "name": NAME, **fields}
        return self.push(json.dumps(message).encode())

    def push(self, data: bytes, message_id: str = "77", **attributes: str) -> int:
        body = encode_push(data, message_id, attributes)
        return self.http.post(f"/push/{FILE_UPLOADED}", content=body).status_code

    def read_verdict(self, generation: int, name: str = NAME) -> Verdict:
        stored = self.verdicts.read(f"{name}/{generation}.json")
        assert stored is not None
        return Verdict.model_validate_json(stored.data)

    def read_answer(self, message_id: str = "77") -> Verdict:
        stored = self.verdicts.read(f"messages/{message_id}.json")
        assert stored is not None
        return Verdict.model_validate_json(stored.data)

    def read_package(self, name: str = FILENAME) -> bytes | None:
        info = self.packages.stat(name)
        return None if info is None else b"".join(self.packages.stream(info))

    def read_last_file(self) -> FileRecord:
        message = self.accepted.messages[-1]
        assert isinstance(message, FileAccepted)
        return message.file

    def read_buckets(self) -> dict[str, tuple[bytes, dict[str, str]]]:
        """Return data and custom metadata of all objects, without their generations."""
        return {
            f"{bucket.name}/{info.name}": (
                b"".join(bucket.stream(info)),
                dict(info.metadata),
            )
            for bucket in (self.incoming, self.packages, self.verdicts)
            for info in bucket.list()
        }


def encode_push(data: bytes, message_id: str, attributes: dict[str, str]) -> str:
    message = {
        "data": base64.b64encode(data).decode(),
        "attributes": attributes,
        "messageId": message_id,
        "publishTime": "2026-11-24T12:00:00Z",
    }
    return json.dumps({"message": message, "subscription": FILE_UPLOADED})

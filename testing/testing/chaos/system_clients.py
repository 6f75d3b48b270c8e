"""Clients that work on through faults: notifications of Cloud Storage, operators, CI jobs."""

import hashlib
import queue
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from http import HTTPStatus
from urllib.parse import urljoin

import grpc
import httpx
from google.pubsub_v1 import PublisherClient
from google.pubsub_v1.services.publisher.transports import PublisherGrpcTransport
from google.pubsub_v1.types import PubsubMessage

from local import topology
from local.stand_ins.storage.notifications import make_payload
from local.stand_ins.storage.objects import Resource
from testing.chaos.faulty_pubsub import PARENT, FaultyBroker
from testing.chaos.system_state import UploadAnswer
from testing.memory_upload import encode_login

TIMEOUT = 60.0
"""Seconds to wait for the answer to one request."""
PATIENCE = 600.0
"""Seconds of repetitions, on a shared machine."""
PAUSE = 0.5
"""Seconds between two requests."""


class UploadGivenUp(Exception):
    """Upload without a final answer."""


@dataclass(frozen=True)
class UploadClient:
    """Client that repeats requests without an answer, and those answered with 5xx or 429.

    :param stopped: ends the repetitions.
    """

    url: str
    stopped: threading.Event

    def upload(self, path: str, data: bytes, token: str) -> UploadAnswer:
        """Upload a file; return the final answer.

        :raises UploadGivenUp: if there is none.
        """
        give_up, attempts, problem = time.monotonic() + PATIENCE, 0, ""
        while time.monotonic() < give_up and not self.stopped.is_set():
            attempts += 1
            try:
                answer = self._post(path.rpartition("/")[2], data, token)
            except httpx.TransportError as error:
                problem = type(error).__name__
            else:
                if not _is_temporary(answer.status_code):
                    return UploadAnswer(path, answer.status_code, answer.content, attempts)
                problem = f"HTTP {answer.status_code}"
            time.sleep(PAUSE)
        raise UploadGivenUp(f"{path}: no final answer to {attempts} requests; last: {problem}")

    def _post(self, filename: str, data: bytes, token: str) -> httpx.Response:
        return httpx.post(
            self.url,
            data=_build_fields(filename, data),
            files={"content": (filename, data, "application/octet-stream")},
            headers=dict(encode_login(token)),
            timeout=TIMEOUT,
            trust_env=False,
        )


def is_file_absent(index_url: str, token: str) -> bool:
    """Return whether an index answers 404 for a file that no project has.

    Before that it reads the tokens and ``blocked.json``; without them its answer is 503.
    """
    url = urljoin(index_url, "../packages/absent-1.0-py3-none-any.whl")
    try:
        answer = httpx.get(url, auth=("__token__", token), timeout=TIMEOUT, trust_env=False)
    except httpx.TransportError:
        return False
    return answer.status_code == HTTPStatus.NOT_FOUND


def _is_temporary(status: int) -> bool:
    return status == HTTPStatus.TOO_MANY_REQUESTS or status >= HTTPStatus.INTERNAL_SERVER_ERROR


def _build_fields(filename: str, data: bytes) -> dict[str, str]:
    """Return the text fields of twine's form."""
    is_wheel = filename.endswith(".whl")
    stem = filename.removesuffix(".whl").removesuffix(".tar.gz")
    name, _, rest = stem.partition("-") if is_wheel else stem.rpartition("-")
    return {
        ":action": "file_upload",
        "protocol_version": "1",
        "name": name,
        "version": rest.partition("-")[0],
        "filetype": "bdist_wheel" if is_wheel else "sdist",
        "sha256_digest": hashlib.sha256(data).hexdigest(),
    }


class Notifier:
    """Notifications of the incoming bucket, and messages of operators, as Pub/Sub clients."""

    def __init__(self, address: str, broker: FaultyBroker) -> None:
        channel = grpc.insecure_channel(address, options=[("grpc.enable_http_proxy", 0)])
        self._client = PublisherClient(transport=PublisherGrpcTransport(channel=channel))
        self._broker = broker
        self._queue: queue.Queue[tuple[bytes, Mapping[str, str], int] | None] = queue.Queue()
        self.copies: dict[str, int] = {}
        """Deliveries of the notification by object name; the default is 1."""

    def notify(self, bucket: str, resource: Resource, attributes: Mapping[str, str]) -> None:
        """Announce a new object, without waiting."""
        if copies := self.copies.get(str(resource["name"]), 1):
            self._queue.put((make_payload(resource), attributes, copies))

    def publish(self, topic: str, data: bytes, attributes: Mapping[str, str], copies: int) -> str:
        """Publish a message; the client repeats after faults."""
        self._broker.copies[data] = copies
        message = PubsubMessage(data=data, attributes=dict(attributes))
        answer = self._client.publish(topic=f"{PARENT}/topics/{topic}", messages=[message])
        return str(answer.message_ids[0])

    def count_waiting(self) -> int:
        """Return the number of notifications that are not published yet."""
        return self._queue.unfinished_tasks

    @contextmanager
    def run(self) -> Iterator[None]:
        """Publish notifications from a thread until the end of the ``with`` statement."""
        thread = threading.Thread(target=self._publish_all, name="notifier")
        thread.start()
        try:
            yield
        finally:
            self._queue.put(None)
            thread.join()

    def _publish_all(self) -> None:
        while (item := self._queue.get()) is not None:
            data, attributes, copies = item
            self.publish(topology.UPLOADS_TOPIC, data, attributes, copies)
            self._queue.task_done()

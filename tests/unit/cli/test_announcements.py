"""Announcements of uploads by message."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from cloud.errors import PermissionDenied
from cloud.ports import Topic
from gcpypi.publishing.announcements import AFTER, Announcements
from gcpypi.publishing.publication import Publication, Stage
from schemas.events import FileUploaded
from schemas.push import Message
from testing.fakes.memory_ports import MemoryTopic

DIGEST = "0" * 64


def upload(number: int) -> Publication:
    name = f"acme-{number}-py3-none-any.whl"
    return Publication(
        Path(name), Stage.UPLOADED, DIGEST, name=f"ci/1/{name}", generation=number + 1
    )


class Run:
    """Announcements with a clock that the test sets."""

    def __init__(self, topic: Topic) -> None:
        self.now, self.connected = 0.0, 0
        self._topic = topic
        self._executor = ThreadPoolExecutor(1)
        self.announcements = Announcements(
            self._connect, "incoming", self._executor, lambda: self.now
        )

    def _connect(self) -> Topic:
        self.connected += 1
        return self._topic

    def finish(self) -> None:
        """Wait for the messages."""
        self._executor.shutdown()


def test_files_without_a_verdict_are_announced_once_after_a_stall() -> None:
    topic, files = MemoryTopic(), [upload(0), upload(1)]
    run = Run(topic)
    for run.now in (0.0, AFTER - 0.1, AFTER, 2 * AFTER):
        run.announcements.announce_late(files)
    run.finish()

    assert topic.messages == tuple(
        FileUploaded(
            bucket="incoming", name=file.name or "", generation=file.generation, sha256=DIGEST
        )
        for file in files
    )


def test_no_file_is_announced_while_the_index_finishes_files() -> None:
    topic = MemoryTopic()
    run = Run(topic)
    for run.now in (0.0, AFTER - 1, 2 * AFTER - 2):
        run.announcements.announce_late([upload(0)])
        run.announcements.reset()
    run.finish()

    assert (topic.messages, run.connected) == ((), 0)


def test_after_a_denial_no_further_message_is_sent() -> None:
    tried = list[Message]()

    def deny(message: Message) -> None:
        tried.append(message)
        raise PermissionDenied("file-uploaded", "no pubsub.topics.publish")

    topic = MemoryTopic()
    topic.before = deny
    run = Run(topic)
    run.now = AFTER
    run.announcements.announce_late([upload(0), upload(1)])
    run.finish()

    assert len(tried) == 1

from collections.abc import Sequence
from dataclasses import replace

import pytest

from cloud.errors import Unavailable
from indexer.commit import RETRY, Records
from schemas.events import FileRefused
from schemas.names import ProjectName
from schemas.records import FileRecord
from testing.fakes.examples import NOON, make_file_record, make_time
from testing.fakes.memory_ports import MemoryBucket, MemoryTopic

ACME = ProjectName("acme")
FIRST = make_file_record("acme-1.0-py3-none-any.whl", promoted_at=make_time(1))
SECOND = make_file_record("acme-1.0.0-py3-none-any.whl", promoted_at=make_time(2))
THIRD = make_file_record("acme-1.0.0.0-py3-none-any.whl", promoted_at=make_time(3))
OTHER = make_file_record("acme-2.0-py3-none-any.whl", promoted_at=make_time(9))
OLD = make_file_record("acme-1-py3-none-any.whl")
OLDER = make_file_record("Acme-1-py3-none-any.whl")


class InMemoryRecords:
    """Records of one bucket, and their topics."""

    def __init__(self) -> None:
        self.bucket, self.indexed, self.refused = MemoryBucket(), MemoryTopic(), MemoryTopic()
        retry = replace(RETRY, sleep=lambda seconds: None)
        self.records = Records(self.bucket, self.indexed, self.refused, lambda: NOON, retry)

    def announce(self, *files: FileRecord) -> list[str | None]:
        """Commit files as one group; return the names of the refused files."""
        before = len(self.refused.messages)
        self.records.commit(ACME, files)
        messages = self.refused.messages[before:]
        return [message.filename for message in messages if isinstance(message, FileRefused)]


@pytest.mark.parametrize(
    ("groups", "refused"),
    [
        ([[FIRST], [OTHER]], [[], []]),
        ([[FIRST], [SECOND]], [[], [SECOND.filename]]),
        ([[SECOND], [FIRST]], [[], [SECOND.filename]]),
        ([[FIRST, SECOND, OTHER]], [[SECOND.filename]]),
        ([[FIRST], [SECOND], [OTHER]], [[], [SECOND.filename], []]),
        (
            [[THIRD], [SECOND], [FIRST]],
            [[], [THIRD.filename], [SECOND.filename, THIRD.filename]],
        ),
        ([[SECOND], [OLD]], [[], [SECOND.filename]]),
        ([[OLD], [OLDER], [OLD]], [[], [], []]),
    ],
)
def test_each_announcement_refuses_the_files_that_lose_by_it(
    groups: Sequence[Sequence[FileRecord]], refused: Sequence[Sequence[str]]
) -> None:
    index = InMemoryRecords()
    found = [sorted(filter(None, index.announce(*group))) for group in groups]
    assert found == [sorted(names) for names in refused]


def test_a_refusal_names_both_files_and_the_remedy() -> None:
    index = InMemoryRecords()
    index.announce(FIRST, SECOND)
    assert index.refused.messages == (
        FileRefused(
            reason="exists",
            detail="acme-1.0.0-py3-none-any.whl has the same release, build number and tag set as "
            "acme-1.0-py3-none-any.whl, which was promoted earlier: the pages of acme list only "
            "acme-1.0-py3-none-any.whl, and acme-1.0.0-py3-none-any.whl is served only by its "
            "name; publish a new version or build number",
            filename=SECOND.filename,
        ),
    )


def test_a_lost_refusal_is_repeated_by_redelivery() -> None:
    index = InMemoryRecords()
    index.announce(SECOND)

    def lose(message: object) -> None:
        raise Unavailable("topic", "gone")

    index.refused.before = lose
    with pytest.raises(Unavailable):
        index.announce(FIRST)
    index.refused.before = None
    assert index.announce(FIRST) == [SECOND.filename]


def test_a_file_with_other_bytes_than_recorded_refuses_nothing() -> None:
    index = InMemoryRecords()
    index.announce(FIRST, SECOND)
    assert index.announce(SECOND.model_copy(update={"sha256": "c" * 64})) == []

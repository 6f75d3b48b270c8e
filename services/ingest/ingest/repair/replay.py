"""Command ``replay``: publish dead letters again on the topics of their messages.

A letter is acknowledged after its message is published. An interruption between the two publishes
the message again in the next replay. That is harmless: all services expect each message twice and
in any order.
"""

import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Executor, ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from typing import Literal

from cloud.errors import CloudError, NotFound
from cloud.forwarding.messages import PulledMessage, PullSubscription, RawTopic
from ingest.repair.interruption import await_futures
from ingest.repair.leases import Leases
from ingest.repair.letters import describe_message, is_match, restore_message

Outcome = Literal["replayed", "left"]

_BATCH = 20
"""Letters that are pulled at once. The letters of a killed process wait for the end of a lease."""

_IDLE = 2.5
"""Seconds without a new letter after which the subscription counts as empty."""


def is_missing(error: CloudError) -> bool:
    """Return whether an installation has no such dead-letter subscription."""
    return isinstance(error, NotFound) and "/subscriptions/" in error.subject


@dataclass(frozen=True, slots=True)
class ReplaySource:
    """Dead-letter subscription with the topic of its messages."""

    letters: PullSubscription
    topic: RawTopic
    kind: str
    """Kind of the messages: the default name of their topic."""


@dataclass(frozen=True, slots=True)
class Replay:
    """Replay of the dead letters of several subscriptions."""

    pool: Executor
    report: Callable[[str], None]
    """Prints a line; called from several threads."""
    pattern: str | None = None
    """Replay only the letters that match: see :func:`ingest.repair.letters.is_match`."""
    dry_run: bool = False
    stop: threading.Event = field(default_factory=threading.Event)
    """If set, no further message is published."""
    clock: Callable[[], float] = time.monotonic
    """Returns seconds."""

    def run(self, sources: Sequence[ReplaySource]) -> tuple[Counter[Outcome], list[CloudError]]:
        """Replay all sources at the same time; return the numbers of letters, and the errors.

        An error ends the replay of its source only.
        """
        total: Counter[Outcome] = Counter()
        errors: list[CloudError] = []
        with ThreadPoolExecutor(len(sources)) as threads:
            futures = [threads.submit(self._run_source, source) for source in sources]
            await_futures(futures)
            for counts, error in (future.result() for future in futures):
                total += counts
                errors += [error] if error else []
        return total, errors

    def _run_source(self, source: ReplaySource) -> tuple[Counter[Outcome], CloudError | None]:
        counts: Counter[Outcome] = Counter()
        try:
            with Leases(source.letters) as leases:
                for batch in self._pull_batches(source.letters, leases):
                    self._replay_batch(source, leases, batch, counts)
        except CloudError as error:
            return counts, error
        return counts, None

    def _pull_batches(
        self, letters: PullSubscription, leases: Leases
    ) -> Iterator[list[PulledMessage]]:
        """Yield new letters until none has arrived for a while.

        All other letters are held until the end, so that they do not come back.
        """
        seen: set[str] = set()
        end = self.clock() + _IDLE
        while not self.stop.is_set() and (rest := end - self.clock()) > 0:
            received = letters.pull(_BATCH, rest)
            if received:
                leases.hold(received)
            new = [letter for letter in received if letter.message_id not in seen]
            seen.update(letter.message_id for letter in new)
            if new:
                yield new
                end = self.clock() + _IDLE

    def _replay_batch(
        self,
        source: ReplaySource,
        leases: Leases,
        batch: Sequence[PulledMessage],
        counts: Counter[Outcome],
    ) -> None:
        """Replay letters at the same time, count them, and then raise the first error."""
        futures = [self.pool.submit(self._replay, source, leases, letter) for letter in batch]
        wait(futures)
        counts.update(each.result() for each in futures if each.exception() is None)
        for future in futures:
            future.result()

    def _replay(self, source: ReplaySource, leases: Leases, letter: PulledMessage) -> Outcome:
        if self.stop.is_set() or not (self.pattern is None or is_match(letter, self.pattern)):
            return "left"
        message = restore_message(letter, source.kind)
        if not self.dry_run:
            source.topic.publish(message)
            leases.acknowledge(letter)
        word = "would replay" if self.dry_run else "replayed"
        self.report(f"{word} {source.letters.name}/{letter.message_id} {describe_message(message)}")
        return "replayed"

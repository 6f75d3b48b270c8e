"""States of several deliveries of one upload, and all their successors.

A delivery of ingest depends only on the answers to its calls: the operations of the buckets, and
the announcements. So its local state is the list of these answers. A delivery is executed again
with recorded answers until its next call, and this call is then made in each state of the storage
in which it is possible. Equal states are explored once. The result is each state that any order of
the calls can reach, with kills, and with one event at any time.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import cast

from chassis.outcomes import Outcome
from cloud.errors import NotFound, PreconditionFailed
from cloud.ports import Bucket, Headers, ObjectInfo, StoredObject
from schemas.push import Message, PushEnvelope
from testing.fakes.examples import NOON


@dataclass(frozen=True)
class StoredBytes:
    """Live object."""

    bucket: str
    name: str
    generation: int
    data: bytes
    metadata: tuple[tuple[str, str], ...] = ()

    @property
    def info(self) -> ObjectInfo:
        """Properties of the object."""
        size, facts = len(self.data), dict(self.metadata)
        return ObjectInfo(self.name, self.generation, size, NOON, metadata=facts)


@dataclass(frozen=True)
class SharedState:
    """Objects of all buckets, and the announcements."""

    objects: frozenset[StoredBytes]
    announced: frozenset[Message] = frozenset()

    def find(self, bucket: str, name: str) -> StoredBytes | None:
        """Return a live object."""
        found = (one for one in self.objects if (one.bucket, one.name) == (bucket, name))
        return next(found, None)

    def put(self, new: StoredBytes) -> "SharedState":
        """Return the state with this object in place of one with the same name."""
        old = self.find(new.bucket, new.name)
        return replace(self, objects=(self.objects - {old}) | {new})


Answer = object
"""Result of a call, or the class of the error that it raises."""
Call = Callable[[SharedState], tuple[SharedState, Answer]]
"""Next call of a delivery, as a function of the state in which it is made."""


class _NextCall(BaseException):
    """End of the recorded answers. The services catch no ``BaseException``."""

    def __init__(self, call: Call) -> None:
        super().__init__()
        self.call = call


class RecordedAnswers:
    """Answers to the first calls of a delivery; the call after them ends it."""

    def __init__(self, answers: Sequence[Answer]) -> None:
        self._answers = iter(answers)

    def request(self, call: Call) -> Answer:
        """Return or raise the recorded answer to a call."""
        try:
            answer = next(self._answers)
        except StopIteration:
            raise _NextCall(call) from None
        if isinstance(answer, type):
            raise answer("gs://bucket/name")
        return answer


class RecordedBucket:
    """Bucket of a delivery; a name is written at most once, so its generation is constant."""

    def __init__(self, name: str, answers: RecordedAnswers) -> None:
        self._name, self._answers = name, answers

    @property
    def name(self) -> str:
        return self._name

    def stat(self, name: str, generation: int | None = None) -> ObjectInfo | None:
        def call(state: SharedState) -> tuple[SharedState, Answer]:
            found = state.find(self._name, name)
            is_wanted = found and generation in (None, found.generation)
            return state, found.info if found and is_wanted else None

        return cast("ObjectInfo | None", self._answers.request(call))

    def read(self, name: str) -> StoredObject | None:
        def call(state: SharedState) -> tuple[SharedState, Answer]:
            found = state.find(self._name, name)
            return state, StoredObject(found.generation, found.data) if found else None

        return cast("StoredObject | None", self._answers.request(call))

    def read_up_to(self, name: str, limit: int) -> StoredObject | int | None:
        raise AssertionError("ingest reads no records")

    def stream(
        self, info: ObjectInfo, *, start: int = 0, end: int | None = None
    ) -> Iterator[bytes]:
        def call(state: SharedState) -> tuple[SharedState, Answer]:
            found = state.find(self._name, info.name)
            return state, found.data[start:end] if found else NotFound

        yield cast("bytes", self._answers.request(call))

    def write(self, name: str, data: bytes, headers: Headers, *, if_generation: int) -> ObjectInfo:
        assert if_generation == 0, "ingest only creates objects"
        return self._create(name, lambda state: data, headers)

    def rewrite(self, source: Bucket, info: ObjectInfo, name: str, headers: Headers) -> ObjectInfo:
        def read(state: SharedState) -> bytes | None:
            found = state.find(source.name, info.name)
            return found.data if found else None

        return self._create(name, read, headers)

    def list(self, prefix: str = "") -> Iterator[ObjectInfo]:
        raise NotImplementedError

    def _create(
        self, name: str, read: Callable[[SharedState], bytes | None], headers: Headers
    ) -> ObjectInfo:
        def call(state: SharedState) -> tuple[SharedState, Answer]:
            data = read(state)
            if data is None:
                return state, NotFound
            if state.find(self._name, name):
                return state, PreconditionFailed
            metadata = tuple(sorted(headers.metadata.items()))
            new = StoredBytes(self._name, name, 9, data, metadata)
            return state.put(new), new.info

        return cast("ObjectInfo", self._answers.request(call))


class RecordedTopic:
    """Topic of a delivery."""

    def __init__(self, answers: RecordedAnswers) -> None:
        self._answers = answers

    def publish(self, message: Message) -> None:
        def call(state: SharedState) -> tuple[SharedState, Answer]:
            return replace(state, announced=state.announced | {message}), None

        self._answers.request(call)


def _describe_answer(answer: Answer) -> str:
    """Return a text that differs for different answers: ``repr`` leaves out the bytes."""
    return repr(answer.data if isinstance(answer, StoredObject) else answer)


@dataclass(frozen=True)
class DeliveryState:
    """Delivery between two calls."""

    push: PushEnvelope
    answers: tuple[Answer, ...] = ()
    described: tuple[str, ...] = ()
    """Texts of the answers: each answer is described once."""
    outcome: Outcome | None = None
    """Outcome after the end."""

    @cached_property
    def key(self) -> tuple[str, ...]:
        """Value that equal local states have in common."""
        return (self.push.message.message_id, repr(self.outcome), *self.described)

    def add(self, answer: Answer) -> "DeliveryState":
        """Return the state after one more answer."""
        described = (*self.described, _describe_answer(answer))
        return replace(self, answers=(*self.answers, answer), described=described)


@dataclass(frozen=True)
class SystemStep:
    """State of everything."""

    shared: SharedState
    deliveries: tuple[DeliveryState, ...]
    kills: int
    """Kills that can still happen."""
    is_event_due: bool = True
    """Whether the event has not happened yet."""

    @cached_property
    def key(self) -> tuple[object, ...]:
        """Value that equal states have in common."""
        keys = tuple(delivery.key for delivery in self.deliveries)
        return self.shared, keys, self.kills, self.is_event_due


class Exploration:
    """All states that are reachable from a first one.

    :param handle: handler of ingest, with the answers to its calls.
    :param event: change by another party; it returns None if it cannot happen in a state.
    """

    def __init__(
        self,
        handle: Callable[[RecordedAnswers, PushEnvelope], Outcome],
        event: Callable[[SharedState], SharedState | None],
    ) -> None:
        self._handle, self._event = handle, event
        self._next = dict[tuple[str, ...], Call | Outcome]()

    def visit(self, first: SystemStep) -> Iterator[SystemStep]:
        """Yield each reachable state once."""
        seen, waiting = {first.key}, [first]
        while waiting:
            state = waiting.pop()
            yield state
            for successor in self._list_successors(state):
                if successor.key not in seen:
                    seen.add(successor.key)
                    waiting.append(successor)

    def _list_successors(self, state: SystemStep) -> Iterator[SystemStep]:
        for number, delivery in enumerate(state.deliveries):
            if delivery.outcome is not None:
                continue
            shared, advanced = self._advance(state.shared, delivery)
            yield _replace_delivery(state, number, advanced, shared)
            if state.kills and delivery.answers:
                killed = _replace_delivery(state, number, DeliveryState(delivery.push))
                yield replace(killed, kills=state.kills - 1)
        changed = self._event(state.shared) if state.is_event_due else None
        if changed is not None:
            yield replace(state, shared=changed, is_event_due=False)

    def _advance(
        self, shared: SharedState, delivery: DeliveryState
    ) -> tuple[SharedState, DeliveryState]:
        """Make the next call of a delivery, and run it until the call after that or its end."""
        call = self._find_next(delivery)
        assert not isinstance(call, Outcome)
        shared, answer = call(shared)
        advanced = delivery.add(answer)
        following = self._find_next(advanced)
        if isinstance(following, Outcome):
            advanced = replace(advanced, outcome=following)
        return shared, advanced

    def _find_next(self, delivery: DeliveryState) -> Call | Outcome:
        if delivery.key not in self._next:
            try:
                found: Call | Outcome = self._handle(
                    RecordedAnswers(delivery.answers), delivery.push
                )
            except _NextCall as stop:
                found = stop.call
            self._next[delivery.key] = found
        return self._next[delivery.key]


def _replace_delivery(
    state: SystemStep, number: int, new: DeliveryState, shared: SharedState | None = None
) -> SystemStep:
    deliveries = tuple(
        new if place == number else old for place, old in enumerate(state.deliveries)
    )
    return replace(state, deliveries=deliveries, shared=shared or state.shared)

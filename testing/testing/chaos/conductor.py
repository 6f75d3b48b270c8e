"""Conductor of a run: plays the inputs and the events of the schedule at the same time."""

import json
import time
from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import replace
from functools import partial

from local import topology
from testing.chaos.faulty_pubsub import MANY_ATTEMPTS, NO_FAULTS
from testing.chaos.inputs import CommandInput, FileInput, MessageInput, Step
from testing.chaos.inputs.steps import SERVICE
from testing.chaos.polling_reader import READ_SIDE
from testing.chaos.running_system import PATIENCE, RunningSystem
from testing.chaos.schedule import (
    ClockJump,
    Event,
    FireSchedule,
    Halt,
    Kill,
    PubsubOutage,
    Replacement,
    SecretsOutage,
    StorageOutage,
)
from testing.storage import Fault

WORKERS = 64
"""Number of steps that can wait at the same time, each in a thread."""
SPREAD = 0.8
"""Part of the fire in which the steps begin."""

POLL = 0.5
"""Seconds between two looks at the state, for a step that waits."""

Action = Callable[[], object]
IsSettled = Callable[[int], bool]
"""Function that returns whether the step with an index has settled."""


class Conductor:
    """Conductor of one run.

    :param on_interruption: is called with the name of a part and True when its interruption begins,
        and with False when it ends.
    """

    def __init__(
        self,
        system: RunningSystem,
        schedule: FireSchedule,
        on_interruption: Callable[[str, bool], None],
    ) -> None:
        self._system, self._schedule = system, schedule
        self._on_interruption = on_interruption
        self.counts: Counter[str] = Counter()
        """Number of events by kind."""
        self._faults: dict[int, list[Fault]] = {}
        self._jobs: list[Future[None]] = []
        self._pool = ThreadPoolExecutor(WORKERS)

    def run(self, steps: Sequence[Step], is_settled: IsSettled) -> None:
        """Play all steps and events; return after the last of both, when all members are ready."""
        started = time.monotonic()
        with self._pool:
            try:
                sending = self._pool.submit(self._send_all, steps, is_settled, started)
                self._play_events(started)
                for job in (*self._jobs, *sending.result()):
                    job.result()
            except BaseException:
                self._system.stopped.set()
                raise
        self._system.await_ready()

    def _play_events(self, started: float) -> None:
        for moment, action in self._list_actions():
            _sleep_until(started + moment)
            action()

    def _send_all(
        self, steps: Sequence[Step], is_settled: IsSettled, started: float
    ) -> list[Future[None]]:
        pace = self._schedule.seconds * SPREAD / len(steps)
        sent = []
        for number, step in enumerate(steps):
            _sleep_until(started + number * pace)
            sent.append(self._pool.submit(self._send_after, step, is_settled))
        return sent

    def _send_after(self, step: Step, is_settled: IsSettled) -> None:
        """Send a step when the steps before it have settled."""
        for earlier in step.after:
            while not is_settled(earlier):
                if self._system.stopped.wait(POLL):
                    return
        send_step(self._system, step)

    def _list_actions(self) -> list[tuple[float, Action]]:
        actions = [
            timed
            for event in self._schedule.events
            for timed in (
                (event.at, partial(self._begin, event)),
                (event.at + event.seconds, partial(self._end, event)),
            )
        ]
        return sorted(actions, key=lambda timed: timed[0])

    def _begin(self, event: Event) -> None:
        self.counts[type(event).__name__] += 1
        if part := _name_part(event):
            self._on_interruption(part, True)
        members, storage = self._system.members, self._system.storage
        match event:
            case Kill():
                members[event.member].kill()
            case Halt():
                members[event.member].halt()
            case Replacement():
                self._submit(members[event.member].replace, previous=True)
            case ClockJump():
                members[event.member].shift_clock(event.offset)
            case StorageOutage():
                faults = (replace(fault) for fault in event.faults)
                self._faults[id(event)] = [storage.faults.add(fault) for fault in faults]
            case PubsubOutage():
                self._system.broker.faults = event.faults
            case SecretsOutage():
                process = self._system.secrets
                (process.halt if event.is_halted else process.kill)()

    def _end(self, event: Event) -> None:
        members, storage = self._system.members, self._system.storage
        match event:
            case Kill():
                members[event.member].start()
            case Halt():
                members[event.member].resume()
            case Replacement():
                self._submit(members[event.member].replace, previous=False)
            case ClockJump():
                members[event.member].shift_clock(0.0)
            case StorageOutage():
                for fault in self._faults.pop(id(event)):
                    storage.faults.remove(fault)
            case PubsubOutage():
                self._system.broker.faults = NO_FAULTS
            case SecretsOutage():
                process = self._system.secrets
                (process.resume if event.is_halted else process.start)()
        if part := _name_part(event):
            self._submit(self._finish_interruption, part)

    def _submit(self, function: Callable[..., None], *arguments: object, **named: object) -> None:
        self._jobs.append(self._pool.submit(function, *arguments, **named))

    def _finish_interruption(self, part: str) -> None:
        """Wait until the part works again; then the interruption ends.

        A proxy that starts during a fault reads the tokens and blocked files when it is over.
        """
        if part in self._system.members:
            self._system.members[part].await_answer("/health", PATIENCE)
        if part in READ_SIDE:
            self._system.await_read_side()
        self._on_interruption(part, False)


def _name_part(event: Event) -> str | None:
    """Return the name of the part that an event interrupts: a member or a service of Google."""
    match event:
        case Kill() | Halt() | Replacement():
            return event.member
        case StorageOutage():
            return "storage"
        case PubsubOutage():
            return "pubsub"
        case SecretsOutage():
            return "secrets"
    return None


def send_step(system: RunningSystem, step: Step) -> None:
    """Send one step, with all its copies."""
    match step:
        case FileInput(ways=way) if way == SERVICE:
            system.upload_by_service(step.path, step.data)
        case FileInput():
            notified = step.ways in ("bucket", "both")
            system.put_object(
                topology.INCOMING, step.path, step.data, copies=step.copies, notify=notified
            )
            if step.ways in ("message", "both"):
                system.publish(topology.UPLOADS_TOPIC, _announce(step.path), step.copies)
        case CommandInput(object_name=str(name)):
            system.put_object(topology.INCOMING, name, step.data, copies=step.copies)
        case CommandInput():
            system.publish("project-command", step.data, step.copies)
        case MessageInput():
            if step.fault is None:
                system.broker.attempts[step.data] = MANY_ATTEMPTS
            system.publish(step.topic, step.data, step.copies)


def _announce(path: str) -> bytes:
    return json.dumps({"bucket": topology.INCOMING, "name": path}).encode()


def _sleep_until(moment: float) -> None:
    time.sleep(max(0.0, moment - time.monotonic()))

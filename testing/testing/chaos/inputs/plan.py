"""Plan of the steps: steps with a moment, put in order at the end."""

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from random import Random

from schemas.types import format_time
from testing.chaos.faulty_pubsub import MAX_COPIES
from testing.chaos.inputs.input_files import SampleFile
from testing.chaos.inputs.steps import SERVICE, CommandInput, FileInput, MessageInput, Step, Ways
from testing.fakes.examples import LONG_AGO

SERVICE_USER = "acme"
"""Uploader with the right to use the upload service."""
UPLOADERS = (SERVICE_USER, "tools")
OPERATOR = "operators/ada"
WAYS: Sequence[Ways] = ("bucket", "message", "both", SERVICE)
_NEAR = 0.02
"""Largest distance of a racing command from its file, as a part of the run."""
_DELAY = 0.05
"""Largest pause after the steps that a step waits for, as a part of the run."""


@dataclass
class StepPlan:
    """Steps in the order of their creation."""

    seed: int
    random: Random
    previous: bool
    steps: list[Step] = field(default_factory=list)
    _moments: list[float] = field(default_factory=list)

    def add(self, step: Step, *, near: int | None = None) -> int:
        """Add a step; return its number.

        :param near: number of a step that it races with; it begins shortly before or after it.
        """
        if step.after:
            moment = max(self._moments[number] for number in step.after)
            moment += self.random.uniform(0, _DELAY)
        elif near is not None:
            moment = self._moments[near] + self.random.uniform(-_NEAR, _NEAR)
        else:
            moment = self.random.random()
        self.steps.append(replace(step, copies=self.choose_copies(step)))
        self._moments.append(moment)
        return len(self.steps) - 1

    def choose_copies(self, step: Step) -> int:
        """Return the number of deliveries; the upload service gets a file once."""
        is_of_service = isinstance(step, FileInput) and step.ways == SERVICE
        return 1 if is_of_service else self.random.randint(1, MAX_COPIES)

    def upload(
        self,
        file: SampleFile,
        after: Collection[int] = (),
        *,
        near: int | None = None,
        ways: Collection[Ways] = WAYS,
    ) -> int:
        """Add the upload of a valid file."""
        chosen = self.choose_ways(ways)
        uploader = SERVICE_USER if chosen == SERVICE else self.random.choice(UPLOADERS)
        path = f"{uploader}/run-{len(self.steps)}/{file.filename}"
        step = FileInput(path, file.data, uploader, chosen, after=frozenset(after))
        return self.add(step, near=near)

    def choose_ways(self, ways: Collection[Ways] = WAYS) -> Ways:
        """Choose a way of the release in use."""
        return self.random.choice([w for w in ways if w != SERVICE or not self.previous])

    def command(
        self,
        fields: Mapping[str, object],
        after: Collection[int] = (),
        *,
        author: str | None = None,
        near: int | None = None,
        second: int | None = None,
    ) -> int:
        """Add a command.

        :param author: uploader or operator of an object; None: a message.
        :param second: second of the command's time; None: the time of its object or message.
        """
        if author is not None and not self.previous:
            return self._command_object(fields, after, author, near)
        given = {"command_id": f"c{self.seed}-{len(self.steps)}", **fields}
        if second is not None:
            given["issued_at"] = format_time(LONG_AGO + timedelta(seconds=second))
        step = CommandInput(None, json.dumps(given).encode(), after=frozenset(after))
        return self.add(step, near=near)

    def _command_object(
        self,
        fields: Mapping[str, object],
        after: Collection[int],
        author: str,
        near: int | None,
    ) -> int:
        name = f"{author}/run-{len(self.steps)}/change.command.json"
        data = json.dumps(fields).encode()
        return self.add(CommandInput(name, data, after=frozenset(after)), near=near)

    def send(self, topic: str, data: bytes, fault: str | None) -> int:
        """Add an unreadable message."""
        return self.add(MessageInput(topic, data, fault))

    def list_steps(self) -> list[Step]:
        """Return the steps in the order of their moments."""
        order = sorted(range(len(self.steps)), key=lambda number: self._moments[number])
        places = {number: place for place, number in enumerate(order)}
        return [self._renumber(self.steps[number], places) for number in order]

    def _renumber(self, step: Step, places: Mapping[int, int]) -> Step:
        return replace(step, after=frozenset(places[number] for number in step.after))
